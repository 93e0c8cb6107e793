"""Activations of pictures, taken at random cells of a layer."""

import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.errors import LayerError
from kerasdream.objectives.view import BORDER
from kerasdream.studies.pictures import read_square
from kerasdream.types import Array

SIDE = 224  # pixels to which the middle square of each picture is brought, where the network does not say
TOGETHER = 16  # pictures that go through the network at once


class Samples(NamedTuple):
    """Activations (N, channels), and of each its picture's number and its place in the square, from 0 to 1 (N, 2)."""

    activations: Array
    pictures: Array
    places: Array


def take_samples(
    compiled: CompiledObjective,
    layer: str,
    paths: Sequence[pathlib.Path],
    each: int,
    seed: int,
    after_picture: Callable[[int], None],
) -> Samples:
    """Return the activations of a layer in `each` random cells of every picture, none of them in the border.

    Raises InputImageError for a file that is no picture, LayerError for a layer without cells.
    """
    rng, max_pixels = np.random.default_rng([seed, 1]), compiled.config.max_pixels
    side = square_side(compiled)
    rows: list[Samples] = []
    for start in range(0, len(paths), TOGETHER):
        some = [read_square(str(path), side, max_pixels) for path in paths[start : start + TOGETHER]]
        images = np.stack(some).astype(np.float32) / np.float32(127.5) - np.float32(1.0)
        planes = np.asarray(to_numpy(compiled.activations(images)[layer]), np.float32)
        rows += [sample_plane(plane, start + number, each, rng) for number, plane in enumerate(planes)]
        after_picture(start + len(some))
    return Samples(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def square_side(compiled: CompiledObjective) -> int:
    """Return the side of the squares that the network looks at."""
    fixed = compiled.features.fixed_size
    return fixed[0] if fixed else SIDE


def sample_plane(plane: Array, picture: int, each: int, rng: np.random.Generator) -> Samples:
    """Return the activations of one picture (rows, columns, channels) in random cells, as many as there are at most.

    >>> sample_plane(np.arange(50.0).reshape(5, 5, 2), 7, 3, np.random.default_rng(0))
    Samples(activations=array([[24., 25.]]), pictures=array([7]), places=array([[0.5, 0.5]]))
    """
    height, width = plane.shape[:2]
    border = BORDER if min(height, width) > 2 * BORDER else 0
    if plane.ndim != 3 or not height * width:
        raise LayerError(f"The layer shows {plane.shape}; rows, columns and channels were expected.")
    inner = (height - 2 * border, width - 2 * border)
    chosen = rng.permutation(inner[0] * inner[1])[:each]
    cells = np.stack(np.unravel_index(chosen, inner), axis=-1) + border
    places = (cells + 0.5) / (height, width)
    return Samples(plane[cells[:, 0], cells[:, 1]], np.full(len(cells), picture), places)
