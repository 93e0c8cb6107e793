"""Labelled contact sheets: pictures of any sizes in a grid, their labels never cut."""

import math
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.types import Array

BACKGROUND, INK = "white", (30, 30, 30)
GAP = 8
LEAST_TEXT = 11  # pixels
Font = Any  # Pillow's own classes for fonts depend on how it was built


def montage(
    pictures: Sequence[Image.Image | Array],
    labels: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    cell: int | None = None,
    title: str = "",
) -> Image.Image:
    """Return a contact sheet: pictures in rows, each scaled to fit a square of `cell` pixels, its label below.

    `pictures` are PIL images or arrays of bytes; `cell` is their largest side where it is not given. The title stands
    above all of them. Raises ConfigError for no pictures, or another number of labels.

    >>> montage([Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 20), "blue")], ["red", "blue"]).size
    (104, 70)
    """
    if not pictures:
        raise ConfigError("A contact sheet of no pictures was asked for; one or more was expected.")
    labels = [""] * len(pictures) if labels is None else list(labels)
    if len(labels) != len(pictures):
        raise ConfigError(f"{len(labels)} labels were given for {len(pictures)} pictures; one for each was expected.")
    images = [picture if isinstance(picture, Image.Image) else Image.fromarray(picture) for picture in pictures]
    cell = cell or max(max(image.size) for image in images)
    columns = min(columns or math.ceil(math.sqrt(len(images))), len(images))
    font: Font = ImageFont.load_default(max(LEAST_TEXT, cell // 14))
    line = sum(font.getmetrics())
    tiles = [(fitted(image, cell), wrap(label, cell, font)) for image, label in zip(images, labels, strict=True)]
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    heights = [(max(tile.height for tile, _ in row), line * max(len(text) for _, text in row)) for row in rows]
    width = columns * (cell + GAP) + GAP
    head = wrap(title, width - 2 * GAP, font)
    top = GAP + line * len(head) + GAP * bool(head)
    sheet = Image.new("RGB", (width, top + sum(map(sum, heights)) + GAP * len(rows)), BACKGROUND)
    write(sheet, head, width / 2, GAP, font)
    for row, (height, below) in zip(rows, heights, strict=True):
        for column, (tile, text) in enumerate(row):
            left = GAP + column * (cell + GAP)
            sheet.paste(files.as_rgb(tile), (left + (cell - tile.width) // 2, top))
            write(sheet, text, left + cell / 2, top + height, font)
        top += height + below + GAP
    return sheet


def write(sheet: Image.Image, lines: Sequence[str], middle: float, top: int, font: Font) -> None:
    """Write lines of text below each other, centred about `middle`."""
    draw = ImageDraw.Draw(sheet)
    for number, text in enumerate(lines):
        draw.text((middle, top + number * sum(font.getmetrics())), text, INK, font, anchor="ma")


def fitted(image: Image.Image, cell: int) -> Image.Image:
    """Return the picture with its longer side as long as the cell; enlarged pixels stay sharp.

    >>> fitted(Image.new("L", (40, 20)), 10).size
    (10, 5)
    """
    scale = cell / max(image.size)
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)


def wrap(text: str, width: int, font: Font) -> list[str]:
    """Return the text in lines that fit, broken between words, and inside a word that alone is too long."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while font.getlength(word) > width and len(word) > 1:
            fits = max(1, next(n for n in range(len(word), 0, -1) if n == 1 or font.getlength(word[:n]) <= width))
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines
