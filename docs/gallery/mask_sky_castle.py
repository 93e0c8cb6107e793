"""Only the sky dreams."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", mask="sky-mask.png", model="inception_v3")
dreamer.run("castle.jpg").save("mask_sky_castle.webp")
