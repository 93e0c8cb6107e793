"""The cells of a map: what the activations that fall into each have in common, and where it all is kept."""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np

from kerasdream.errors import ConfigError, OutputError
from kerasdream.maps.direction import whiten
from kerasdream.maps.layout import cells_of, lay_out
from kerasdream.maps.samples import Samples
from kerasdream.maps.stored import load_arrays, save_arrays
from kerasdream.types import Array

LARGEST_GRID, USUAL_SAMPLES = 20, 20  # cells along a side, unless told; activations in each that make it so large


@dataclasses.dataclass(frozen=True)
class Cells:
    """The cells of a map in which enough activations lie, row by row."""

    grid: int  # cells along each side
    places: Array  # (K, 2): row and column
    directions: Array  # (K, channels), whitened
    counts: Array  # (K,): activations in each
    pictures: Array  # (K,): number of the picture with the most typical of them
    points: Array  # (K, 2): where in that picture, from 0 to 1

    def save(self, path: pathlib.Path, made_of: Mapping[str, object]) -> None:
        """Write the cells, with what they were made of."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in dataclasses.fields(self)}
        save_arrays(path, made_of, arrays)


def load_cells(path: pathlib.Path, made_of: Mapping[str, object]) -> Cells:
    """Return the cells of an earlier call; OutputError where they were made of something else, or cannot be read."""
    arrays = load_arrays(path, made_of)
    try:
        return Cells(int(arrays.pop("grid")), **arrays)
    except (KeyError, TypeError) as fault:
        raise OutputError(f"{str(path)!r} is damaged ({fault}). Delete it, or name another folder.") from fault


def cells_from(samples: Samples, grid: int | None, least: int, seed: int) -> Cells:
    """Return the cells of a map of activations; ConfigError where in none there are more than `least` of them."""
    activations = samples.activations
    if grid is None:
        grid = min(LARGEST_GRID, max(2, int((len(activations) / USUAL_SAMPLES) ** 0.5)))
    cells = cells_of(lay_out(activations, seed), grid)
    numbers = cells[:, 0] * grid + cells[:, 1]
    counts = np.bincount(numbers, minlength=grid * grid)
    kept = np.flatnonzero(counts > least)
    if not len(kept):
        raise ConfigError(
            f"No cell of a map of {grid} x {grid} has more than {least} of the {len(activations)} activations. Give "
            "more pictures, more samples= of each, a smaller grid=, or a smaller least=."
        )
    means = np.zeros((grid * grid, activations.shape[1]))
    np.add.at(means, numbers, activations)
    means = means[kept] / counts[kept, None]
    typical = [
        most_typical(activations, np.flatnonzero(numbers == cell), mean) for cell, mean in zip(kept, means, strict=True)
    ]
    return Cells(
        grid,
        np.stack([kept // grid, kept % grid], axis=-1),
        whiten(means, activations).astype(np.float32),
        counts[kept],
        samples.pictures[typical],
        samples.places[typical],
    )


def most_typical(activations: Array, rows: Array, mean: Array) -> int:
    """Return which of some activations points most in the direction of their mean.

    >>> most_typical(np.array([[1.0, 0.0], [1.0, 2.0], [3.0, 3.1]]), np.array([0, 2]), np.array([1.0, 1.0]))
    2
    """
    some = activations[rows]
    return int(rows[np.argmax(some @ mean / (np.linalg.norm(some, axis=1) + 1e-12))])
