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


def check_every(seconds: object) -> float | None:
    """Return the time between two previews, None for none; ConfigError for what is no time.

    >>> check_every(30)
    30.0
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ConfigError(f"preview_every={seconds!r} was given; a number of seconds above 0 was expected.")
    return float(seconds)


class Preview:
    """A JPEG beside the film, `sea-dream.preview.jpg`, until the film is whole."""

    def __init__(self, target: pathlib.Path, every: float, overwrite: bool):
        """`every` is in seconds. Raises OutputError where a file of that name would be lost."""
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
