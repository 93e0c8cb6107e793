"""The octaves of a picture: their sizes, padding, and resizing. Sizes are (height, width)."""

import numpy as np

from kerasdream.types import Array, Size


def octave_shapes(size: Size, num_octave: int, octave_scale: float, above: int = 0) -> list[Size]:
    """Return the sizes of the octaves, smallest first; `above` of them are larger than the picture.

    >>> octave_shapes((300, 400), num_octave=3, octave_scale=2.0)
    [(75, 100), (150, 200), (300, 400)]
    """
    height, width = size
    powers = [octave_scale**i for i in range(num_octave - above - 1, -above - 1, -1)]
    return [(int(height / power), int(width / power)) for power in powers]


def pad_reflect(pixels: Array, size: Size) -> Array:
    """Return pictures (N, H, W, C) of at least that size, padded evenly on both ends by reflection.

    >>> pad_reflect(np.arange(3.0).reshape(1, 1, 3, 1), (1, 5)).ravel().tolist()
    [1.0, 0.0, 1.0, 2.0, 1.0]
    """
    missing = [max(0, wanted - side) for wanted, side in zip(size, pixels.shape[1:3], strict=True)]
    widths = [(0, 0), *((count // 2, count - count // 2) for count in missing), (0, 0)]
    return np.pad(pixels, widths, mode="reflect") if any(missing) else pixels


def crop_center(pixels: Array, size: Size) -> Array:
    """Return the middle of pictures (N, H, W, C): of padded ones, what `pad_reflect` was given.

    >>> crop_center(np.arange(5.0).reshape(1, 1, 5, 1), (1, 3)).ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    top, left = ((side - wanted) // 2 for side, wanted in zip(pixels.shape[1:3], size, strict=True))
    return pixels[:, top : top + size[0], left : left + size[1]]


def resize_rows(images: Array, size: Size, rows: slice = slice(None)) -> Array:
    """Return some rows of pictures (N, H, W, C) as they are after resizing to `size`, in float32.

    Bilinear with half-pixel centres and no antialiasing: what `tf.image.resize` does by default, to the last bit.

    >>> resize_rows(np.array([0.0, 1.0]).reshape(1, 1, 2, 1), (1, 4)).ravel().tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    height, width = images.shape[1:3]
    if (height, width) == size:
        return images[:, rows].astype(np.float32)
    above, below, down = neighbours(height, size[0], rows)
    left, right, across = neighbours(width, size[1])
    # Across and then down, in float32, as TensorFlow does it: the same to the last bit.
    x = images[:, above[0] : below[-1] + 1].astype(np.float32, copy=False)
    x = interpolate(x, left, right, across[:, None], axis=2)
    return interpolate(x, above - above[0], below - above[0], down[:, None, None], axis=1)


def interpolate(x: Array, before: Array, after: Array, fraction: Array, axis: int) -> Array:
    """Return values between the entries `before` and `after` of an axis, at that fraction of the way.

    >>> interpolate(np.array([0.0, 8.0]), np.array([0]), np.array([1]), np.array([0.25]), axis=0).tolist()
    [2.0]
    """
    start, x = np.take(x, before, axis), np.take(x, after, axis)
    x -= start
    x *= fraction
    x += start
    return x


def neighbours(side: int, wanted: int, part: slice = slice(None)) -> tuple[Array, Array, Array]:
    """Return for every pixel of a resized side the pixels before and after it, and its fraction of the way between.

    `part` takes some of the pixels of the resized side only.

    >>> [values.tolist() for values in neighbours(2, 4)]
    [[0, 0, 0, 1], [0, 1, 1, 1], [0.75, 0.25, 0.75, 0.25]]
    """
    scale = np.float32(side) / np.float32(wanted)
    centre = (np.arange(wanted, dtype=np.float32)[part] + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(centre)
    first = np.maximum(before.astype(np.int64), 0)
    return first, np.clip(before.astype(np.int64) + 1, 0, side - 1), centre - before
