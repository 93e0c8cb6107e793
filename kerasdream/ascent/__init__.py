"""The climb: what to want more of, one move uphill, and the loop over sizes. One sibling file per framework."""

import importlib
import os
from types import ModuleType

import keras

from kerasdream.config import BACKENDS
from kerasdream.errors import DreamError, ModelError

process: int | None = None  # that computes, from the first call of `backend` on


def backend() -> ModuleType:
    """The sibling for the framework that Keras runs on."""
    name = keras.backend.backend()
    if name not in BACKENDS:
        known = f"{', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}"
        raise ModelError(
            f"Keras runs on {name}; kerasdream needs {known}. Set the environment variable KERAS_BACKEND={BACKENDS[0]} "
            "before Python starts."
        )
    check_process()
    return importlib.import_module(f"kerasdream.ascent.{name}")


def check_process() -> None:
    """DreamError in a process that was forked from the one that computes: it would wait for ever."""
    global process
    process = process or os.getpid()
    if os.getpid() != process:
        raise DreamError(
            "This process was forked from one that has dreamt already, and the threads that compute were not. Start "
            "processes with multiprocessing.get_context('spawn'), or fork before the first Dreamer is made."
        )
