"""Webs and small animals between the trunks."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="webs", model="inception_v3")
dreamer.run("forest.jpg").save("look_webs_forest.webp")
