"""Waves of fish scales and arches."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="arches", model="inception_v3")
dreamer.run("sea.jpg").save("look_arches_sea.webp")
