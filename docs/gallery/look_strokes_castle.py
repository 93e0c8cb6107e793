"""A castle in fine strokes of the brush."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="strokes", model="inception_v3")
dreamer.run("castle.jpg").save("look_strokes_castle.webp")
