"""Arrays in a file, with what they were made of: what a map or a microscope is gone on with."""

import json
import pathlib
from collections.abc import Mapping

import numpy as np

from kerasdream.errors import OutputError
from kerasdream.image.files import write_whole
from kerasdream.types import Array


def save_arrays(path: pathlib.Path, made_of: Mapping[str, object], arrays: Mapping[str, Array]) -> None:
    """Write arrays, with what they were made of."""
    named = {"made_of": np.array(json.dumps(made_of)), **arrays}
    write_whole(path, lambda file: np.savez(file, **named), overwrite=True)  # type: ignore[arg-type]


def load_arrays(path: pathlib.Path, made_of: Mapping[str, object]) -> dict[str, Array]:
    """Return the arrays of an earlier call; OutputError where they were made of something else, or cannot be read.

    >>> save_arrays(pathlib.Path("kept.npz"), {"seed": 3}, {"counts": np.arange(2)})
    >>> load_arrays(pathlib.Path("kept.npz"), {"seed": 3})
    {'counts': array([0, 1])}
    """
    try:
        with np.load(path) as stored:
            before = json.loads(str(stored["made_of"]))
            arrays = {name: stored[name] for name in stored.files if name != "made_of"}
    except (OSError, ValueError, KeyError) as fault:
        raise OutputError(f"{str(path)!r} is damaged ({fault}). Delete it, or name another folder.") from fault
    if before != (now := json.loads(json.dumps(made_of))):
        other = [name for name, value in now.items() if before.get(name) != value]
        raise OutputError(
            f"{str(path)!r} was made of another {', '.join(other)}. Name another folder, or empty this one."
        )
    return arrays
