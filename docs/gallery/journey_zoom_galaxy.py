"""Into the galaxy, deeper and deeper."""

import kerasdream

kerasdream.journey(
    "galaxy.jpg", recipe="zoom", loop=True, frames=48, model="mini", side=192, fps=12, output="journey_zoom_galaxy.webp"
)
