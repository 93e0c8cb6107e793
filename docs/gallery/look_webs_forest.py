"""A bear between the trunks, and it was not asked for."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="webs", model="inception_v3")
dreamer.run("forest.jpg").save("look_webs_forest.webp")
