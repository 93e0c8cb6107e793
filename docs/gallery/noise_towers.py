"""From nothing but noise: a city."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="towers", num_octave=5, iterations=40, model="mini")
dreamer.run("noise:480x320").save("noise_towers.webp")
