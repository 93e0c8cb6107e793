"""Pictures that are climbed in other numbers than pixels: Fourier coefficients or phases, colours decorrelated.

What makes a visualisation readable: every frequency may grow at its natural pace (1/f), and colours at theirs.
"""

from typing import Any

import numpy as np
from keras import ops

# How the colours of natural pictures vary together: the root of their covariance over ImageNet, as Lucid uses it.
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=0).max()
METHODS = ("fourier", "maco", "pixels")
START = 0.01  # deviation of the first coefficients
LOUDEST = 2.0  # deviation beyond which stronger noise shows nothing new
PAD = 12  # pixels of grey around the picture, which the transformations may show
CONTRAST = 0.25  # Lucid's factor between spectrum and sigmoid


def spectrum(size: int) -> np.ndarray:
    """The natural magnitude of every frequency of a square picture: one over the frequency."""
    frequency = np.fft.fftfreq(size)
    radius = np.sqrt(frequency[:, None] ** 2 + frequency[None] ** 2)
    return (size / np.maximum(radius, 1.0 / size)).astype(np.float32)


def start(method: str, count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """The numbers that a climb begins with: (2, count, 3, size, size), or (1, …) where one of each is enough."""
    if method == "maco":
        return rng.uniform(-np.pi, np.pi, (1, count, 3, size, size)).astype(np.float32)
    return rng.normal(0.0, START, (2 if method == "fourier" else 1, count, 3, size, size)).astype(np.float32)


def picture(method: str, numbers: Any, magnitude: Any) -> Any:
    """The pictures (N, H, W, 3) from -1 to 1 behind the numbers of a climb."""
    if method == "pixels":
        waves = numbers[0]
    elif method == "fourier":
        waves = inverse(numbers[0] * magnitude, numbers[1] * magnitude) * CONTRAST
    else:  # MaCo: the magnitudes stay natural, only phases move
        waves = inverse(ops.cos(numbers[0]) * magnitude, ops.sin(numbers[0]) * magnitude)
        mean = ops.mean(waves, axis=(1, 2, 3), keepdims=True)
        waves = (waves - mean) / (ops.std(waves, axis=(1, 2, 3), keepdims=True) + 1e-6)
    mixed = ops.matmul(ops.transpose(waves, (0, 2, 3, 1)), ops.convert_to_tensor(COLOURS.T))
    return ops.sigmoid(mixed) * 2.0 - 1.0


def inverse(real: Any, imaginary: Any) -> Any:
    """The inverse Fourier transform over height and width; the real part."""
    return ops.ifft2((real, imaginary))[0]


def padded(pictures: Any) -> Any:
    """The pictures with a frame of grey."""
    return ops.pad(pictures, ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)))


def transformations(count: int, side: int, method: str, rng: np.random.Generator) -> np.ndarray:
    """One random affine transformation for each picture, as `affine_transform` takes them: (count, 8).

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


def transformed(pictures: Any, rows: Any) -> Any:
    """The pictures, each under its transformation; what comes from outside is grey.

    TensorFlow's gradient of it moves by the inverse transformation: near enough to climb on, not exact.
    """
    filled = {"interpolation": "bilinear", "fill_mode": "constant", "fill_value": 0.0}
    return ops.image.affine_transform(pictures, rows, **filled, data_format="channels_last")
