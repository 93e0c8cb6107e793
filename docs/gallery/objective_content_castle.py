"""A strong dream that stays near the castle."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed4 + 0.5*content(mixed3, balanced)",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("castle.jpg").save("objective_content_castle.webp")
