"""A drowned city, by moonlight."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="towers", model="mini")
dreamer.run("sea.jpg").save("look_towers_sea.webp")
