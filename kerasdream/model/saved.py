"""Models that Keras has saved, as files of a user's own."""

import os
from typing import TypeGuard

import keras

from kerasdream.errors import ModelError
from kerasdream.model.card import ModelCard

ENDING = ".keras"


def is_saved(model: object) -> TypeGuard[str]:
    """Say whether a model is named by its file.

    >>> is_saved("mine.keras"), is_saved("mini")
    (True, False)
    """
    return isinstance(model, str) and model.endswith(ENDING)


def load(path: str) -> keras.Model:
    """Load a model that Keras has saved; code that such a file may hold is not run.

    Where the file has a card, the model has its `class_names`. Raises ModelError where it cannot be loaded.
    """
    check_file(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as fault:  # the file is anybody's, and Keras fails on it in every way
        reason = (str(fault) or type(fault).__name__).strip().splitlines()[0]
        raise ModelError(
            f"{path!r} cannot be loaded: {reason} A whole file of model.save('my.keras') was expected, without layers "
            "of code of its own; those dream in Python: kerasdream.dream(picture, layers, model=model)."
        ) from fault
    if card := ModelCard.read(path):
        model.class_names = tuple(card.classes)
    return model


def base_of(path: str) -> str | None:
    """Return the named model that a file was taught on; None where its file does not say."""
    check_file(path)
    card = ModelCard.read(path)
    return card.base if card else None


def check_file(path: str) -> None:
    """Raise ModelError where there is no file of a model."""
    if not os.path.isfile(path):
        raise ModelError(
            f"There is no file {path!r}; a model saved by Keras, or a name, was expected. See --list_models."
        )
