"""The castle, a thousand years later."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="towers", model="mini")
dreamer.run("castle.jpg").save("look_towers_castle.webp")
