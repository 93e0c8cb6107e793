"""The notebook of 2015 walks through the desert."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="google2015", model="inception_v3")
dreamer.run("dunes.jpg").save("look_google2015_dunes.webp")
