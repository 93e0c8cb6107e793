"""The picture of now, beside its source, in a file that is written anew every few seconds."""

import io
import pathlib
import time

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.types import Array
from kerasdream.video.work_folder import beside, write


class Preview:
    """A JPEG beside the film, `sea-dream.preview.jpg`, until the film is whole."""

    def __init__(self, target: pathlib.Path, every: float, overwrite: bool):
        """`every` is in seconds. Raises ConfigError where it is no time, OutputError where the file would be lost."""
        if isinstance(every, bool) or not isinstance(every, int | float) or not every > 0:
            raise ConfigError(f"preview_every={every!r} was given; a number of seconds above 0 was expected.")
        self.path, self.every = beside(target, "preview").with_suffix(".jpg"), every
        files.check_target(self.path, overwrite=overwrite)
        self.written = -float("inf")

    def show(self, source: Array, picture: Array) -> None:
        """Write a frame and its dream, where it is time."""
        if time.monotonic() - self.written < self.every:
            return
        file = io.BytesIO()
        Image.fromarray(np.hstack([source[..., :3], picture[..., :3]])).save(file, "JPEG", quality=85)
        write(self.path, lambda target: target.write(file.getvalue()))
        self.written = time.monotonic()

    def close(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
