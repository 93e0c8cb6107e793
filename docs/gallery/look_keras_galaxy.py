"""A galaxy in which something looks back."""

import kerasdream

dreamer = kerasdream.Dreamer(model="mini")
dreamer.run("galaxy.jpg").save("look_keras_galaxy.webp")
