"""The models of a studio: named ones, and taught ones, which the page knows by the names of their files alone."""

import functools
import os
import pathlib

from kerasdream.errors import ConfigError
from kerasdream.model import saved, zoo
from kerasdream.model.card import ModelCard
from kerasdream.model.classes import normalized
from kerasdream.web.views import Settings

taught: dict[str, pathlib.Path] = {}  # the files of a process's studio, by their names


def add_taught(path: str | os.PathLike[str]) -> tuple[str, Settings]:
    """Make a taught model known; returns its name, and the settings of the machine for it.

    Raises ConfigError for a file that `kerasdream teach` has not written, and for a second one of that name.
    """
    file = pathlib.Path(path).resolve()
    card = ModelCard.read(file) if file.is_file() else None
    if card is None or card.base not in zoo.ZOO or file.suffix != saved.ENDING:
        raise ConfigError(f"{os.fspath(path)!r} is no model that kerasdream teach has written; one was expected.")
    if taught.setdefault(file.name, file) != file:
        raise ConfigError(f"Two models are called {file.name!r}. Give one of their files another name.")
    return file.name, {"model": str(file)}


def base_of(model: str) -> str:
    """Return the named model whose looks and layers a model has: itself, or what it was taught on.

    >>> base_of("mini")
    'mini'
    """
    card = ModelCard.read(taught[model]) if model in taught else None
    return card.base if card else model


def classes_of(model: str) -> list[str]:
    """Return the classes of a taught model as objectives name them.

    >>> classes_of("mini")
    []
    """
    card = ModelCard.read(taught[model]) if model in taught else None
    return [f"class:{normalized(name)}" for name in card.classes] if card else []


@functools.cache
def layers_of(model: str) -> list[zoo.LayerInfo]:
    """Return the layers of a model at hand, worked out once."""
    return zoo.layers(str(taught[model]) if model in taught else model)
