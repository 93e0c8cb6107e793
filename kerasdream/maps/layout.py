"""Where activations lie on a map: like beside like."""

import importlib
import importlib.util

import numpy as np

from kerasdream.types import Array


def lay_out(activations: Array, seed: int) -> Array:
    """Return a place (N, 2) from 0 to 1 for each activation: by UMAP where it is installed, else by PCA.

    >>> lay_out(np.eye(4), seed=0).shape
    (4, 2)
    """
    if importlib.util.find_spec("umap"):
        umap = importlib.import_module("umap")
        found = umap.UMAP(n_neighbors=20, min_dist=0.01, metric="cosine", random_state=seed).fit_transform(activations)
        low, high = np.percentile(found, [0.5, 99.5], axis=0)
        within: Array = np.clip((found - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
        return within
    return ranks(principal_components(activations))


def principal_components(activations: Array) -> Array:
    """Return the places (N, 2) of activations along the two directions in which they differ most.

    Their lengths do not count: an activation twice as strong lies in the same place.

    >>> principal_components(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])).round(2)[:, 0].tolist()
    [0.47, 0.47, -0.94]
    """
    lengths = np.linalg.norm(activations, axis=1, keepdims=True)
    unit = activations / np.maximum(lengths, 1e-12)
    unit = unit - unit.mean(axis=0)
    _, directions = np.linalg.eigh(unit.T @ unit)
    first = directions[:, :-3:-1]
    first = first * np.where(first[np.abs(first).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # else their sign is chance
    places: Array = unit @ first
    return places


def ranks(values: Array) -> Array:
    """Return the ranks of each column, from 0 to 1: so that a map has no empty margins.

    >>> ranks(np.array([[5.0], [100.0], [-1.0]])).ravel().tolist()
    [0.5, 1.0, 0.0]
    """
    order = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    scaled: Array = order / max(1, len(values) - 1)
    return scaled


def cells_of(places: Array, grid: int) -> Array:
    """Return the row and column (N, 2) of each place on a map of grid x grid cells.

    >>> cells_of(np.array([[0.0, 0.49], [1.0, 0.5]]), 2).tolist()
    [[0, 0], [1, 1]]
    """
    cells: Array = np.minimum((places * grid).astype(int), grid - 1)
    return cells
