"""The framework that Keras runs on."""

import importlib
from typing import TYPE_CHECKING, cast

import keras

from kerasdream.ascent.backend import Backend
from kerasdream.config import BACKENDS
from kerasdream.errors import ModelError
from kerasdream.forking import check_process

if TYPE_CHECKING:
    from kerasdream.ascent import jax, tensorflow, torch

    on_tensorflow: Backend = tensorflow  # so that the type checker holds each file to the protocol
    on_jax: Backend = jax
    on_torch: Backend = torch


def current_backend() -> Backend:
    """Return the file of the framework that Keras runs on.

    Raises ModelError for one that there is no file for, and DreamError in a forked process.
    """
    name = keras.backend.backend()
    if name not in BACKENDS:
        known = f"{', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}"
        raise ModelError(
            f"Keras runs on {name}; kerasdream needs {known}. Set the environment variable KERAS_BACKEND={BACKENDS[0]} "
            "before Python starts."
        )
    check_process()
    return cast(Backend, importlib.import_module(f"kerasdream.ascent.{name}"))
