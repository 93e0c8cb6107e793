"""A mirage: the castle guides the desert."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "guide(mixed5, castle.jpg)",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("dunes.jpg").save("guide_castle_dunes.webp")
