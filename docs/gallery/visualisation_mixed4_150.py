"""What channel 150 of mixed4 looks for."""

import kerasdream

picture = kerasdream.visualize("mixed4:150", size=256, model="inception_v3")
picture.save("visualisation_mixed4_150.webp")
