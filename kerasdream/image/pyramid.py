"""The sizes at which a picture is dreamt, and the room that a small one needs. Sizes are (height, width)."""

import numpy as np


def octave_shapes(size: tuple[int, int], num_octave: int, octave_scale: float) -> list[tuple[int, int]]:
    """The sizes of the octaves, smallest first.

    >>> octave_shapes((300, 400), num_octave=3, octave_scale=2.0)
    [(75, 100), (150, 200), (300, 400)]
    """
    height, width = size
    return [(int(height / octave_scale**i), int(width / octave_scale**i)) for i in reversed(range(num_octave))]


def pad(pixels: np.ndarray, least: int) -> np.ndarray:
    """Pictures (N, H, W, C) with sides of at least `least`, grown evenly on both ends by reflection.

    >>> pad(np.arange(3.0).reshape(1, 1, 3, 1), 5).ravel()[:5].tolist()
    [1.0, 0.0, 1.0, 2.0, 1.0]
    """
    widths = [(0, 0), *(((room := max(0, least - side)) // 2, room - room // 2) for side in pixels.shape[1:3]), (0, 0)]
    return np.pad(pixels, widths, mode="reflect") if any(map(sum, widths)) else pixels


def crop(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of padded pictures: what `pad` was given."""
    top, left = ((have - want) // 2 for have, want in zip(pixels.shape[1:3], size, strict=True))
    return pixels[:, top : top + size[0], left : left + size[1]]
