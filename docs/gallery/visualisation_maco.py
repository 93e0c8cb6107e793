"""A channel of mixed4, by MaCo: in the colours and frequencies of photographs."""

import kerasdream

picture = kerasdream.visualize("mixed4:331", method="maco", size=224, model="inception_v3")
picture.save("visualisation_maco.webp")
