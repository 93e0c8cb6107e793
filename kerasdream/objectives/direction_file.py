"""Files of directions: some vectors in the space of a layer's channels, with the layer's name and the network's."""

import os
from typing import NamedTuple

import numpy as np

from kerasdream.array_file import read_arrays
from kerasdream.errors import ConfigError
from kerasdream.types import Array

SUFFIX = ".npz"


class DirectionFile(NamedTuple):
    """What a file of directions holds."""

    layer: str
    model: str  # the name of the network that they were found in
    vectors: Array  # (directions, channels)


def read_directions(path: str | os.PathLike[str]) -> DirectionFile:
    """Read a file of directions; ConfigError where there is none, or it holds something else."""
    layer, model, vectors = read_arrays(path, ["layer", "model", "vectors"], "directions", "Directions.save")
    found = DirectionFile(str(layer), str(model), vectors)
    if found.vectors.ndim != 2 or found.vectors.dtype.kind != "f" or not np.isfinite(found.vectors).all():
        raise ConfigError(f"The directions in {os.fspath(path)!r} are no rows of finite numbers.")
    return found
