"""Six octaves: beasts as large as clouds."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed5",
    model="inception_v3",
    num_octave=6,
    octave_scale=1.4,
    jitter=32,
    step=[0.03, 0.03, 0.025, 0.02, 0.01, 0.006],
    max_loss=None,
)
dreamer.run(kerasdream.sample().resize((480, 320))).save("control_octaves_sample.webp")
