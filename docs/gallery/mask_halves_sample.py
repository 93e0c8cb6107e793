"""Scales on the left, animals on the right."""

import kerasdream

layers = kerasdream.Layer("mixed2").inside("left-mask.png") + kerasdream.Layer("mixed4").outside("left-mask.png")
dreamer = kerasdream.Dreamer(
    layers, model="inception_v3", num_octave=4, octave_scale=1.5, jitter=48, step=0.015, max_loss=None
)
picture = kerasdream.sample().resize((480, 320))
dreamer.run(picture).save("mask_halves_sample.webp")
