"""What MobileNetV2 calls a goldfish."""

import kerasdream

picture = kerasdream.visualize("class:goldfish", size=224, model="mobilenet_v2")
picture.save("visualisation_class.webp")
