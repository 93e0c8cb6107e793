"""Labelled contact sheets: pictures of any sizes in a grid, their labels never cut."""

import math
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from kerasdream.errors import ConfigError
from kerasdream.image import files

BACKGROUND, INK = "white", (30, 30, 30)
GAP = 8
LEAST_TEXT = 11  # pixels


def montage(
    pictures: Sequence[Any],
    labels: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    cell: int | None = None,
    title: str = "",
) -> Image.Image:
    """Pictures in rows, each scaled to fit a square of `cell` pixels (the largest side, where unset), labels below.

    The title stands above all of them.

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
    font: Any = ImageFont.load_default(max(LEAST_TEXT, cell // 14))
    wrapped = [wrap(label, cell, font) for label in labels]
    line = sum(font.getmetrics())
    tiles = [fitted(image, cell) for image in images]
    rows = [range(start, min(start + columns, len(tiles))) for start in range(0, len(tiles), columns)]
    heights = [max(tiles[i].height for i in row) for row in rows]
    strips = [line * max(len(wrapped[i]) for i in row) for row in rows]
    width = columns * (cell + GAP) + GAP
    head = wrap(title, width - 2 * GAP, font)
    top = GAP + line * len(head) + GAP * bool(head)
    sheet = Image.new("RGB", (width, top + sum(heights) + sum(strips) + GAP * len(rows)), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, text in enumerate(head):
        draw.text((width / 2, GAP + number * line), text, INK, font, anchor="ma")
    for row, height, strip in zip(rows, heights, strips, strict=True):
        for column, i in enumerate(row):
            left = GAP + column * (cell + GAP)
            sheet.paste(files.as_rgb(tiles[i]), (left + (cell - tiles[i].width) // 2, top))
            for number, text in enumerate(wrapped[i]):
                draw.text((left + cell / 2, top + height + number * line), text, INK, font, anchor="ma")
        top += height + strip + GAP
    return sheet


def fitted(image: Image.Image, cell: int) -> Image.Image:
    """The picture with its longer side as long as the cell; enlarged pixels stay sharp."""
    scale = cell / max(image.size)
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)


def wrap(text: str, width: int, font: Any) -> list[str]:
    """The text in lines that fit, broken between words, and inside a word that alone is too long."""
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
