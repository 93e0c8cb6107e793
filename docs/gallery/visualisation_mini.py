"""A channel of the embedded network."""

import kerasdream

picture = kerasdream.visualize("mixed2:190", size=256, model="mini")
picture.save("visualisation_mini.webp")
