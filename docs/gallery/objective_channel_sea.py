"""One channel of mixed4, over the sea."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed4:150",
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
    iterations=30,
)
dreamer.run("sea.jpg").save("objective_channel_sea.webp")
