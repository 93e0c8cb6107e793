"""Opacity: how much each place of a picture counted."""

import math

import numpy as np

from kerasdream.image.pyramid import resize_rows
from kerasdream.types import Array

BLUR = 0.02  # sigma of the blur, as a share of the side
RANGE = 0.3, 0.98  # shares of the picture that are clear, and at most not opaque
LEAST_RISE = 1e-6  # as a share: less is rounding
LARGEST = 512  # rows and columns that are blurred: a larger map is as smooth, and brought to that first


def opacity(importance: Array) -> Array:
    """Return a map from 0 to 1 of how much each place counted: blurred, and 1 where it counted most.

    `importance` (H, W) has no negative numbers; where it is the same everywhere, the map is 0.

    >>> spot = np.zeros((64, 64))
    >>> spot[20, 40] = 1.0
    >>> [float(opacity(spot)[place].round(3)) for place in ((20, 40), (50, 5))]
    [1.0, 0.0]
    """
    height, width = importance.shape
    sigma = max(math.sqrt(height * width) * BLUR, 0.5)
    down, across = (min(side, LARGEST) for side in (height, width))
    smooth = blurring(height, down, sigma) @ importance @ blurring(width, across, sigma).T
    low, high = np.quantile(smooth, RANGE)
    shown = np.clip((smooth - low) / max(high - low, LEAST_RISE * high, 1e-12), 0.0, 1.0)
    if (down, across) == (height, width):
        return shown
    whole: Array = resize_rows(shown[None, ..., None], (height, width))[0, ..., 0]
    return whole


def blurring(side: int, count: int, sigma: float) -> Array:
    """Return the matrix (count, side) that blurs a line of pixels with a Gaussian, and takes so many of them.

    >>> blurring(3, 1, 0.5).round(2).tolist()
    [[0.11, 0.79, 0.11]]
    """
    centers = (np.arange(count) + 0.5) * (side / count) - 0.5
    near = np.exp(-0.5 * (np.subtract.outer(centers, np.arange(side)) / sigma) ** 2)
    matrix: Array = near / near.sum(axis=1, keepdims=True)
    return matrix
