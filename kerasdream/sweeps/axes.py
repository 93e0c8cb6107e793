"""The axes of a sweep: which settings vary, what values they take, and how those read on a label or in a file name."""

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.objectives import Objective

LONGEST_NAME = 120  # characters of a file name
Settings = dict[str, Any]  # whatever a user may give for a knob, checked when it becomes a DreamConfig
Axes = dict[str, list[Any]]


def axes_of(given: Settings) -> Axes:
    """Return the settings that vary, each with its values.

    >>> axes_of({"step": [0.01, 0.04], "iterations": 10, "jitter": range(3)})
    {'step': [0.01, 0.04], 'jitter': [0, 1, 2]}
    """
    return {name: values for name, value in given.items() if (values := axis_of(name, value)) is not None}


def axis_of(name: str, value: Any) -> list[Any] | None:
    """Return the values that a setting takes in turn, without repetitions, or None where it has one value.

    A tuple is one value, such as a step for each octave. ConfigError for an empty list, and for layers in a form that
    is no list of objectives.

    >>> axis_of("step", [0.01, 0.04, 0.01])
    [0.01, 0.04]
    """
    if name == "variants" and value:
        return list(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | tuple):
        value = list(value)
    elif getattr(value, "ndim", 0) == 1:  # a row of numbers is no picture
        value = value.tolist()
    if not isinstance(value, list):
        return None
    if not value:
        raise ConfigError(f"{name}=[] was given; a list of one or more values was expected.")
    values = [value[i] for i in range(len(value)) if not any(same(value[i], earlier) for earlier in value[:i])]
    if name == "layers" and any(isinstance(one, tuple) for one in values):
        raise ConfigError(
            f"layers={value!r} was given; a list of objectives was expected, such as ['mixed3', 'mixed5']."
        )
    return values


def same(a: object, b: object) -> bool:
    """Return whether two values are equal: arrays and pictures only where they are the same object.

    >>> same((1, "a"), (1, "a"))
    True
    """
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    plain = (str, int, float, bool, type(None), Mapping, DreamConfig, os.PathLike)
    return a is b or (isinstance(a, plain) and isinstance(b, plain) and bool(a == b))


def label_of(values: Settings) -> str:
    """Return the text of a cell's label.

    >>> label_of({"step": 0.01, "variants": "plain"})
    'step 0.01, plain'
    """
    texts = {name: text_of(value) for name, value in values.items()}
    return ", ".join(text if name == "variants" else f"{name} {text}" for name, text in texts.items())


def text_of(value: object) -> str:
    """Return a value as text: paths without their folders, models by their names.

    >>> text_of((0.03, 0.02, 0.01))
    '0.03 0.02 0.01'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name}*{weight:g}" for name, weight in value.items())
    if isinstance(value, Objective):
        return str(value.without_folders())
    if isinstance(value, tuple):
        return " ".join(map(text_of, value))
    if isinstance(value, os.PathLike) or (isinstance(value, str) and os.sep in value and os.path.exists(value)):
        return os.path.basename(value)
    if isinstance(value, keras.Model):
        return str(value.name)
    return str(value) if isinstance(value, str | int | float | bool | None) else f"<{type(value).__name__}>"


def file_stem(values: Settings) -> str:
    """Return the name of a cell's file, without its ending: the same for the same values, whatever else is swept.

    Names that had to be changed or cut end in a checksum of the whole text, so that they stay apart.

    >>> file_stem({"step": 0.01, "iterations": 10})
    'step-0.01_iterations-10'
    """
    text = "_".join(f"{name}-{text_of(value)}" for name, value in values.items()) or "dream"
    plain = re.sub(r"[^\w.+-]+", "-", text).strip("-")
    return plain if plain == text and len(plain) < LONGEST_NAME else f"{plain[:100]}-{zlib.crc32(text.encode()):08x}"
