"""A picture too large to be worked on at once: in strips, in windows that overlap, and on disk."""

import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasdream.errors import OutputError

STRIP_PIXELS = 2_000_000
FAR = math.inf  # pixels: beyond the ends of a picture
GRID = 32  # pixels: the stride of the deepest layers of nearly every network
MOST_IN_MEMORY = 256_000_000  # bytes of an array; a larger one lies in a file without a name


def strips(shape: Sequence[int], *arrays: Any) -> Iterator[slice]:
    """The rows of pictures (N, H, W, …), a few at a time, from the top down.

    What of `arrays` lies on disk leaves the memory after each.

    >>> [(strip.start, strip.stop) for strip in strips((1, 5000, 1000, 3))]
    [(0, 2000), (2000, 4000), (4000, 5000)]
    """
    count, height, width = shape[:3]
    rows = max(1, STRIP_PIXELS // (count * width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
        for array in arrays:
            settle(array)


def room(shape: Sequence[int], dtype: Any = np.float32) -> np.ndarray:
    """An array of zeros; a very large one in a temporary file that goes when the array goes."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size <= MOST_IN_MEMORY:
        return np.zeros(shape, dtype)
    try:
        with tempfile.TemporaryFile(prefix="kerasdream-") as file:
            if hasattr(os, "posix_fallocate"):  # a disk that fills up later would kill the process
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
            return np.memmap(file, dtype, "r+", shape=tuple(shape))
    except OSError as fault:
        raise OutputError(
            f"A picture this large needs {size / 1e9:.1f} GB in {tempfile.gettempdir()!r}: {fault.strerror}. Make room "
            "there, or name a larger folder with the environment variable TMPDIR."
        ) from fault


def settle(array: Any) -> None:
    """Let the part of an array on disk that was just read or written leave the memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)


class Window(NamedTuple):
    """A stretch of one side of a picture: where it starts, its length, and from where to where its cells count.

    `low` and `high` are pixels from its start, FAR away at the ends of the picture. Beside them the weight of a
    cell rises and falls over `ramp` pixels, so that those of neighbours add up to one.
    """

    start: int
    length: int
    low: float
    high: float
    ramp: float


def windows(side: int, tile: int, overlap: int, rng: np.random.Generator) -> list[Window]:
    """The fewest windows of one length, `tile` at most, that cover a side; where they meet is drawn anew each time.

    They start at multiples of GRID, so that the cells of all lie as those of the whole picture would.

    >>> [(w.start, w.length) for w in windows(1000, 400, 96, np.random.default_rng(0))]
    [(0, 328), (224, 328), (448, 328), (672, 328)]
    """
    if side <= tile:
        return [Window(0, side, -FAR, FAR, 1.0)]
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
        Window(start, length, low - start if low > -FAR else low, high - start if high < FAR else high, ramp)
        for start, low, high in zip(range(0, count * hop, hop), lows, highs, strict=True)
    ]


def pieces(start: int, length: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Where a stretch lies on a side that is rolled into a ring, and which part of the stretch lies there.

    >>> list(pieces(-2, 5, 10))
    [(slice(8, 10, None), slice(0, 2, None)), (slice(0, 3, None), slice(2, 5, None))]
    """
    done = 0
    while done < length:
        here = (start + done) % side
        count = min(length - done, side - here)
        yield slice(here, here + count), slice(done, done + count)
        done += count


def cut(picture: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    """The part of a picture (H, W, C) at (start, length); what reaches past an end goes on at the other.

    >>> cut(np.arange(4.0).reshape(1, 4, 1), (0, 1), (-1, 3)).ravel().tolist()
    [3.0, 0.0, 1.0]
    """
    part = np.empty((rows[1], columns[1], picture.shape[2]), picture.dtype)
    for there, here in pieces(*rows, picture.shape[0]):
        for across, beside in pieces(*columns, picture.shape[1]):
            part[here, beside] = picture[there, across]
    return part


def add(picture: np.ndarray, part: np.ndarray, rows: int, columns: int) -> None:
    """Add a part to a picture (H, W, C), in the place where `cut` would find it."""
    for there, here in pieces(rows, part.shape[0], picture.shape[0]):
        for across, beside in pieces(columns, part.shape[1], picture.shape[1]):
            picture[there, across] += part[here, beside]
