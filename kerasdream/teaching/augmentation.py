"""Pictures as a network in training sees them: another crop, turn, colour and noise in every step."""

import math

import numpy as np
from PIL import Image

from kerasdream.teaching.picture import Picture
from kerasdream.types import Array

SMALLEST_CROP = 0.45  # of the shorter side
MOST_TURN = 20.0  # degrees
SQUEEZE = 1.15  # of one side against the other


def crop(picture: Picture, side: int, rng: np.random.Generator) -> Array:
    """Return a turned, squeezed and perhaps mirrored crop of a picture, (side, side, 3) from 0 to 255."""
    width, height = picture.size
    scale = min(width, height) * rng.uniform(SMALLEST_CROP, 1.0) / side
    squeeze = SQUEEZE ** rng.uniform(-1, 1)
    angle, mirror = math.radians(rng.uniform(-MOST_TURN, MOST_TURN)), rng.choice([-1.0, 1.0])
    across, down = scale * squeeze * mirror, scale / squeeze
    cosine, sine, half = math.cos(angle), math.sin(angle), scale * side / 2
    x, y = (rng.uniform(half, max(half, full - half)) + picture.margin for full in (width, height))
    a, b, c, d = across * cosine, -down * sine, across * sine, down * cosine
    matrix = (a, b, x - side / 2 * (a + b), c, d, y - side / 2 * (c + d))
    moved = picture.padded.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    return np.asarray(moved, np.float32)


def recolored(pixels: Array, rng: np.random.Generator) -> Array:
    """Return pictures (N, H, W, 3) with another brightness, contrast and balance of colours."""
    one, three = (len(pixels), 1, 1, 1), (len(pixels), 1, 1, 3)
    mean = pixels.mean((1, 2), keepdims=True)
    contrast = rng.uniform(0.6, 1.3, one) * rng.uniform(0.9, 1.1, three)
    shift = rng.uniform(-25, 25, one) + rng.uniform(-12, 12, three)
    changed: Array = ((pixels - mean) * contrast + mean + shift).astype(np.float32)
    return changed


def noisy(pixels: Array, most: float, rng: np.random.Generator) -> Array:
    """Return pictures with noise of up to `most` levels, each of its own strength, a fifth of them with none.

    >>> noisy(np.zeros((2, 8, 8, 3)), 10.0, np.random.default_rng(0)).std((1, 2, 3)).round().tolist()
    [6.0, 3.0]
    """
    shape = (len(pixels), 1, 1, 1)
    amount = most * rng.uniform(0, 1, shape) * (rng.uniform(0, 1, shape) < 0.8)
    changed: Array = (pixels + rng.standard_normal(pixels.shape, np.float32) * amount).astype(np.float32)
    return changed
