"""Animals come out of the evening clouds, as in the Keras example."""

import kerasdream

dreamer = kerasdream.Dreamer(model="inception_v3")
dreamer.run(kerasdream.sample().resize((480, 320))).save("look_keras_sample.webp")
