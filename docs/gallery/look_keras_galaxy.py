"""A galaxy under lace, with the settings of the Keras example."""

import kerasdream

dreamer = kerasdream.Dreamer(model="mini")
dreamer.run("galaxy.jpg").save("look_keras_galaxy.webp")
