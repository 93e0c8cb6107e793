"""Crops of a picture, brought to the side that a network takes: it then dreams at any size, and sees many scales."""

import math

import numpy as np
from keras import ops

from kerasdream.types import Array, Size, Tensor

LEAST_SCALE = 0.5  # of the network's side: smaller crops would show it nothing but blur


def draw_crops(rng: np.random.Generator, count: int, picture: Size, side: Size) -> tuple[Array, Array]:
    """Draw crops of a picture, from as small as would just cover it together to as large as fit in.

    They have the network's proportions, and are spread over the picture. Returns the matrices that bring the rows and
    columns of a picture to those of its crops: (count, side[0], picture[0]) and (count, side[1], picture[1]).
    """
    largest = min(picture[0] / side[0], picture[1] / side[1])  # as a share of the network's side
    smallest = math.sqrt(picture[0] * picture[1] / (count * side[0] * side[1]))
    scales = rng.uniform(min(largest, max(smallest, LEAST_SCALE)), largest, count)
    matrices = []
    for axis in range(2):
        # One in each count-th part of the picture, past whose ends a quarter of a crop may be pushed back.
        places = (rng.permutation(count) + rng.uniform(size=count)) / count
        lengths = scales * side[axis]
        room = picture[axis] - lengths
        starts = np.clip(places * (room + lengths / 2) - lengths / 4, 0, room)
        stretches = zip(starts, lengths, strict=True)
        matrices.append(np.stack([resampling(picture[axis], *stretch, side[axis]) for stretch in stretches]))
    return matrices[0], matrices[1]


def whole_crop(picture: Size, side: Size) -> tuple[Array, Array]:
    """Return the matrices that bring all of a picture to the network's side."""
    rows, columns = (resampling(picture[axis], 0.0, picture[axis], side[axis])[None] for axis in range(2))
    return rows, columns


def resampling(available: int, start: float, length: float, count: int) -> Array:
    """Return the matrix (count, available) that brings a stretch of a line of pixels to another number of them.

    Bilinear, and where it shrinks, antialiased as Pillow does it: each new pixel is a weighted mean of all it covers.

    >>> resampling(4, 0, 4, 2)
    array([[0.42857143, 0.42857143, 0.14285715, 0.        ],
           [0.        , 0.14285715, 0.42857143, 0.42857143]], dtype=float32)
    """
    scale = length / count
    centers = start + (np.arange(count) + 0.5) * scale
    distance = np.abs(np.arange(available) + 0.5 - centers[:, None]) / max(scale, 1.0)
    weights = np.maximum(0.0, 1.0 - distance)
    matrix: Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return matrix


def crop(images: Tensor, crops: tuple[Tensor, Tensor]) -> Tensor:
    """Return the crops (pictures, crops, rows, columns, 3) of pictures (N, H, W, 3)."""
    rows, columns = crops
    return ops.einsum("ksw,nkrwc->nkrsc", columns, ops.einsum("krh,nhwc->nkrwc", rows, images))
