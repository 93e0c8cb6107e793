"""What is done to a gradient before the picture moves along it: blur, equal scales, one common strength."""

import math
from typing import Any

import numpy as np
from keras import ops

LEAST_GRADIENT = 1e-6
EPSILON = 1e-8
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16
TENT = np.array([1, 2, 1], np.float32) / 4
CASCADE_RADIUS = 4


def kernels(sigma: float, kind: str) -> list[np.ndarray]:
    """Gaussian weights along one axis: one row, or three for the cascade.

    >>> kernels(0.5, "gaussian")[0].round(2).tolist()
    [0.0, 0.11, 0.79, 0.11, 0.0]
    """
    if kind == "cascade":
        return [gaussian(sigma * factor, CASCADE_RADIUS) for factor in (0.5, 1.0, 2.0)]
    return [gaussian(sigma, max(1, math.ceil(3 * sigma)))]


def gaussian(sigma: float, radius: int) -> np.ndarray:
    """A Gaussian cut off at a radius, with the sum 1; for sigma 0 the unit pulse."""
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (places / max(sigma, 1e-3)) ** 2)
    return (weights / weights.sum()).astype(np.float32)


def along(images: Any, kernel: Any, stride: int = 1) -> Any:
    """Pictures convolved with one kernel down and across; past the edge they are mirrored."""
    taps = ops.shape(kernel)[0]
    rows = taps + 63  # of a block, which ends within the next one; short blocks are slow
    place = ops.arange(2 * rows)[None, :] - ops.arange(rows)[:, None]
    band = ops.where((place >= 0) & (place < taps), ops.take(kernel, ops.clip(place, 0, taps - 1)), 0.0)
    for _ in range(2):
        images = ops.transpose(down(images, band, taps)[:, ::stride], (0, 2, 1, 3))
    return images


def down(images: Any, band: Any, taps: Any) -> Any:
    """Pictures convolved from top to bottom: blocks of rows, each a product with one matrix of the kernel's bands.

    A convolution says the same, but TensorFlow's ends the process with some kernels of more than a hundred rows.
    """
    count, height, width, channels = ops.shape(images)
    rows = ops.shape(band)[0]
    blocks = (height + rows - 1) // rows
    radius = (taps - 1) // 2
    x = ops.take(images, mirrored(-radius, (blocks + 1) * rows - radius, height), axis=1)
    x = ops.reshape(x, (count, blocks + 1, rows, width * channels))
    x = ops.concatenate([x[:, :-1], x[:, 1:]], axis=2)
    return ops.reshape(ops.matmul(band, x), (count, blocks * rows, width, channels))[:, :height]


def mirrored(first: Any, end: Any, side: Any) -> Any:
    """The cells of an axis from `first` to before `end`, going back at its edges."""
    period = ops.maximum(2 * (side - 1), 1)
    place = ops.mod(ops.arange(first, end), period)
    return ops.minimum(place, period - place)


def blurred(gradient: Any, rows: list[Any]) -> Any:
    """The mean of the gradient smoothed with each kernel."""
    return sum(along(gradient, row) for row in rows) / len(rows)


def equal_scales(gradient: Any, levels: int) -> Any:
    """Each level of a Laplacian pyramid divided by its root mean square: large shapes as strong as fine grain."""
    bands = []
    for _ in range(levels):
        small = along(gradient, ops.convert_to_tensor(BINOMIAL), stride=2)
        bands.append(gradient - doubled(small, gradient))
        gradient = small
    result = even(gradient)
    for band in reversed(bands):
        result = doubled(result, band) + even(band)
    return result


def doubled(small: Any, like: Any) -> Any:
    """Pictures twice as large, smooth, cut to the size of `like`."""
    large = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
    return along(large[:, : ops.shape(like)[1], : ops.shape(like)[2]], ops.convert_to_tensor(TENT))


def even(band: Any) -> Any:
    """A band with the root mean square 1, picture by picture."""
    return band / (root_mean_square(band) + EPSILON)


def root_mean_square(gradient: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(gradient), axis=(1, 2, 3), keepdims=True))


def strength_of(gradient: Any) -> list[Any]:
    """The mean size, the mean and the mean square of a gradient, picture by picture, shaped (N, 1, 1, 1)."""
    return [ops.mean(g, axis=(1, 2, 3), keepdims=True) for g in (ops.abs(gradient), gradient, ops.square(gradient))]


def divided_by(strength: list[Any], kind: str) -> tuple[Any, Any]:
    """What to take from a gradient of that strength, and what to divide it by."""
    size, mean, square = strength
    if kind == "mean":
        return 0.0, ops.maximum(size, LEAST_GRADIENT)
    if kind == "l2":
        return 0.0, ops.sqrt(square) + EPSILON
    deviation = ops.sqrt(ops.maximum(square - ops.square(mean), 0.0))
    return mean if kind == "standard" else 0.0, deviation + EPSILON
