"""What mixed6 saw in the meadow."""

import kerasdream

picture = kerasdream.visualize(kerasdream.Caricature("mixed6", "meadow.jpg"), size=256, model="inception_v3")
picture.save("visualisation_caricature.webp")
