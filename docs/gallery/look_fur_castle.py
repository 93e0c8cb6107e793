"""Fur grows on the castle."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", model="inception_v3")
dreamer.run("castle.jpg").save("look_fur_castle.webp")
