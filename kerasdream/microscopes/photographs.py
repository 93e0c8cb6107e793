"""The photographs that excite each channel of some layers most, and where in them."""

import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.maps.samples import TOGETHER, square_side
from kerasdream.objectives.view import BORDER, SCORES
from kerasdream.studies.pictures import read_square
from kerasdream.types import Array

SHARE = 0.5  # of its peak, down to which a channel answers to the same thing


class Excited(NamedTuple):
    """Of each channel of a layer the photographs that excite it most, the strongest first."""

    values: Array  # (channels, count): the activation at the peak; 0 where there is no such photograph
    pictures: Array  # (channels, count): numbers of photographs
    boxes: Array  # (channels, count, 4): left, top, right, bottom in the middle square, from 0 to 1


def find_exciting(
    compiled: CompiledObjective,
    layers: Sequence[str],
    paths: Sequence[pathlib.Path],
    count: int,
    after_picture: Callable[[int], None],
) -> dict[str, Excited]:
    """Return for each layer the photographs that excite its channels most.

    A channel that nothing excites has none. Raises InputImageError for a file that is no picture.
    """
    side, found = square_side(compiled), {name: nothing(compiled.channel_count(name), count) for name in layers}
    for start in range(0, len(paths), TOGETHER):
        some = paths[start : start + TOGETHER]
        squares = [read_square(str(path), side, compiled.config.max_pixels) for path in some]
        activations = compiled.activations(np.stack(squares).astype(np.float32) / np.float32(127.5) - np.float32(1.0))
        for name in layers:
            planes = np.asarray(to_numpy(activations[name]), np.float32)
            planes = planes[:, None, None] if name == SCORES else planes
            for number, plane in enumerate(planes, start):
                found[name] = stronger(found[name], peaks(plane, name in compiled.features.unbordered), number)
        after_picture(start + len(some))
    return found


def nothing(channels: int, count: int) -> Excited:
    """Return what is known before the first photograph."""
    zeros = np.zeros((channels, count), np.float32)
    return Excited(zeros, zeros.astype(np.int32), np.zeros((channels, count, 4), np.float32))


def stronger(before: Excited, peaks: tuple[Array, Array], number: int) -> Excited:
    """Return the strongest of what was found before and of the peaks of one more photograph.

    >>> before = Excited(np.array([[5.0, 2.0]]), np.array([[0, 1]]), np.zeros((1, 2, 4)))
    >>> stronger(before, (np.array([3.0]), np.zeros((1, 4))), 7)[:2]
    (array([[5., 3.]]), array([[0, 7]]))
    """
    values, boxes = peaks
    better = np.flatnonzero(values > before.values[:, -1])
    if not len(better):
        return before
    found = Excited(*(column.copy() for column in before))
    found.values[better, -1], found.pictures[better, -1], found.boxes[better, -1] = (
        values[better],
        number,
        boxes[better],
    )
    order = np.argsort(-found.values[better], axis=1, kind="stable")  # of equal ones, the first stays first
    for column in found:
        column[better] = np.take_along_axis(column[better], order.reshape(*order.shape, *[1] * (column.ndim - 2)), 1)
    return found


def peaks(plane: Array, whole: bool) -> tuple[Array, Array]:
    """Return the strongest activation of each channel (C,) of a plane (H, W, C), and the box around it (C, 4).

    The box reaches along the row and the column of the peak as far as the channel answers half as strongly; a layer
    without places has the `whole` picture for a box.

    >>> plane = np.zeros((8, 8, 1))
    >>> plane[3, 2:5] = [[3], [4], [1]]
    >>> peaks(plane, False)
    (array([4.]), array([[0.25 , 0.375, 0.5  , 0.5  ]]))
    """
    height, width, channels = plane.shape
    border = 0 if whole or min(height, width) <= 2 * BORDER else BORDER
    inner = plane[border : height - border, border : width - border]
    places = inner.reshape(-1, channels).argmax(axis=0)
    rows, columns = (place + border for place in np.unravel_index(places, inner.shape[:2]))
    every = np.arange(channels)
    values: Array = plane[rows, columns, every]
    if whole:
        return values, np.tile([0.0, 0.0, 1.0, 1.0], (channels, 1))
    left, right = reach(plane[rows, :, every], columns, SHARE * values)
    top, bottom = reach(plane[:, columns, every].T, rows, SHARE * values)
    return values, np.stack([left / width, top / height, right / width, bottom / height], axis=-1)


def reach(lines: Array, at: Array, least: Array) -> tuple[Array, Array]:
    """Return from where to where lines (N, cells) around a cell of each are at least so large.

    >>> reach(np.array([[5, 1, 5, 9, 5, 1]]), np.array([3]), np.array([4.5]))
    (array([2]), array([5]))
    """
    numbers, low = np.arange(lines.shape[1]), lines < least[:, None]
    before = np.where(low & (numbers < at[:, None]), numbers + 1, 0).max(axis=1)
    after = np.where(low & (numbers > at[:, None]), numbers, lines.shape[1]).min(axis=1)
    return before, after
