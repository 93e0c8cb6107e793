"""The sizes at which a picture is dreamt, and the room that a small one needs. Sizes are (height, width)."""

import numpy as np


def octave_shapes(size: tuple[int, int], num_octave: int, octave_scale: float, above: int = 0) -> list[tuple[int, int]]:
    """The sizes of the octaves, smallest first; so many of them `above` the picture's own.

    >>> octave_shapes((300, 400), num_octave=3, octave_scale=2.0)
    [(75, 100), (150, 200), (300, 400)]
    """
    height, width = size
    powers = [octave_scale**i for i in range(num_octave - above - 1, -above - 1, -1)]
    return [(int(height / power), int(width / power)) for power in powers]


def pad(pixels: np.ndarray, least: tuple[int, int]) -> np.ndarray:
    """Pictures (N, H, W, C) of at least that size, grown evenly on both ends by reflection.

    >>> pad(np.arange(3.0).reshape(1, 1, 3, 1), (1, 5)).ravel().tolist()
    [1.0, 0.0, 1.0, 2.0, 1.0]
    """
    rooms = [max(0, want - have) for want, have in zip(least, pixels.shape[1:3], strict=True)]
    widths = [(0, 0), *((room // 2, room - room // 2) for room in rooms), (0, 0)]
    return np.pad(pixels, widths, mode="reflect") if any(rooms) else pixels


def crop(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of padded pictures: what `pad` was given."""
    top, left = ((have - want) // 2 for have, want in zip(pixels.shape[1:3], size, strict=True))
    return pixels[:, top : top + size[0], left : left + size[1]]


def resized(images: np.ndarray, shape: tuple[int, int], rows: slice = slice(None)) -> np.ndarray:
    """Some rows of pictures (N, H, W, C) brought to another size, as float32.

    Bilinear with half-pixel centres and no antialiasing: what `tf.image.resize` does by default.

    >>> resized(np.array([0.0, 1.0]).reshape(1, 1, 2, 1), (1, 4)).ravel().tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    height, width = images.shape[1:3]
    if (height, width) == shape:
        return images[:, rows].astype(np.float32)
    above, below, down = neighbours(height, shape[0], rows)
    left, right, across = neighbours(width, shape[1])
    # Across and then down, in float32, as TensorFlow does it: the same to the last bit.
    x = images[:, above[0] : below[-1] + 1].astype(np.float32, copy=False)
    x = between(x, left, right, across[:, None], axis=2)
    return between(x, above - above[0], below - above[0], down[:, None, None], axis=1)


def between(x: np.ndarray, before: np.ndarray, after: np.ndarray, share: np.ndarray, axis: int) -> np.ndarray:
    """Entries along an axis, and so much of the way from them to those after them."""
    start, x = np.take(x, before, axis), np.take(x, after, axis)
    x -= start
    x *= share
    x += start
    return x


def neighbours(have: int, want: int, part: slice = slice(None)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every pixel of a side that is resized: the pixels before and after it, and how far it lies between them."""
    scale = np.float32(have) / np.float32(want)
    place = (np.arange(want, dtype=np.float32)[part] + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(place)
    first = np.maximum(before.astype(np.int64), 0)
    return first, np.clip(before.astype(np.int64) + 1, 0, have - 1), place - before
