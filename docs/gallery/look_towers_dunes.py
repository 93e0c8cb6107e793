"""Cities rise from the sand."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="towers", model="inception_v3")
dreamer.run("dunes.jpg").save("look_towers_dunes.webp")
