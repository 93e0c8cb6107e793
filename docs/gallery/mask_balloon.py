"""One of the balloons has woken up."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", mask="balloon-mask.png", model="inception_v3")
dreamer.run("balloons.jpg").save("mask_balloon.webp")
