"""The climb: what to want more of, one move uphill, and the loop over sizes. One sibling file per framework."""

import importlib
from types import ModuleType

import keras

from kerasdream.errors import ModelError

SIBLINGS = ("tensorflow",)


def backend() -> ModuleType:
    """The sibling for the framework that Keras runs on."""
    name = keras.backend.backend()
    if name not in SIBLINGS:
        raise ModelError(
            f"Keras runs on {name}; kerasdream needs {' or '.join(SIBLINGS)}. Set the environment variable "
            f"KERAS_BACKEND={SIBLINGS[0]} before Python starts."
        )
    return importlib.import_module(f"kerasdream.ascent.{name}")
