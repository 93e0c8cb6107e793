"""A picture given as pixels where a setting takes a path: for masks and guides."""

import dataclasses
import hashlib
import os
import pathlib
from typing import Any, TypeAlias

import numpy as np

from kerasdream.errors import ConfigError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif", ".heic", ".heif")  # of pictures
PictureLike: TypeAlias = Any  # a path, an array or a PIL image, which have no common type


@dataclasses.dataclass(frozen=True)
class Pixels:
    """A picture of bytes, equal and hashable by value."""

    size: tuple[int, ...]
    data: bytes = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return f"<pixels {hashlib.sha256(self.data).hexdigest()[:8]}>"


def read_picture(value: object) -> str | Pixels:
    """Return a path as text, and an array or a PIL image as Pixels.

    Arrays are (H, W) or (H, W, 3) of uint8, uint16, booleans or floats from 0 to 1. Raises ConfigError for others.

    >>> read_picture("clouds.png"), read_picture(np.zeros((2, 3), bool)).size
    ('clouds.png', (2, 3))
    """
    if isinstance(value, Pixels):
        return value
    if isinstance(value, str | os.PathLike):
        if str(value).startswith("<"):
            raise ConfigError(f"{value!s} stands for a picture that was given as pixels; give the picture again.")
        return os.fspath(value)
    array = np.asarray(in_plain_mode(value) if hasattr(value, "mode") else value)
    if array.dtype == np.uint16:
        array = (array // 257).astype(np.uint8)
    if array.dtype.kind in "fb":
        array = np.round(np.clip(np.asarray(array, np.float64), 0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape:
        raise ConfigError(
            f"A picture of shape {array.shape} and dtype {array.dtype} was given; a path, or (H, W) or (H, W, 3) "
            "of uint8, uint16, booleans or floats from 0 to 1 was expected."
        )
    return Pixels(array.shape, array.tobytes())


def in_plain_mode(image: Any) -> Any:
    """Return a PIL image upright, and in grey or RGB, as it would be read from its file."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return image if image.mode in ("1", "L", "RGB", "F") or image.mode.startswith("I;16") else image.convert("RGB")


def pictures_in(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Return the picture files of a folder, sorted, or raise ConfigError where it holds none.

    >>> [path.name for path in pictures_in("photos/")]
    ['1.jpg', '2.jpg']
    """
    inside = (path for path in pathlib.Path(folder).iterdir() if path.is_file() and not path.name.startswith("."))
    if found := sorted(path for path in inside if path.suffix.lower() in SUFFIXES):
        return found
    raise ConfigError(
        f"The folder {str(folder)!r} holds no picture; files ending in {', '.join(SUFFIXES)} were expected."
    )
