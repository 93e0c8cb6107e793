"""Two channels at once."""

import kerasdream

picture = kerasdream.visualize("mixed4:30 + mixed4:331", size=256, model="inception_v3")
picture.save("visualisation_two_channels.webp")
