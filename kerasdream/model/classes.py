"""The classes that a model tells apart: their numbers by name, and the categories they fall into."""

import csv
import functools
import importlib.resources
from collections.abc import Sequence

from kerasdream.errors import LayerError, suggest

IMAGENET = 1000
EYED = ("dogs", "cats", "other mammals", "birds", "reptiles and fish")  # categories of animals that look back


@functools.cache
def table() -> tuple[tuple[str, str, str], ...]:
    """Return WordNet id, name and category of ImageNet's classes, in the order of every Keras application."""
    text = importlib.resources.files("kerasdream.model").joinpath("imagenet.csv").read_text("utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    return tuple((wordnet_id, name, category) for _, wordnet_id, name, category in rows)


def imagenet() -> tuple[str, ...]:
    """Return the names of ImageNet's classes.

    >>> imagenet()[281]
    'tabby'
    """
    return tuple(name for _, name, _ in table())


def wordnet_ids() -> tuple[str, ...]:
    """Return the WordNet ids of ImageNet's classes.

    >>> wordnet_ids()[281]
    'n02123045'
    """
    return tuple(wordnet_id for wordnet_id, _, _ in table())


def category_of(number: int) -> str:
    """Return the category of a class of ImageNet.

    >>> category_of(281)
    'cats'
    """
    return table()[number][2]


@functools.cache
def categories() -> tuple[str, ...]:
    """Return all categories, in the order in which they first come.

    >>> categories()[0]
    'reptiles and fish'
    """
    return tuple(dict.fromkeys(category for _, _, category in table()))


def number_of(name: str, count: int, names: Sequence[str] = ()) -> int:
    """Return the number of a class, given by number or by name, in a model of `count` classes.

    `names` are the model's own, where it has some; a model of 1000 classes without them has ImageNet's. Raises
    LayerError for a number that is too large, and for a name that the model does not know.

    >>> number_of("tabby", 1000), number_of("sea_shells", 2, ["stones", "Sea shells"])
    (281, 1)
    """
    own = [normalized(one) for one in names]
    if name in own:
        return own.index(name)
    if name.isdecimal():
        if int(name) >= count:
            raise LayerError(f"The class {name} was asked for; the model has {count}, 0 to {count - 1}.")
        return int(name)
    if own:
        raise LayerError(f"The model has no class {name!r}.{suggest(name, own)} Its classes are {', '.join(own)}.")
    if count != IMAGENET:
        raise LayerError(
            f"The class {name!r} was asked for; the model has {count} classes without names. A number from 0 to "
            f"{count - 1} was expected."
        )
    if name not in imagenet():
        raise LayerError(
            f"ImageNet has no class {name!r}.{suggest(name, imagenet())} A name such as class:tabby, or a number "
            "from 0 to 999, was expected."
        )
    return imagenet().index(name)


def normalized(name: str) -> str:
    """Return the name of a class as an objective has it.

    >>> normalized("Sea shells")
    'sea_shells'
    """
    return name.strip().replace(" ", "_").lower()
