"""A spiral galaxy, told in spirals."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="spirals", model="inception_v3")
dreamer.run("galaxy.jpg").save("look_spirals_galaxy.webp")
