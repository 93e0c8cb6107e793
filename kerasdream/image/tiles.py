"""Large pictures in parts: strips of rows, overlapping tiles, and arrays that lie on disk."""

import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from kerasdream.errors import OutputError
from kerasdream.types import Array

STRIP_PIXELS = 2_000_000
FAR = math.inf  # pixels: beyond the ends of a picture
GRID = 32  # pixels: the stride of the deepest layers of nearly every network
MOST_IN_MEMORY = 256_000_000  # bytes of an array; a larger one lies in a file without a name


def strips(shape: Sequence[int], *arrays: Array | None) -> Iterator[slice]:
    """Yield the rows of pictures a few at a time, from the top down.

    `shape` is (N, H, W, ...). After each strip the pages of those `arrays` that lie on disk are released.

    >>> [(strip.start, strip.stop) for strip in strips((1, 5000, 1000, 3))]
    [(0, 2000), (2000, 4000), (4000, 5000)]
    """
    count, height, width = shape[:3]
    rows = max(1, STRIP_PIXELS // (count * width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
        for array in arrays:
            release_pages(array)


def allocate(shape: Sequence[int], dtype: DTypeLike = np.float32) -> Array:
    """Return an array of zeros; one of more than MOST_IN_MEMORY bytes lies in a temporary file, which goes with it.

    Raises OutputError where the disk has no space for that file.

    >>> allocate((1, 2, 3)).tolist()
    [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size <= MOST_IN_MEMORY:
        return np.zeros(shape, dtype)
    try:
        with tempfile.TemporaryFile(prefix="kerasdream-") as file:
            if hasattr(os, "posix_fallocate"):  # writing to a mapped file on a full disk would kill the process
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
            return np.memmap(file, dtype, "r+", shape=tuple(shape))
    except OSError as fault:
        raise OutputError(
            f"A picture this large needs {size / 1e9:.1f} GB in {tempfile.gettempdir()!r}: {fault.strerror}. Free "
            "space there, or name a larger folder with the environment variable TMPDIR."
        ) from fault


def release_pages(array: Array | None) -> None:
    """Release the memory that holds pages of an array on disk; of other arrays nothing is changed."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
        base.madvise(mmap.MADV_DONTNEED)


class Span(NamedTuple):
    """A stretch of one side of a picture that a tile covers, and the part of it whose cells count.

    `low` and `high` are where that part begins and ends, in pixels from `start`; at the ends of the picture -FAR and
    FAR. At both the weight of a cell rises and falls over `ramp` pixels, so that the weights of neighbouring tiles add
    up to one.
    """

    start: int
    length: int
    low: float
    high: float
    ramp: float


def tile_spans(side: int, tile: int, overlap: int, rng: np.random.Generator) -> list[Span]:
    """Return the fewest spans of one length that cover a side.

    They are at most `tile` pixels long, overlap by `overlap` or more, and start at multiples of GRID, so that the cells
    of each tile lie on the grid of the whole picture. Where one hands over to the next is drawn from `rng`, so that no
    seam stays in one place.

    >>> [(span.start, span.length) for span in tile_spans(1000, 400, 96, np.random.default_rng(0))]
    [(0, 328), (224, 328), (448, 328), (672, 328)]
    """
    if side <= tile:
        return [Span(0, side, -FAR, FAR, 1.0)]
    count = 2
    while True:
        hop = max(GRID, (side - overlap) // count // GRID * GRID)
        length = side - (count - 1) * hop
        if length <= tile:
            break
        count += 1
    middles = [(i + 0.5) * hop + length / 2 + rng.uniform(-1, 1) * (length - hop) / 8 for i in range(count - 1)]
    ramp = max(1.0, (length - hop) / 4)
    lows, highs = [-FAR, *middles], [*middles, FAR]
    return [
        Span(start, length, low - start if low > -FAR else low, high - start if high < FAR else high, ramp)
        for start, low, high in zip(range(0, count * hop, hop), lows, highs, strict=True)
    ]


def wrapped_slices(start: int, length: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Yield where the pieces of a stretch lie on a side whose ends are joined: slices of the side and of the stretch.

    >>> list(wrapped_slices(-2, 5, 10))
    [(slice(8, 10, None), slice(0, 2, None)), (slice(0, 3, None), slice(2, 5, None))]
    """
    done = 0
    while done < length:
        first = (start + done) % side
        count = min(length - done, side - first)
        yield slice(first, first + count), slice(done, done + count)
        done += count


def crop_wrapped(picture: Array, rows: tuple[int, int], columns: tuple[int, int]) -> Array:
    """Return a part of a picture (H, W, C) as a copy; what reaches past one edge comes from the opposite one.

    `rows` and `columns` are (start, length).

    >>> crop_wrapped(np.arange(4.0).reshape(1, 4, 1), (0, 1), (-1, 3)).ravel().tolist()
    [3.0, 0.0, 1.0]
    """
    part = np.empty((rows[1], columns[1], picture.shape[2]), picture.dtype)
    for picture_rows, part_rows in wrapped_slices(*rows, picture.shape[0]):
        for picture_columns, part_columns in wrapped_slices(*columns, picture.shape[1]):
            part[part_rows, part_columns] = picture[picture_rows, picture_columns]
    return part


def accumulate_wrapped(picture: Array, part: Array, top: int, left: int) -> None:
    """Add a part to a picture (H, W, C) in place, where `crop_wrapped` would take it from.

    >>> picture = np.zeros((1, 4, 1))
    >>> accumulate_wrapped(picture, np.ones((1, 3, 1)), 0, -1)
    >>> picture.ravel().tolist()
    [1.0, 1.0, 0.0, 1.0]
    """
    for picture_rows, part_rows in wrapped_slices(top, part.shape[0], picture.shape[0]):
        for picture_columns, part_columns in wrapped_slices(left, part.shape[1], picture.shape[1]):
            picture[picture_rows, picture_columns] += part[part_rows, part_columns]
