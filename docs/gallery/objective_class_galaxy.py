"""A nebula of jellyfish, as MobileNetV2 knows them."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "class:jellyfish",
    model="mobilenet_v2",
    gradient_scales=4,
    iterations=40,
    num_octave=4,
    octave_scale=1.5,
    jitter=48,
    step=0.015,
    max_loss=None,
)
dreamer.run("galaxy.jpg").save("objective_class_galaxy.webp")
