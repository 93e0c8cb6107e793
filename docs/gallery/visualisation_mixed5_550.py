"""What channel 550 of mixed5 looks for: buildings."""

import kerasdream

picture = kerasdream.visualize("mixed5:550", size=256, model="inception_v3")
picture.save("visualisation_mixed5_550.webp")
