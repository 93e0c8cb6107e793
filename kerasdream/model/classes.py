"""The classes that a model tells apart: their numbers by name."""

import functools
import importlib.resources

from kerasdream.errors import LayerError, suggest

IMAGENET = 1000


@functools.cache
def imagenet() -> tuple[str, ...]:
    """The names of ImageNet's classes, in the order of every Keras application.

    >>> imagenet()[281]
    'tabby'
    """
    text = importlib.resources.files("kerasdream.model").joinpath("imagenet.txt").read_text("utf-8")
    return tuple(text.split())


def number_of(name: str, count: int) -> int:
    """The number of a class, given by number or by ImageNet name, in a model of `count` classes.

    >>> number_of("tabby", 1000)
    281
    """
    if name.isdecimal():
        if int(name) >= count:
            raise LayerError(f"The class {name} was asked for; the model has {count}, 0 to {count - 1}.")
        return int(name)
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
