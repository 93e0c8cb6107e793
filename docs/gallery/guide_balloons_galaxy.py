"""Balloons guide the galaxy: everything becomes round."""

import kerasdream

dreamer = kerasdream.Dreamer(
    "guide(mixed4, balloons.jpg)", model="mini", num_octave=4, octave_scale=1.5, jitter=48, step=0.015, max_loss=None
)
dreamer.run("galaxy.jpg").save("guide_balloons_galaxy.webp")
