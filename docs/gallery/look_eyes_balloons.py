"""Balloons that watch the ground."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="eyes", model="mini")
dreamer.run("balloons.jpg").save("look_eyes_balloons.webp")
