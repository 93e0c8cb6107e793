"""Dreams of now: what a network that is being taught dreams of each class so far."""

import os
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
from PIL import Image

from kerasdream.dreamer import Dreamer
from kerasdream.image import files
from kerasdream.image.montage import montage
from kerasdream.image.sample import noise

MOMENTS = (0.1, 0.3, 0.6, 1.0)  # shares of a teaching after which it dreams
SIDE = 192  # pixels
SETTINGS = {"step": 0.03, "iterations": 24, "num_octave": 3, "octave_scale": 1.5, "max_loss": None, "jitter": 16}


class DreamsOfNow:
    """Dreams from noise, one for each class, on one sheet after each of a few moments."""

    def __init__(self, model: keras.Model, names: Sequence[str], folder: str | os.PathLike[str]):
        self.names, self.folder = names, pathlib.Path(folder)
        files.make_folder(self.folder)
        self.dreamer = Dreamer("class:0", model=model, **SETTINGS)
        self.moment = 0

    def dream(self, step: int, share: float) -> None:
        """Dream where a moment has come, and write the sheet."""
        if self.moment == len(MOMENTS) or share < MOMENTS[self.moment] - 1e-6:
            return
        while self.moment < len(MOMENTS) and share >= MOMENTS[self.moment] - 1e-6:
            self.moment += 1
        self.dreamer.refresh()
        files.save(self.sheet(), self.folder / f"step-{step:05d}.jpg", overwrite=True)

    def sheet(self) -> Image.Image:
        """Return a dream of each class, side by side."""
        start, pictures = noise((SIDE, SIDE), 0), []
        for number in range(len(self.names)):
            compiled = self.dreamer.compiled.with_terms(self.dreamer.compiled.term_weights, {"0": np.int32(number)})
            pictures.append(Dreamer.from_compiled(compiled).run(start, verbose=False).image)
        return montage(pictures, self.names, columns=len(pictures) if len(pictures) < 8 else None)
