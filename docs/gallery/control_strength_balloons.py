"""Half a dream: as much of it as one would frame."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="webs", strength=0.6, model="inception_v3")
dreamer.run("balloons.jpg").save("control_strength_balloons.webp")
