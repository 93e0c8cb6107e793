"""From nothing but noise: an animal that nobody has met."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed4 + mixed5",
    gradient_scales=4,
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
    iterations=40,
)
dreamer.run("noise:480x320").save("noise_animals.webp")
