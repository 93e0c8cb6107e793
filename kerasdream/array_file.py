"""Files of arrays by name (.npz) that users hand in: read without running what is in them."""

import os
import zipfile
from collections.abc import Sequence

import numpy as np

from kerasdream.errors import ConfigError
from kerasdream.types import Array


def read_arrays(path: str | os.PathLike[str], names: Sequence[str], what: str, writer: str) -> list[Array]:
    """Return the arrays of these names; ConfigError where there is no such file, or it holds something else.

    `what` says what the file holds, and `writer` what wrote it.

    >>> np.savez("counts.npz", counts=np.arange(2))
    >>> read_arrays("counts.npz", ["counts"], "counts", "numpy.savez")
    [array([0, 1])]
    """
    expected = f"a file that {writer} wrote was expected."
    try:
        with np.load(path, allow_pickle=False) as held:
            return [held[name] for name in names]
    except FileNotFoundError:
        raise ConfigError(f"There is no file {os.fspath(path)!r}; {expected}") from None
    # numpy gives a lone array for an .npy file, which is no context manager (AttributeError, TypeError).
    except (OSError, KeyError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as fault:
        raise ConfigError(f"{os.fspath(path)!r} holds no {what} ({fault}); {expected}") from None
