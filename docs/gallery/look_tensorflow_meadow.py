"""The TensorFlow tutorial's gentle look, on a meadow."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="tensorflow", model="inception_v3")
dreamer.run("meadow.jpg").save("look_tensorflow_meadow.webp")
