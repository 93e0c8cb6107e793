"""A forest in large soft shapes."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="smooth", model="inception_v3")
dreamer.run("forest.jpg").save("look_smooth_forest.webp")
