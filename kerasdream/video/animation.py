"""A growing dream as a film."""

import pathlib
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.types import Array
from kerasdream.video.writer import check_film, open_writer

HOLD = 1.0  # seconds that the last frame stays
LONGEST = 3600.0  # seconds of a film
LEAST = 0.02  # seconds of a frame: browsers slow down what is shorter


def check_seconds(seconds: object) -> float:
    """Return how long a film lasts, or raise ConfigError.

    >>> check_seconds(6)
    6.0
    """
    number = int | float | np.integer | np.floating
    if isinstance(seconds, number) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST:
        return float(seconds)
    raise ConfigError(f"seconds={seconds!r} was given; a number above 0, {LONGEST:g} at most was expected.")


def animate(
    frames: Sequence[Image.Image | Array], path: files.StrPath, *, seconds: float = 6.0, overwrite: bool = False
) -> pathlib.Path:
    """Write pictures of one size as a film that lasts so many seconds, the last one held for one more.

    `frames` are PIL images or arrays (H, W, 3) of bytes. Returns the path. Raises ConfigError for frames of different
    sizes and for an impossible time, OutputError where the film cannot be written.

    >>> animate([Image.new("RGB", (8, 8), shade) for shade in ("black", "white")], "blink.gif")  # doctest: +SKIP
    PosixPath('blink.gif')
    """
    seconds = check_seconds(seconds)
    target = check_film(path, overwrite=overwrite)
    pictures = [frame if isinstance(frame, Image.Image) else Image.fromarray(frame) for frame in frames]
    sizes = sorted({picture.size for picture in pictures})
    if len(sizes) != 1:
        raise ConfigError(
            f"A film of frames of the sizes {sizes} was asked for; one frame or more, of one size, was expected."
        )
    pause = Fraction(max(LEAST, seconds / len(pictures))).limit_denominator(10**6)
    width, height = sizes[0]
    *others, last = (np.asarray(files.as_rgb(picture)) for picture in pictures)
    with open_writer(target, 1 / pause, (height, width), overwrite=overwrite) as film:
        for frame in others:
            film.write(frame)
        film.write(last, 1 + round(HOLD / pause))
    return target


def film(frames: Sequence[Image.Image | Array], ending: str, seconds: float = 6.0) -> files.Write:
    """Return what writes pictures as a film into an open file, in the format of an ending."""

    def write(file: BinaryIO) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file.write(animate(frames, pathlib.Path(folder) / f"film{ending}", seconds=seconds).read_bytes())

    return write
