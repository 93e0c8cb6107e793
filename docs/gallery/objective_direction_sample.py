"""Two channels in one direction: a country of bubbles."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "direction(mixed4, 30=1.0, 150=1.0)",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run(kerasdream.sample().resize((480, 320))).save("objective_direction_sample.webp")
