"""Every knob of a dream, once: its default, its range and what it does.

Keyword arguments, command-line flags and the settings saved with a picture are all made from here.
"""

import dataclasses
import math
import numbers
import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasdream.errors import ConfigError, suggest

Layers = tuple[tuple[str, float], ...]


@dataclasses.dataclass(frozen=True)
class Knob:
    """What a knob takes: a kind (int, float, str or layers), a range, and whether None is allowed."""

    help: str
    kind: str
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    optional: bool = False

    def expectation(self) -> str:
        """The range in words.

        >>> Knob("", "int", low=1).expectation()
        'a whole number, 1 or more'
        """
        words = {
            "int": "a whole number",
            "float": "a number",
            "str": "text",
            "layers": "a layer name, 'name=weight,name=weight', or {name: weight}",
        }[self.kind]
        if self.low > -math.inf and self.high < math.inf:
            words += f" from {self.low:.10g} to {self.high:.10g}"
        elif self.low > -math.inf:
            words += f", {self.low:.10g} or more"
        elif self.above > -math.inf:
            words += f" above {self.above:.10g}"
        return words + (", or None" if self.optional else "")

    def check(self, name: str, value: Any) -> Any:
        """The value in its own type, or ConfigError."""
        if value is None and self.optional:
            return None
        try:
            checked = READERS[self.kind](value)
        except (TypeError, ValueError) as fault:
            detail = f" ({fault})" if self.kind == "layers" else ""
            raise ConfigError(f"{name}={value!r} was given; {self.expectation()} was expected{detail}.") from None
        if isinstance(checked, int | float) and not (self.low <= checked <= self.high and checked > self.above):
            raise ConfigError(f"{name}={value!r} is out of range; {self.expectation()} was expected.")
        return checked


def read_int(value: Any) -> int:
    """A whole number; True, 2.5 and "3" are none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError
    return int(value)


def read_float(value: Any) -> float:
    """A finite number; True and "3" are none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise TypeError
    return float(value)


def read_text(value: Any) -> str:
    """Text or a path, not empty."""
    text = os.fspath(value)
    if not isinstance(text, str) or not text:
        raise TypeError
    return text


def read_layers(value: str | Mapping[str, float] | Sequence[Any]) -> Layers:
    """Layers and weights from any of the forms that users write.

    >>> read_layers("mixed4=1.0,mixed5") == read_layers({"mixed4": 1, "mixed5": 1}) == read_layers(["mixed4", "mixed5"])
    True
    """
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    pairs = (
        value.items()
        if isinstance(value, Mapping)
        else [part if not isinstance(part, str) else split(part) for part in value]
    )
    layers = {}
    for name, weight in pairs:
        if not isinstance(name, str) or not name:
            raise ValueError(f"{name!r} is not a layer name")
        if name in layers:
            raise ValueError(f"{name!r} is named twice")
        layers[name] = read_float(weight)
    if not layers:
        raise ValueError("no layer is named")
    return tuple(layers.items())


def split(part: str) -> tuple[str, float]:
    """`"mixed4=2"` as a name and a weight; the weight is 1 where none is written."""
    name, equals, weight = part.rpartition("=")
    return (name.strip(), float(weight)) if equals else (part, 1.0)


READERS = {"int": read_int, "float": read_float, "str": read_text, "layers": read_layers}


def knob(default: Any, help: str, kind: str, **limits: Any) -> Any:
    """A dataclass field that carries its Knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(help, kind, **limits)})


@dataclasses.dataclass(frozen=True)
class DreamConfig:
    """All settings of a dream: frozen, checked, comparable. The defaults are those of the Keras example.

    >>> DreamConfig(step=0.02).replace(num_octave=4).step
    0.02
    """

    model: str = knob(
        "inception_v3", "network that dreams: inception_v3, mini (embedded), mobilenet_v2 or vgg16", "str"
    )
    weights: str = knob("imagenet", "imagenet (from Keras's cache or download), a weights file, or random", "str")
    layers: Layers | None = knob(
        None, "layers to follow and their weights; unset: the model's own choice", "layers", optional=True
    )
    step: float = knob(0.01, "how far each step moves the picture, in units of a range from -1 to 1", "float", above=0)
    num_octave: int = knob(3, "sizes at which the picture is dreamt, the last one its own", "int", low=1, high=100)
    octave_scale: float = knob(1.4, "ratio between neighbouring sizes", "float", above=1)
    iterations: int = knob(20, "steps at each size", "int", low=1)
    max_loss: float | None = knob(
        15.0, "a size ends with the step whose loss passed this; none: never", "float", above=0, optional=True
    )
    seed: int = knob(0, "for everything random: the weights of weights=random", "int", low=0, high=2**32 - 1)
    device: str | None = knob(
        None, "where to compute: cpu, gpu, gpu:1; unset: a GPU where there is one", "str", optional=True
    )
    max_pixels: int = knob(64_000_000, "largest picture to accept, in pixels", "int", low=1)

    def __post_init__(self) -> None:
        for name, entry in KNOBS.items():
            object.__setattr__(self, name, entry.check(name, getattr(self, name)))

    def replace(self, **changes: Any) -> "DreamConfig":
        """A copy with some settings changed; an unknown name gets the nearest known one."""
        check_names(changes)
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values that JSON holds and that `DreamConfig(**values)` takes back."""
        values = {name: getattr(self, name) for name in KNOBS}
        return values | {"layers": None if self.layers is None else dict(self.layers)}


KNOBS: dict[str, Knob] = {field.name: field.metadata["knob"] for field in dataclasses.fields(DreamConfig)}
DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(DreamConfig)}


def check_names(settings: Mapping[str, Any]) -> None:
    """ConfigError where a setting has a name that no knob has."""
    for name in settings:
        if name not in KNOBS:
            raise ConfigError(
                f"There is no setting {name!r}.{suggest(name, KNOBS)} The settings are: {', '.join(KNOBS)}."
            )
