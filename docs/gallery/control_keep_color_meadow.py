"""Fur in the meadow's own colours: only the lightness changes."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="fur", keep_color=True, model="inception_v3")
dreamer.run("meadow.jpg").save("control_keep_color_meadow.webp")
