"""From strokes to animals, and back."""

import kerasdream

kerasdream.journey(
    "castle.jpg", recipe="layers", frames=48, model="mini", side=192, fps=12, output="journey_layers_castle.webp"
)
