"""Flowers all over, since the meadow has some."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="coral", model="inception_v3")
dreamer.run("meadow.jpg").save("look_coral_meadow.webp")
