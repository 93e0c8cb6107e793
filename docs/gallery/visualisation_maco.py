"""A channel of mixed6, by MaCo: photographs' own spectrum, only phases move."""

import kerasdream

picture = kerasdream.visualize("mixed6:118", method="maco", size=256, model="inception_v3")
picture.save("visualisation_maco.webp")
