"""Adam's pace: flat sand dreams as much as the sun."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed4",
    optimizer="adam",
    clip=True,
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("dunes.jpg").save("control_adam_dunes.webp")
