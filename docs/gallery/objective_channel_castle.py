"""One channel of mixed3 lets tentacles grow over the castle."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "mixed3:243", model="mini", num_octave=4, octave_scale=1.5, jitter=48, step=0.015, max_loss=None
)
dreamer.run("castle.jpg").save("objective_channel_castle.webp")
