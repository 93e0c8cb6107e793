"""Files of directions: some vectors in the space of a layer's channels, with the layer's name and the network's."""

import os
import zipfile
from typing import NamedTuple

import numpy as np

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
    try:
        with np.load(path, allow_pickle=False) as held:
            found = DirectionFile(str(held["layer"]), str(held["model"]), held["vectors"])
    except FileNotFoundError:
        raise ConfigError(f"There is no file of directions {os.fspath(path)!r}.") from None
    except (OSError, KeyError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as fault:
        raise ConfigError(
            f"{os.fspath(path)!r} holds no directions ({fault}); a file that Directions.save wrote was expected."
        ) from None
    if found.vectors.ndim != 2 or found.vectors.dtype.kind != "f" or not np.isfinite(found.vectors).all():
        raise ConfigError(f"The directions in {os.fspath(path)!r} are no rows of finite numbers.")
    return found
