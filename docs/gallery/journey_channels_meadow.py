"""Roses, honeycomb, blossoms and weave."""

import kerasdream

kerasdream.journey(
    "meadow.jpg", recipe="channels", frames=48, model="mini", side=192, fps=12, output="journey_channels_meadow.webp"
)
