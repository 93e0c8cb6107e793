"""Every knob of a dream, once: its default, its range and what it does.

Keyword arguments, command-line flags and the settings saved with a picture are all made from here.
"""

import dataclasses
import math
import numbers
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasdream.errors import ConfigError, suggest
from kerasdream.objectives import Guide, Inside, Objective, Pixels, objective, read_picture

BACKENDS = ("tensorflow", "jax", "torch")  # what Keras may run on


@dataclasses.dataclass(frozen=True)
class Knob:
    """What a knob takes: a kind, a range or choices, and whether None is allowed."""

    help: str
    kind: str  # a key of READERS; ints and floats are one number or one per octave
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    optional: bool = False
    choices: tuple[str, ...] = ()

    def expectation(self) -> str:
        """The range in words.

        >>> Knob("", "int", low=1).expectation()
        'a whole number, 1 or more'
        """
        words = {
            "int": "a whole number",
            "float": "a number",
            "ints": "a whole number",
            "floats": "a number",
            "str": "text",
            "memory": "a size such as '2GB' or '500MB'",
            "bool": "True or False",
            "choice": " or ".join(map(repr, self.choices)),
            "objective": "a layer name, 'name=weight,name=weight', {name: weight}, or another objective",
            "picture": "the path of a picture, or its pixels",
        }[self.kind]
        if self.low > -math.inf and self.high < math.inf:
            words += f" from {self.low:.10g} to {self.high:.10g}"
        elif self.low > -math.inf:
            words += f", {self.low:.10g} or more"
        elif self.above > -math.inf:
            words += f" above {self.above:.10g}" + (f", {self.high:.10g} at most" if self.high < math.inf else "")
        if self.kind in ("ints", "floats"):
            words += ", or a list of them"
        return words + (", or None" if self.optional else "")

    def check(self, name: str, value: Any) -> Any:
        """The value in its own type, or ConfigError."""
        if value is None and self.optional:
            return None
        try:
            checked = READERS[self.kind](value)
        except (TypeError, ValueError, OverflowError, RecursionError, ConfigError) as fault:
            detail = f" ({fault})" if isinstance(fault, ConfigError) else ""
            shown = f"An array of shape {value.shape} for {name}" if hasattr(value, "shape") else f"{name}={value!r}"
            raise ConfigError(f"{shown} was given; {self.expectation()} was expected{detail}.") from None
        if self.choices and checked not in self.choices:
            raise ConfigError(
                f"{name}={value!r} was given; {self.expectation()} was expected.{suggest(checked, self.choices)}"
            )
        for number in checked if isinstance(checked, tuple) else [checked]:
            if isinstance(number, int | float) and not (self.low <= number <= self.high and number > self.above):
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


def read_memory(value: Any) -> str:
    """A size in bytes with its unit."""
    if not isinstance(value, str) or not MEMORY.fullmatch(value.strip()) or not bytes_of(value):
        raise TypeError
    return value.strip()


def bytes_of(memory: str) -> int:
    """A size in words as a number of bytes.

    >>> bytes_of("1.5GB")
    1500000000
    """
    number, unit = MEMORY.fullmatch(memory.strip()).groups()  # type: ignore[union-attr]
    return int(float(number) * UNITS[unit.upper()])


def read_bool(value: Any) -> bool:
    """True or False; 1 and "yes" are none."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def one_or_more(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A number, or a sequence of them as a tuple."""

    def reader(value: Any) -> Any:
        if getattr(value, "ndim", 0) == 1:
            value = value.tolist()
        if not isinstance(value, Sequence) or isinstance(value, str):
            return read(value)
        if not value:
            raise TypeError
        return tuple(map(read, value))

    return reader


UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([MGT]B)", re.IGNORECASE)

READERS: dict[str, Callable[[Any], Any]] = {
    "int": read_int,
    "float": read_float,
    "ints": one_or_more(read_int),
    "floats": one_or_more(read_float),
    "str": read_text,
    "choice": read_text,
    "bool": read_bool,
    "memory": read_memory,
    "objective": objective,
    "picture": read_picture,
}


