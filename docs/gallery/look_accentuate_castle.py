"""What the network sees most in the castle, made more of."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="accentuate", iterations=30, crops=8, model="inception_v3")
dreamer.run("castle.jpg").save("look_accentuate_castle.webp")
