"""From nothing but noise: vines."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="spirals", num_octave=4, iterations=40, model="mini")
dreamer.run("noise:480x320").save("noise_spirals.webp")
