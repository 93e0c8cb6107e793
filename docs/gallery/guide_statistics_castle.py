"""A castle in the textures of a meadow."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "statistics(mixed1, meadow.jpg) + statistics(mixed3, meadow.jpg)",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("castle.jpg").save("guide_statistics_castle.webp")
