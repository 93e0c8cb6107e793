"""What the network sees most in the balloons, made more of."""

import kerasdream

dreamer = kerasdream.Dreamer(preset="accentuate", model="mini")
dreamer.run("balloons.jpg").save("look_accentuate_balloons.webp")
