"""What the layers of a network saw in one picture, side by side."""

from collections.abc import Sequence
from typing import Unpack

import keras
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.image.montage import montage
from kerasdream.objectives import Caricature
from kerasdream.pixels import PictureLike
from kerasdream.visual_config import VisualSettings
from kerasdream.visualization import Visualizer


def caricatures(
    picture: PictureLike,
    layers: Sequence[str],
    *,
    power: float = 1.0,
    model: str | keras.Model | None = None,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
    verbose: bool | str = "auto",
    columns: int | None = None,
    **settings: Unpack[VisualSettings],
) -> Image.Image:
    """Draw from noise what each of some layers saw in a picture: a labelled strip, which begins with the picture.

    `picture` is a path, a PIL image or an array, of which the middle square is taken; `power` is that of Caricature,
    the other settings are those of `visualize`. Raises ConfigError or InputImageError for what is no layer or picture.

    >>> kerasdream.caricatures("sky.jpg", ["mixed0", "mixed1"], model="mini", size=64, steps=4).size
    (224, 94)
    """
    wanted = [Caricature(layer, picture, power) for layer in layers]
    visualizer = Visualizer(wanted, model=model, weights=weights, preprocess=preprocess, device=device, **settings)
    drawn = visualizer.run(verbose)
    side = (visualizer.settings.size, visualizer.settings.size)
    middle = visualizer.compiled.picture_pixels(wanted[0].picture, side)[0]
    shown = Image.fromarray(middle.round().clip(0, 255).astype("uint8"))
    return montage([shown, *drawn], ["picture", *layers], columns=columns or len(drawn) + 1)
