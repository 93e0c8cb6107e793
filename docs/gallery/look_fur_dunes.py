"""A desert of feathers and beaks."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", model="mini")
dreamer.run("dunes.jpg").save("look_fur_dunes.webp")
