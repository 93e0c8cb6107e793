"""One step of a picture in parts: the gradient from windows that overlap, the move strip by strip.

Each window goes through the network by itself. Its cells count as the windows share them out (`Seen.frame`), and the
gradients of all are added up: that is the gradient of the whole picture, but for what a window's edge hides.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from keras import ops

from kerasdream.ascent.engine import bare
from kerasdream.ascent.measure import BORDER
from kerasdream.ascent.turns import moved, moved_back
from kerasdream.errors import ConfigError
from kerasdream.image.tiles import (
    FAR,
    Span,
    accumulate_wrapped,
    allocate,
    crop_wrapped,
    release_pages,
    strips,
    tile_spans,
)
from kerasdream.objectives import Class, Layer

if TYPE_CHECKING:
    from kerasdream.ascent.stride import Stride

LARGEST = 1024  # side of a tile that nobody asked for: larger ones are not faster
TOGETHER = 1_000_000  # pixels of tiles that go through the network together: more at once is not faster


class Tile(NamedTuple):
    """A window of a picture of the batch: its stretch of the rows and of the columns."""

    picture: int
    rows: Span
    columns: Span


def tiles_of(stride: "Stride", shape: tuple[int, ...], rng: np.random.Generator) -> list[Tile]:
    """The tiles of one step, or ConfigError where they are too small for the network."""
    assert stride.tile is not None
    overlap = min(stride.config.overlap, stride.tile // 2)
    rows, columns = (tile_spans(side, stride.tile, overlap, rng) for side in shape[1:3])
    features = stride.engine.features
    if not features.fits((rows[0].length, columns[0].length)):
        raise ConfigError(
            f"Tiles of {rows[0].length} x {columns[0].length} pixels are too small for this network. Give "
            f"tile={2 * least(stride)} or more; or none, and more memory."
        )
    return [Tile(number, row, column) for number in range(shape[0]) for row in rows for column in columns]


def least(stride: "Stride") -> int:
    """The side of the smallest tile in which every layer shows something inside its border."""
    return max(64, stride.engine.features.min_side(2 * BORDER + 1))


def groups(stride: "Stride", tiles: list[Tile]) -> Iterator[list[Tile]]:
    """The tiles, so many at a time as go through the network together.

    One by one for a neuron, which lies in one of them, and where each number of tiles would be compiled by itself.
    """
    together = min(TOGETHER, stride.affordable()) // (tiles[0].rows.length * tiles[0].columns.length)
    if stride.engine.backend.STATIC or any(getattr(bare(term), "at", None) is not None for term in stride.engine.terms):
        together = 1
    together = max(1, together)
    for start in range(0, len(tiles), together):
        yield tiles[start : start + together]


def block(images: np.ndarray, tiles: list[Tile], shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Tiles of pictures (N, H, W, C) rolled by `shift`, as a batch; a single picture (H, W, C) stands for all."""
    parts = []
    for tile in tiles:
        picture = images[tile.picture] if images.ndim == 4 else images
        rows = (tile.rows.start - shift[0], tile.rows.length)
        parts.append(crop_wrapped(picture, rows, (tile.columns.start - shift[1], tile.columns.length)))
    return np.stack(parts)


