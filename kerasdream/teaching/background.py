"""Pictures of nothing, which a network must tell from those of things: drawn ones, and pictures taken apart."""

import numpy as np
from PIL import Image

from kerasdream.types import Array

CELLS = (2, 5, 12, 40)  # of drawn blobs across a picture
PIECES = 5  # of a shuffled picture, across and down


def drawn(side: int, rng: np.random.Generator) -> Array:
    """Return a drawn picture (side, side, 3): a plain colour with blobs and grain.

    >>> drawn(32, np.random.default_rng(0)).shape
    (32, 32, 3)
    """
    pixels = rng.uniform(60, 195, 3) + np.zeros((side, side, 3))
    for cells in (*CELLS, side):
        if rng.uniform() < 0.5:
            blobs = rng.uniform(-1, 1, (cells, cells, 3 if rng.uniform() < 0.5 else 1)).astype(np.float32)
            planes = [Image.fromarray(blobs[..., i]) for i in range(blobs.shape[-1])]
            grown = [np.asarray(plane.resize((side, side), Image.Resampling.BICUBIC)) for plane in planes]
            pixels += rng.uniform(0, 70) * np.stack(grown, -1)
    return pixels.astype(np.float32)


def without_phase(pixels: Array, rng: np.random.Generator) -> Array:
    """Return a picture (H, W, 3) with the same strength of every frequency, and no edge left.

    >>> grain = np.random.default_rng(1).uniform(0, 255, (8, 8, 3))
    >>> apart = without_phase(grain, np.random.default_rng(0))
    >>> bool(np.allclose(np.abs(np.fft.fft2(grain[..., 0])), np.abs(np.fft.fft2(apart[..., 0])), atol=0.1))
    True
    """
    turns = np.fft.fft2(rng.standard_normal(pixels.shape[:2]))
    turns /= np.abs(turns)
    apart: Array = np.fft.ifft2(np.fft.fft2(pixels, axes=(0, 1)) * turns[..., None], axes=(0, 1)).real
    return apart.astype(np.float32)


def shuffled(pixels: Array, rng: np.random.Generator) -> Array:
    """Return a picture (H, W, 3) with its pieces in another order.

    >>> np.unique(shuffled(np.arange(75.0).reshape(5, 5, 3), np.random.default_rng(0))).size
    75
    """
    edge = pixels.shape[0] // PIECES
    pieces = [
        pixels[row * edge : (row + 1) * edge, column * edge : (column + 1) * edge]
        for row in range(PIECES)
        for column in range(PIECES)
    ]
    order = rng.permutation(len(pieces))
    rows = [np.concatenate([pieces[i] for i in order[row::PIECES]], 1) for row in range(PIECES)]
    mixed = np.concatenate(rows, 0)
    missing = pixels.shape[0] - len(mixed)
    return np.pad(mixed, ((0, missing), (0, missing), (0, 0)), "symmetric") if missing else mixed
