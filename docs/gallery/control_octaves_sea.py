"""Six octaves: rings of light as large as the sky."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed4",
    num_octave=6,
    octave_scale=1.4,
    jitter=32,
    step=[0.03, 0.03, 0.02, 0.02, 0.01, 0.005],
    max_loss=None,
    model="inception_v3",
)
dreamer.run("sea.jpg").save("control_octaves_sea.webp")
