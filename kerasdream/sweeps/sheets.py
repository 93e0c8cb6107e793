"""The sheets of a sweep: its pictures in rows and columns, with their values below them."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from kerasdream.image import files
from kerasdream.image.montage import BACKGROUND, fitted, montage
from kerasdream.sweeps.axes import Axes, Settings, label_of
from kerasdream.sweeps.cell import Cell

LARGEST_CELL = 512  # pixels: the longer side of a picture on a sheet
LONGEST_ROW = 4  # pictures of a single knob that stand in one row
FAILED, CROSS = (225, 225, 225), (190, 60, 60)


def sheets_of(axes: Axes, cells: Sequence[Cell], side: int = LARGEST_CELL) -> list[Image.Image]:
    """Return labelled contact sheets, their pictures of `side` pixels at most, never enlarged.

    The last two axes make the rows and columns of a sheet; each combination of the others gets a sheet of its own.
    A dream that failed is crossed out; the place of one that is not there yet stays empty.

    >>> red, blue = (Cell({"seed": i}, picture=Image.new("RGB", (9, 9), c)) for i, c in enumerate(("red", "blue")))
    >>> len(sheets_of({"seed": [0, 1]}, [red, blue]))
    1
    """
    names = list(axes)[-2:]
    columns = len(axes[names[-1]]) if names else 1
    per_sheet = math.prod(len(axes[name]) for name in names)
    wrapped = len(names) < 2 and columns > LONGEST_ROW
    thumbnails = [thumbnail(cell, side) for cell in cells]
    size = next((image.size for image in thumbnails if image), (side, side))
    sheets = []
    for start in range(0, len(cells), per_sheet):
        part = cells[start : start + per_sheet]
        pictures = [
            image or stand_in(cell, size)
            for image, cell in zip(thumbnails[start : start + per_sheet], part, strict=True)
        ]
        labels = [label_of(chosen(cell.values, names)) + ": failed" * bool(cell.error) for cell in part]
        title = label_of(chosen(part[0].values, [name for name in axes if name not in names]))
        sheets.append(montage(pictures, labels, columns=None if wrapped else columns, title=title))
    return sheets


def chosen(values: Settings, names: Sequence[str]) -> Settings:
    """Return the values of these settings."""
    return {name: values[name] for name in names}


def thumbnail(cell: Cell, side: int) -> Image.Image | None:
    """Return the picture as it is shown on a sheet, or None where there is none."""
    image = cell.image
    return image and fitted(files.as_rgb(image), min(side, max(image.size)))


def stand_in(cell: Cell, size: tuple[int, int]) -> Image.Image:
    """Return what fills the place of a missing picture: a cross where the dream failed, else nothing."""
    if not cell.error:
        return Image.new("RGB", size, BACKGROUND)
    image = Image.new("RGB", size, FAILED)
    draw = ImageDraw.Draw(image)
    for ends in (((0, 0), size), ((0, size[1]), (size[0], 0))):
        draw.line(ends, CROSS, max(2, size[0] // 60))
    return image
