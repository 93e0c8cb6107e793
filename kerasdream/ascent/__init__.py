"""The climb: what to want more of, one move uphill, and the loop over sizes. One sibling file per framework."""

import importlib
from types import ModuleType

import keras

from kerasdream.errors import ModelError

SIBLINGS = ("tensorflow", "jax", "torch")


def backend() -> ModuleType:
    """The sibling for the framework that Keras runs on."""
    name = keras.backend.backend()
    if name not in SIBLINGS:
        known = f"{', '.join(SIBLINGS[:-1])} or {SIBLINGS[-1]}"
        raise ModelError(
            f"Keras runs on {name}; kerasdream needs {known}. Set the environment variable KERAS_BACKEND={SIBLINGS[0]} "
            "before Python starts."
        )
    return importlib.import_module(f"kerasdream.ascent.{name}")
