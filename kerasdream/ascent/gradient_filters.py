"""What is done to a gradient before the picture follows it: blur, Laplacian normalization, one common scale."""

import math
from typing import NamedTuple

import numpy as np
from keras import ops

from kerasdream.types import Array, Tensor

MIN_GRADIENT = 1e-6
EPSILON = 1e-8
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16
TENT = np.array([1, 2, 1], np.float32) / 4
CASCADE_RADIUS = 4


def gaussian_kernels(sigma: float, kind: str) -> list[Array]:
    """Return Gaussian kernels along one axis: one, or three for the "cascade".

    >>> [round(weight, 2) for weight in gaussian_kernels(0.5, "gaussian")[0].tolist()]
    [0.0, 0.11, 0.79, 0.11, 0.0]
    """
    if kind == "cascade":
        return [gaussian(sigma * factor, CASCADE_RADIUS) for factor in (0.5, 1.0, 2.0)]
    return [gaussian(sigma, max(1, math.ceil(3 * sigma)))]


def gaussian(sigma: float, radius: int) -> Array:
    """Return a Gaussian cut off at a radius, with the sum 1; for sigma 0 the unit pulse."""
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma, 1e-3)) ** 2)
    kernel: Array = (weights / weights.sum()).astype(np.float32)
    return kernel


def convolve_separable(images: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Convolve pictures with one kernel along both axes; past the edge they are reflected."""
    taps = ops.shape(kernel)[0]
    rows = taps + 63  # of a block, which ends within the next one; short blocks are slow
    offset = ops.arange(2 * rows)[None, :] - ops.arange(rows)[:, None]
    inside = (offset >= 0) & (offset < taps)
    band = ops.where(inside, ops.take(kernel, ops.clip(offset, 0, taps - 1)), 0.0)
    for _ in range(2):
        images = ops.transpose(convolve_rows(images, band, taps)[:, ::stride], (0, 2, 1, 3))
    return images


def convolve_rows(images: Tensor, band: Tensor, taps: Tensor) -> Tensor:
    """Convolve pictures from top to bottom: blocks of rows, each a product with one banded matrix of the kernel.

    A convolution says the same, but TensorFlow's ends the process with some kernels of more than a hundred rows.
    """
    count, height, width, channels = ops.shape(images)
    rows = ops.shape(band)[0]
    blocks = (height + rows - 1) // rows
    radius = (taps - 1) // 2
    x = ops.take(images, reflected_indices(-radius, (blocks + 1) * rows - radius, height), axis=1)
    x = ops.reshape(x, (count, blocks + 1, rows, width * channels))
    x = ops.concatenate([x[:, :-1], x[:, 1:]], axis=2)
    return ops.reshape(ops.matmul(band, x), (count, blocks * rows, width, channels))[:, :height]


def reflected_indices(start: Tensor, stop: Tensor, size: Tensor) -> Tensor:
    """Return the indices of an axis from `start` to before `stop`, reflected at its ends."""
    period = ops.maximum(2 * (size - 1), 1)
    index = ops.mod(ops.arange(start, stop), period)
    return ops.minimum(index, period - index)


def blur(gradient: Tensor, kernels: list[Tensor]) -> Tensor:
    """Return the mean of the gradient blurred with each kernel."""
    return sum(convolve_separable(gradient, kernel) for kernel in kernels) / len(kernels)


def laplacian_normalize(gradient: Tensor, levels: int) -> Tensor:
    """Divide each level of a Laplacian pyramid by its root mean square: large shapes become as strong as fine grain."""
    bands = []
    for _ in range(levels):
        small = convolve_separable(gradient, ops.convert_to_tensor(BINOMIAL), stride=2)
        bands.append(gradient - upsample(small, gradient))
        gradient = small
    result = unit_rms(gradient)
    for band in reversed(bands):
        result = upsample(result, band) + unit_rms(band)
    return result


def upsample(small: Tensor, like: Tensor) -> Tensor:
    """Return pictures twice as large, smooth, cut to the size of `like`."""
    large = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
    return convolve_separable(large[:, : ops.shape(like)[1], : ops.shape(like)[2]], ops.convert_to_tensor(TENT))


def unit_rms(band: Tensor) -> Tensor:
    """Scale each picture to the root mean square 1."""
    return band / (ops.sqrt(ops.mean(ops.square(band), axis=(1, 2, 3), keepdims=True)) + EPSILON)


class GradientStatistics(NamedTuple):
    """The mean absolute value, the mean and the mean square of each picture's gradient, shaped (N, 1, 1, 1)."""

    mean_absolute: Tensor
    mean: Tensor
    mean_square: Tensor


def gradient_statistics(gradient: Tensor) -> GradientStatistics:
    """Return the statistics of a gradient, picture by picture."""
    values = (ops.abs(gradient), gradient, ops.square(gradient))
    return GradientStatistics(*(ops.mean(value, axis=(1, 2, 3), keepdims=True) for value in values))


def normalization(statistics: GradientStatistics, kind: str) -> tuple[Tensor, Tensor]:
    """Return what to subtract from a gradient with these statistics, and what to divide it by."""
    if kind == "mean":
        return 0.0, ops.maximum(statistics.mean_absolute, MIN_GRADIENT)
    if kind == "l2":
        return 0.0, ops.sqrt(statistics.mean_square) + EPSILON
    variance = ops.maximum(statistics.mean_square - ops.square(statistics.mean), 0.0)
    return statistics.mean if kind == "standard" else 0.0, ops.sqrt(variance) + EPSILON