def knob(default: Any, help: str, kind: str, **limits: Any) -> Any:
    """A dataclass field that carries its Knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(help, kind, **limits)})


def knobs_of(config: type) -> dict[str, Knob]:
    """The knobs of a dataclass, by name."""
    return {field.name: field.metadata["knob"] for field in dataclasses.fields(config)}


def check_knobs(config: Any, knobs: Mapping[str, Knob]) -> None:
    """Put every setting of a frozen dataclass into its own type, or ConfigError."""
    for name, entry in knobs.items():
        object.__setattr__(config, name, entry.check(name, getattr(config, name)))


@dataclasses.dataclass(frozen=True)
class DreamConfig:
    """All settings of a dream: frozen, checked, comparable. The defaults are those of the Keras example.

    >>> DreamConfig(step=0.02).replace(num_octave=4).step
    0.02
    """

    model: str = knob(
        "inception_v3", "network that dreams: inception_v3, mini (embedded), or another of docs/models.md", "str"
    )
    weights: str = knob("imagenet", "imagenet (from Keras's cache or download), a weights file, or random", "str")
    layers: Objective | None = knob(
        None,
        "what to follow: layers and their weights, or any objective; unset: the model's own",
        "objective",
        optional=True,
    )
    preset: str = knob("keras", "settings to begin from, by name: see --list_presets", "str")
    # The climb
    step: float | tuple[float, ...] = knob(
        0.01, "how far each step moves the picture, in units of a range from -1 to 1", "floats", above=0
    )
    iterations: int | tuple[int, ...] = knob(20, "steps at each size", "ints", low=1)
    max_loss: float | None = knob(
        15.0, "a size ends with the step whose loss passed this; none: never", "float", above=0, optional=True
    )
    num_octave: int = knob(3, "sizes at which the picture is dreamt", "int", low=1, high=100)
    octave_scale: float = knob(1.4, "ratio between neighbouring sizes", "float", above=1, high=100)
    octaves_above: int = knob(0, "how many of the sizes lie above the picture's own", "int", low=0, high=10)
    detail: str = knob(
        "kept",
        "between sizes: put lost detail back, carry only what was added, or neither",
        "choice",
        choices=("kept", "added", "none"),
    )
    normalize: str = knob(
        "mean",
        "what a gradient is divided by: mean absolute, deviation, the same about its mean, or root mean square",
        "choice",
        choices=("mean", "std", "standard", "l2"),
    )
    optimizer: str = knob("ascent", "plain steps uphill, or Adam's", "choice", choices=("ascent", "adam"))
    clip: bool = knob(False, "keep the picture in its range after each step", "bool")
    # Steadiness
    jitter: int = knob(0, "largest random roll of the picture at each step, in pixels", "int", low=0, high=65536)
    turns: bool = knob(False, "random mirrors and quarter turns at each step", "bool")
    smooth_samples: int = knob(0, "SmoothGrad: noisy copies whose gradients are averaged; 0: none", "int", low=0)
    smooth_noise: float = knob(0.2, "SmoothGrad: deviation of that noise, in units of -1 to 1", "float", low=0)
    gradient_blur: float | tuple[float, ...] = knob(
        0.0, "Gaussian smoothing of the gradient: sigma in pixels", "floats", low=0, high=200
    )
    blur_growth: float = knob(0.0, "how much sigma grows over the steps of a size", "float", low=0, high=200)
    blur_kind: str = knob(
        "gaussian",
        "one Gaussian, or the mean of three (half, one and two sigma) in 9 x 9 pixels",
        "choice",
        choices=("gaussian", "cascade"),
    )
    gradient_scales: int = knob(
        0, "levels of a Laplacian pyramid of the gradient, each made equally strong; 0: none", "int", low=0, high=10
    )
    # The picture
    mask: str | Pixels | None = knob(
        None, "picture that is white where to dream; where it is black nothing changes", "picture", optional=True
    )
    strength: float = knob(1.0, "how much of the dream to blend into the original", "float", low=0, high=1)
    keep_color: bool = knob(False, "change lightness only", "bool")
    snapshots: int | tuple[int, ...] | None = knob(
        None,
        "steps, counted from 1, after which to keep the picture; one number n: every n",
        "ints",
        low=1,
        optional=True,
    )
    # The machine
    seed: int = knob(0, "for everything random", "int", low=0, high=2**32 - 1)
    precision: str = knob(
        "float32",
        "numbers the network computes in; auto: bfloat16 where the processor or GPU has it in hardware",
        "choice",
        choices=("float32", "bfloat16", "auto"),
    )
    device: str | None = knob(
        None, "where to compute: cpu, gpu, gpu:1; unset: a GPU where there is one", "str", optional=True
    )
    memory: str = knob("2GB", "for the gradient of a picture; a picture that needs more is climbed in tiles", "memory")
    tile: int | None = knob(
        None,
        "side of the tiles that a larger picture is climbed in, in pixels; unset: as memory allows",
        "int",
        low=64,
        optional=True,
    )
    overlap: int = knob(96, "by how many pixels neighbouring tiles overlap, half a tile at most", "int", low=0)
    max_pixels: int = knob(64_000_000, "largest picture to accept, in pixels", "int", low=1)

    def __post_init__(self) -> None:
        check_knobs(self, KNOBS)
        for name in ("step", "iterations", "gradient_blur"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != self.num_octave:
                raise ConfigError(
                    f"{name}={list(value)} has {len(value)} numbers; one, or one for each of num_octave="
                    f"{self.num_octave}, was expected."
                )
        if self.octaves_above >= self.num_octave:
            raise ConfigError(
                f"octaves_above={self.octaves_above} was given with num_octave={self.num_octave}; fewer were expected."
            )

    def at(self, name: str, octave: int) -> Any:
        """A setting at one octave, where it may be a list: `config.at("step", 0)`."""
        value = getattr(self, name)
        return value[octave] if isinstance(value, tuple) else value

    def replace(self, **changes: Any) -> "DreamConfig":
        """A copy with some settings changed; an unknown name gets the nearest known one."""
        check_names(changes)
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values that JSON holds and that `DreamConfig(**values)` takes back."""
        values = {name: getattr(self, name) for name in KNOBS}
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        mask = None if self.mask is None else str(self.mask)
        return values | {"layers": None if self.layers is None else self.layers.as_dict(), "mask": mask}


