"""The five channels of mixed5 that the galaxy excites most."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed5:strong5", model="inception_v3", num_octave=4, octave_scale=1.5, jitter=48, step=0.015, max_loss=None
)
dreamer.run("galaxy.jpg").save("objective_strongest_galaxy.webp")
