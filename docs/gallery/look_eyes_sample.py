"""Every cloud has eyes."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="eyes", model="inception_v3")
dreamer.run(kerasdream.sample().resize((480, 320))).save("look_eyes_sample.webp")
