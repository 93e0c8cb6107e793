"""Flowers grow on the waves: the meadow guides the sea."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "guide(mixed4, meadow.jpg)",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("sea.jpg").save("guide_meadow_sea.webp")
