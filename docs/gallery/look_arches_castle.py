"""A castle that was not built in one night."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="arches", model="inception_v3")
dreamer.run("castle.jpg").save("look_arches_castle.webp")
