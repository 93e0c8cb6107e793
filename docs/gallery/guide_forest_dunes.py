"""A mirage: the forest guides the desert."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "guide(mixed3, forest.jpg)",
    gradient_blur=0.6,
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("dunes.jpg").save("guide_forest_dunes.webp")
