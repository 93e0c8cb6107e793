"""An eye at the heart of the galaxy."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="eyes", mask="disc-mask.png", model="inception_v3")
dreamer.run("galaxy.jpg").save("mask_disc_galaxy.webp")
