"""A flight through the forest."""

import kerasdream

kerasdream.journey(
    "forest.jpg", recipe="tunnel", frames=40, model="mini", side=192, fps=12, output="journey_tunnel_forest.webp"
)
