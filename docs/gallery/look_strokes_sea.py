"""A sea by night, in strokes of the brush."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="strokes", step=0.02, model="mini")
dreamer.run("sea.jpg").save("look_strokes_sea.webp")
