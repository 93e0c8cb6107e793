"""The pictures of a study: found in folders, cut to squares, shown beside their dreams."""

import io
import os
import pathlib
import warnings
from collections.abc import Iterable

import numpy as np
from PIL import Image

from kerasdream.errors import DreamWarning, InputImageError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.pixels import pictures_in

EXAMPLE_SIDE = 160  # pixels
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def find_pictures(images: Paths | None, limit: int | None = None) -> list[pathlib.Path]:
    """Return the pictures of folders and paths, those of a folder sorted; of many, `limit` evenly spread.

    Raises InputImageError for what is not there, ConfigError for a folder without pictures.

    >>> [path.name for path in find_pictures("photos/")]
    ['1.jpg', '2.jpg']
    """
    if images is None:
        return []
    paths: list[pathlib.Path] = []
    for path in map(pathlib.Path, [images] if isinstance(images, str | os.PathLike) else images):
        if path.is_dir():
            paths += pictures_in(path)
        elif not path.exists():
            raise InputImageError(f"There is no picture or folder {str(path)!r}.")
        else:
            paths.append(path)
    paths = list(dict.fromkeys(path.resolve() for path in paths))  # one name, from wherever it is called
    if limit is None or limit >= len(paths):
        return paths
    return [paths[number * len(paths) // limit] for number in range(limit)]


def read_square(name: str, side: int, max_pixels: int) -> np.ndarray:
    """Return the middle square of a picture (side, side, 3) of bytes, or raise InputImageError.

    >>> read_square("sky.jpg", 64, 10**6).shape
    (64, 64, 3)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DreamWarning)
        picture = Picture.of(name, max_pixels)
        image = files.as_rgb(picture.as_pillow(picture.source))
    shorter = min(image.size)
    left, top = (image.width - shorter) // 2, (image.height - shorter) // 2
    square = (left, top, left + shorter, top + shorter)
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS, square))


def side_by_side(before: np.ndarray, after: np.ndarray) -> bytes:
    """Return a small JPEG of a picture and its dream."""
    page = Image.new("RGB", (2 * EXAMPLE_SIDE + 4, EXAMPLE_SIDE), "white")
    for left, pixels in ((0, before), (EXAMPLE_SIDE + 4, after)):
        page.paste(Image.fromarray(pixels).resize((EXAMPLE_SIDE, EXAMPLE_SIDE), Image.Resampling.LANCZOS), (left, 0))
    file = io.BytesIO()
    page.save(file, "JPEG", quality=80)
    return file.getvalue()
