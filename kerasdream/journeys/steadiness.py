"""What keeps a journey from drifting: its colours and its fine detail are held to the first picture's."""

import numpy as np

from kerasdream.types import Array

BANDS = 3  # of fine detail: about 2, 4 and 8 pixels
KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16
FAINTEST = 0.02  # deviation of a band, of a picture from 0 to 1, that may always be reached


def hold_colors(picture: Array, mean: Array, deviation: Array) -> Array:
    """Return a picture whose channels have this mean and deviation.

    >>> hold_colors(np.array([[[0.0], [4.0]]]), np.array([1.0]), np.array([0.5])).ravel().tolist()
    [0.5, 1.5]
    """
    own = picture.std((0, 1))
    gain = np.where(own > 1e-6, deviation / np.maximum(own, 1e-6), 1.0)
    held: Array = ((picture - picture.mean((0, 1))) * gain + mean).astype(picture.dtype)
    return held


def split_bands(picture: Array) -> tuple[list[Array], Array]:
    """Return the bands of fine detail of a picture (H, W, C), the finest first, and what is left.

    >>> bands, left = split_bands(np.eye(8)[..., None])
    >>> bool(np.allclose(sum(bands) + left, np.eye(8)[..., None]))
    True
    """
    bands = []
    for number in range(BANDS):
        smoother = blurred(picture, 2**number)
        bands.append(picture - smoother)
        picture = smoother
    return bands, picture


def blurred(picture: Array, spacing: int) -> Array:
    """Return a picture smoothed by a kernel of five pixels that lie so far apart; beyond its edges it is mirrored."""
    for axis in (0, 1):
        margins = [(0, 0)] * 3
        margins[axis] = (2 * spacing, 2 * spacing)
        padded, side = np.pad(picture, margins, mode="symmetric"), picture.shape[axis]
        places = [np.arange(number * spacing, number * spacing + side) for number in range(5)]
        picture = np.add.reduce(
            [weight * padded.take(place, axis) for weight, place in zip(KERNEL, places, strict=True)]
        )
    return picture


def band_limits(picture: Array, times: float) -> list[float]:
    """Return how strong each band may get: so many times as strong as in a picture."""
    return [times * max(float(band.std()), FAINTEST) for band in split_bands(picture)[0]]


def limit_detail(picture: Array, limits: list[float]) -> Array:
    """Return a picture with no band stronger than its limit; what is weaker stays as it is.

    >>> checks = np.indices((8, 8)).sum(0)[..., None] % 2.0
    >>> round(float(limit_detail(checks, [0.25] * 3).std()), 2)
    0.25
    """
    bands, limited = split_bands(picture)
    for band, limit in zip(bands, limits, strict=True):
        limited = limited + band * min(1.0, limit / max(float(band.std()), 1e-6))
    return np.asarray(limited, picture.dtype)
