"""The climb: what to want more of, one move uphill, and the loop over sizes. One sibling file per framework."""

import importlib
from types import ModuleType

import keras

from kerasdream.config import BACKENDS
from kerasdream.errors import ModelError


def backend() -> ModuleType:
    """The sibling for the framework that Keras runs on."""
    name = keras.backend.backend()
    if name not in BACKENDS:
        known = f"{', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}"
        raise ModelError(
            f"Keras runs on {name}; kerasdream needs {known}. Set the environment variable KERAS_BACKEND={BACKENDS[0]} "
            "before Python starts."
        )
    return importlib.import_module(f"kerasdream.ascent.{name}")
