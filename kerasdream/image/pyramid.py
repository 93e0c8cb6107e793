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