KNOBS: dict[str, Knob] = knobs_of(DreamConfig)
DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(DreamConfig)}

OWN_WEIGHTS = "the model's own"  # stands for the weights of a user's model

# Limits of the machine: what the settings of a stranger's picture say of these does not count.
LIMITS = ("memory", "max_pixels")


def files_named(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files that a dream with these settings opens, by the setting that names them.

    >>> files_named({"mask": "clouds.png", "layers": "guide(mixed4, flowers.jpg)"})
    {'layers': ['flowers.jpg'], 'mask': ['clouds.png']}
    """
    found = {"layers": [], "mask": [settings.get("mask")], "weights": [settings.get("weights")]}
    if settings.get("layers") is not None:
        terms = [term for term, _ in KNOBS["layers"].check("layers", settings["layers"]).terms]
        found["layers"] = [term.mask for term in terms if isinstance(term, Inside)]
        terms = [term.term if isinstance(term, Inside) else term for term in terms]
        found["layers"] += [term.image for term in terms if isinstance(term, Guide)]
    paths = {name: [one for one in ones if isinstance(one, str) and is_file(one)] for name, ones in found.items()}
    return {name: ones for name, ones in paths.items() if ones}


def is_file(name: str) -> bool:
    """Whether a setting is a path, and neither the name of weights nor a stand-in for pixels."""
    return name not in ("imagenet", "random", OWN_WEIGHTS, "") and not name.startswith("<")


def check_names(settings: Mapping[str, Any], knobs: Mapping[str, Knob] = KNOBS) -> None:
    """ConfigError where a setting has a name that no knob has."""
    for name in settings:
        if name not in knobs:
            raise ConfigError(
                f"There is no setting {name!r}.{suggest(name, knobs)} The settings are: {', '.join(knobs)}."
            )
