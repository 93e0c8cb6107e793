"""Seven tenths of a dream."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", strength=0.7, model="inception_v3")
dreamer.run("dunes.jpg").save("control_strength_dunes.webp")
