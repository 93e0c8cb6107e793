"""From nothing but noise: mixed3."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed3",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
    iterations=40,
    seed=3,
)
dreamer.run("noise:480x320").save("noise_eyes.webp")
