"""No up and no down: mirrored and turned at every step."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed2 + mixed3",
    turns=True,
    gradient_blur=0.6,
    model="inception_v3",
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("galaxy.jpg").save("control_turns_galaxy.webp")
