"""What channel 243 of mixed3 looks for."""

import kerasdream

picture = kerasdream.visualize("mixed3:243", size=256, model="inception_v3")
picture.save("visualisation_mixed3_243.webp")
