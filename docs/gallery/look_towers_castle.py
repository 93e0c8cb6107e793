"""A castle that grows into a city."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="towers", model="mini")
dreamer.run("castle.jpg").save("look_towers_castle.webp")