def uphill(stride: "Stride", image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each picture, and the gradient of all its regions together, masked."""
    shift, turn = stride.drawn(rng)
    gradient, masks = allocate(image.shape), stride.tools.get("regions")
    losses, size = np.zeros(len(image)), (image.shape[1], image.shape[2])
    tiles = tiles_of(stride, image.shape, rng)
    for some in groups(stride, tiles):
        numbers: dict[str, Any] = {
            "weights": weights_of(stride, some, len(tiles) // len(image), size),
            "frame": frame_of(some, turn, size),
            "given": given_to(stride, some, size),
        }
        if stride.original is not None:
            numbers["original"] = moved(block(stride.original, some, shift), (0, 0), turn)
        tile = moved(ops.convert_to_tensor(block(image, some, shift)), (0, 0), turn)
        loss, slopes = stride.looked(tile, rng, numbers)
        np.add.at(losses, [tile.picture for tile in some], ops.convert_to_numpy(loss))
        parts = [ops.convert_to_numpy(moved_back(slope, (0, 0), turn)) for slope in slopes]
        if masks:
            parts = [part * block(mask, some, shift) for part, mask in zip(parts, masks, strict=True)]
        for tile, part in zip(some, sum(parts), strict=True):
            accumulate_wrapped(gradient[tile.picture], part, tile.rows.start - shift[0], tile.columns.start - shift[1])
        release_pages(image)
        release_pages(gradient)
    return losses, gradient


def frame_of(tiles: list[Tile], turn: int, size: tuple[int, int]) -> np.ndarray:
    """Which cells count in each tile, turned as the tiles are: `Seen.frame`."""
    frame = np.empty((len(tiles), 2, 4), np.float32)
    for number, tile in enumerate(tiles):
        for axis, window in enumerate((tile.rows, tile.columns)):
            low, high = window.low, window.high
            if turn & (1, 2)[axis]:  # mirrored: FAR stays the sign of an end
                low, high = (
                    (-FAR if high >= FAR else window.length - high),
                    (FAR if low <= -FAR else window.length - low),
                )
            frame[number, axis] = (low, high, window.ramp, size[axis] - window.length)
    return frame[:, ::-1] if turn & 4 else frame


def weights_of(stride: "Stride", some: list[Tile], each: int, size: tuple[int, int]) -> np.ndarray:
    """The weight of each term in each tile: a class counts in all, `each` of a picture, a neuron where it lies."""
    weights = np.repeat(stride.engine.weights[:, None], len(some), 1)
    for number, term in enumerate(map(bare, stride.engine.terms)):
        if isinstance(term, Class):
            weights[number] /= each
        elif isinstance(term, Layer) and term.at is not None:
            lies = [neuron(stride, number, term, tile, size) is not None for tile in some]
            weights[number] = np.where(lies, weights[number], 0.0)
    return weights


def given_to(stride: "Stride", some: list[Tile], size: tuple[int, int]) -> dict[str, Any]:
    """What the terms need besides, for some tiles."""
    given = dict(stride.given)
    for number, term in enumerate(map(bare, stride.engine.terms)):
        if isinstance(term, Layer) and term.pick:
            given[str(number)] = given[str(number)][[tile.picture for tile in some]]
        elif isinstance(term, Layer) and term.at is not None:
            place = neuron(stride, number, term, some[0], size)
            given[str(number)] = np.array(place or (0, 0), np.int32)
    return given


def neuron(stride: "Stride", number: int, term: Layer, tile: Tile, size: tuple[int, int]) -> tuple[int, ...] | None:
    """The cell of a tile that is the term's neuron, or None where it lies in another tile."""
    shapes = stride.engine.features.shapes
    everywhere = shapes(size)[term.layer][1:3]
    here = shapes((tile.rows.length, tile.columns.length))[term.layer][1:3]
    found = []
    for axis, window in enumerate((tile.rows, tile.columns)):
        pitch = 2 ** round(math.log2(window.length / here[axis]))
        place = size[axis] / 2 + (stride.given[str(number)][axis] + 0.5 - everywhere[axis] / 2) * pitch - window.start
        if not window.low <= place < window.high:
            return None
        cell = round((place - window.length / 2) / pitch + here[axis] / 2 - 0.5)
        found.append(min(max(cell, 0), here[axis] - 1))
    return tuple(found)


def excitement(stride: "Stride", layer: str) -> np.ndarray:
    """The mean square of each channel of a layer in the original, one row for each picture."""
    squares = []
    for some in groups(stride, tiles_of(stride, stride.original.shape, np.random.default_rng(0))):
        shown = stride.engine.show(ops.convert_to_tensor(block(stride.original, some)))[layer]
        squares.append(np.square(ops.convert_to_numpy(shown).astype(np.float32)).mean((1, 2)))
    rows = np.concatenate(squares)
    return rows.reshape(len(stride.original), -1, rows.shape[1]).mean(1)


def shaped(stride: "Stride", gradient: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """The mean size of each picture's gradient; then its strength after it is shaped; and that gradient."""
    slope, tools = strength_of(gradient)[0].ravel(), {}
    if "kernels" in stride.tools:
        tools["kernels"] = stride.tools["kernels"]
    if stride.config.gradient_scales:  # a scale is as strong as it is in the whole picture: all of it is needed
        gradient = ops.convert_to_numpy(stride.engine.shape(gradient, tools))
    elif tools:
        reach, smooth = len(tools["kernels"][-1]) // 2, allocate(gradient.shape)
        for rows in strips(gradient.shape, gradient, smooth):
            top, bottom = max(0, rows.start - reach), min(gradient.shape[1], rows.stop + reach)
            blurred = stride.engine.shape(gradient[:, top:bottom], tools)
            smooth[:, rows] = ops.convert_to_numpy(blurred)[:, rows.start - top : rows.stop - top]
        gradient = smooth
    return slope, strength_of(gradient), gradient


def strength_of(gradient: np.ndarray) -> list[np.ndarray]:
    """The mean size, the mean and the mean square of each picture's gradient, shaped (N, 1, 1, 1)."""
    sums = np.zeros((3, len(gradient), 1, 1, 1))
    for rows in strips(gradient.shape, gradient):
        strip = gradient[:, rows]
        for i, values in enumerate((np.abs(strip), strip, np.square(strip))):
            sums[i] += values.sum((1, 2, 3), dtype=np.float64, keepdims=True)
    return list((sums / math.prod(gradient.shape[1:])).astype(np.float32))


def advance(
    stride: "Stride", image: np.ndarray, gradient: np.ndarray, strength: list[np.ndarray], sizes: np.ndarray
) -> None:
    """Move the picture along its gradient, in place."""
    moments = stride.tools.get("moments", [])
    for rows in strips(image.shape, image, gradient, *moments):
        tools: dict[str, Any] = {"time": stride.tools["time"]} if moments else {}
        if moments:
            tools["moments"] = [moment[:, rows] for moment in moments]
        if "mask" in stride.tools:
            tools["mask"] = stride.tools["mask"][rows]
        moved, remembered = stride.engine.advance(image[:, rows], gradient[:, rows], strength, sizes, tools)
        image[:, rows] = ops.convert_to_numpy(moved)
        for moment, strip in zip(moments, remembered, strict=True):
            moment[:, rows] = ops.convert_to_numpy(strip)
