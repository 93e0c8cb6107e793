"""Parameterizations of pictures: pixels, Fourier coefficients or phases, with decorrelated colours.

What makes a visualisation readable: every frequency grows at its natural pace (1/f), and colours at theirs.
"""

import numpy as np
from keras import ops

from kerasdream.image.spectra import COLOR_BASIS
from kerasdream.types import Array, Tensor

INITIAL_DEVIATION = 0.01  # of the first parameters
MAX_DEVIATION = 2.0  # beyond which stronger noise shows nothing new
PAD = 12  # pixels of grey around the picture, which the transformations may show
CONTRAST = 0.25  # Lucid's factor between spectrum and sigmoid


def natural_magnitude(size: int) -> Array:
    """Return the natural magnitude of every frequency of a square picture: one over the frequency."""
    frequency = np.fft.fftfreq(size)
    radius = np.sqrt(frequency[:, None] ** 2 + frequency[None] ** 2)
    magnitude: Array = (size / np.maximum(radius, 1.0 / size)).astype(np.float32)
    return magnitude


def initial_parameters(method: str, count: int, size: int, rng: np.random.Generator) -> Array:
    """Return random parameters (2, count, 3, size, size), or (1, …) where one of each is enough."""
    if method == "maco":
        return rng.uniform(-np.pi, np.pi, (1, count, 3, size, size)).astype(np.float32)
    parts = 2 if method == "fourier" else 1
    return rng.normal(0.0, INITIAL_DEVIATION, (parts, count, 3, size, size)).astype(np.float32)


def render(method: str, parameters: Tensor, magnitude: Tensor) -> Tensor:
    """Return the pictures (N, H, W, 3) from -1 to 1 of the parameters."""
    if method == "pixels":
        waves = parameters[0]
    elif method == "fourier":
        waves = inverse_fourier(parameters[0] * magnitude, parameters[1] * magnitude) * CONTRAST
    else:  # MaCo: the magnitudes stay natural, only phases change
        waves = inverse_fourier(ops.cos(parameters[0]) * magnitude, ops.sin(parameters[0]) * magnitude)
        mean = ops.mean(waves, axis=(1, 2, 3), keepdims=True)
        waves = (waves - mean) / (ops.std(waves, axis=(1, 2, 3), keepdims=True) + 1e-6)
    mixed = ops.matmul(ops.transpose(waves, (0, 2, 3, 1)), ops.convert_to_tensor(COLOR_BASIS.T))
    return ops.sigmoid(mixed) * 2.0 - 1.0


def inverse_fourier(real: Tensor, imaginary: Tensor) -> Tensor:
    """Return the real part of the inverse Fourier transform over height and width."""
    return ops.ifft2((real, imaginary))[0]


def pad_grey(pictures: Tensor, pad: int) -> Tensor:
    """Return the pictures with a margin of grey."""
    return ops.pad(pictures, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def random_affine(count: int, side: int, method: str, rng: np.random.Generator) -> Array:
    """Draw an affine transformation for each picture, as `affine_transform` takes them: (count, 8).

    As Lucid: jitter by 8 and by 4 pixels, scale from 0.9 to 1.1, rotation within 10 degrees. For MaCo: crops of a
    quarter to the whole of the picture, enlarged.
    """
    rows = []
    for _ in range(count):
        if method == "maco":
            zoom, angle = rng.uniform(0.25, 1.0), 0.0
            reach = (1.0 - zoom) * side / 2
        else:
            zoom, angle = 1.0 / rng.uniform(0.9, 1.1), np.deg2rad(rng.uniform(-10, 10))
            reach = 8.0
        shift = rng.uniform(-reach, reach, 2) + (0 if method == "maco" else rng.uniform(-4, 4, 2))
        cos, sin, middle = zoom * np.cos(angle), zoom * np.sin(angle), (side - 1) / 2
        x0 = middle - cos * middle + sin * middle + shift[0]
        y0 = middle - sin * middle - cos * middle + shift[1]
        rows.append([cos, -sin, x0, sin, cos, y0, 0.0, 0.0])
    return np.array(rows, np.float32)


def affine_transform(pictures: Tensor, rows: Tensor) -> Tensor:
    """Return the pictures, each under its transformation; what comes from outside is grey.

    TensorFlow's gradient of it uses the inverse transformation: near enough, not exact.
    """
    fill = {"interpolation": "bilinear", "fill_mode": "constant", "fill_value": 0.0}
    return ops.image.affine_transform(pictures, rows, **fill, data_format="channels_last")
