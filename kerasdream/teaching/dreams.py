"""Dreams of now: what a network that is being taught dreams of each class so far."""

import os
import pathlib
from collections.abc import Sequence
from typing import Unpack

import keras
import numpy as np
from PIL import Image

from kerasdream.dreamer import Dreamer
from kerasdream.image import files
from kerasdream.image.montage import montage
from kerasdream.image.sample import noise
from kerasdream.pixels import PictureLike
from kerasdream.settings import Settings

MOMENTS = (0.1, 0.3, 1.0)  # shares of a teaching after which it dreams
SIDE = 160  # pixels
MOST = 12  # classes that are shown
LOOK: Settings = {
    "step": 0.02,
    "iterations": 30,
    "octave_scale": 1.6,
    "gradient_blur": 1.0,
    "jitter": 32,
    "max_loss": None,
}


class ClassDreamer:
    """Dreams of any class of a model, compiled once.

    >>> dreamer = ClassDreamer(keras.applications.MobileNetV2(weights=None), iterations=1, num_octave=1)
    >>> dreamer.dream(3, np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)).shape
    (224, 224, 3)
    """

    def __init__(self, model: str | keras.Model, **settings: Unpack[Settings]):
        self.dreamer = Dreamer("class:0", model=model, **settings)

    def dream(self, number: int, picture: PictureLike) -> PictureLike:
        """Dream of a class in a picture or a batch; the kind that goes in comes out."""
        compiled = self.dreamer.compiled
        other = compiled.with_terms(compiled.term_weights, {"0": np.asarray(number, np.int32)})
        return Dreamer.from_compiled(other).run(picture, verbose=False).image


class DreamsOfNow:
    """Dreams from noise, one for each class, on one sheet after each of a few moments."""

    def __init__(self, model: keras.Model, names: Sequence[str], folder: str | os.PathLike[str]):
        self.names, self.folder = names[:MOST], pathlib.Path(folder)
        files.make_folder(self.folder)
        self.dreams = ClassDreamer(model, **LOOK)
        self.moment = 0

    def dream(self, step: int, share: float) -> None:
        """Write a sheet where a moment has come."""
        if not (passed := sum(share >= moment - 1e-6 for moment in MOMENTS)) > self.moment:
            return
        self.moment = passed
        self.dreams.dreamer.refresh()
        files.save(self.sheet(), self.folder / f"step-{step:05d}.jpg", overwrite=True)

    def sheet(self) -> Image.Image:
        """Return a dream of each class, side by side."""
        start = noise((SIDE, SIDE), 0)
        pictures = [self.dreams.dream(number, start) for number in range(len(self.names))]
        return montage(pictures, self.names)
