"""Balloons that breathe."""

import kerasdream

kerasdream.journey(
    "balloons.jpg",
    recipe="breathing",
    frames=30,
    model="inception_v3",
    side=192,
    fps=12,
    output="journey_breathing_balloons.webp",
)
