"""Knobs: what a setting takes, how it is read and checked, and where it is shown."""

import dataclasses
import math
import numbers
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasdream.errors import ConfigError, suggest
from kerasdream.objectives import objective
from kerasdream.pixels import read_picture

UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([MGT]B)", re.IGNORECASE)
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "ints": "a whole number",
    "floats": "a number",
    "str": "text",
    "memory": "a size such as '2GB' or '500MB'",
    "bool": "True or False",
    "objective": "a layer name, 'name=weight,name=weight', {name: weight}, or another objective",
    "picture": "the path of a picture, or its pixels",
}  # what each kind expects


@dataclasses.dataclass(frozen=True)
class Knob:
    """What a setting takes: a kind, a range or choices, and whether None is allowed."""

    help: str
    kind: str  # a key of READERS; ints and floats are one number or one per octave
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    optional: bool = False
    choices: tuple[str, ...] = ()
    compiled: bool = False  # whether the compiled step depends on it
    machine: bool = False  # whether it limits the machine, so that a stranger's picture may not set it
    page: str = ""  # group of the studio's page that it stands in; none: it is not on the page
    page_high: float = math.inf  # largest value on the page

    def expectation(self) -> str:
        """Return the kind and the range in words.

        >>> Knob("", "int", low=1).expectation()
        'a whole number, 1 or more'
        """
        words = WORDS[self.kind] if self.kind in WORDS else " or ".join(map(repr, self.choices))
        if self.low > -math.inf and self.high < math.inf:
            words += f" from {self.low:.10g} to {self.high:.10g}"
        elif self.low > -math.inf:
            words += f", {self.low:.10g} or more"
        elif self.above > -math.inf:
            words += f" above {self.above:.10g}" + (f", {self.high:.10g} at most" if self.high < math.inf else "")
        if self.kind in ("ints", "floats"):
            words += ", or a list of them"
        return words + (", or None" if self.optional else "")

    def check(self, name: str, value: object) -> Any:
        """Return a value of the setting `name` in its own type; ConfigError where it is none."""
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
    """Return a whole number; True, 2.5 and "3" are none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError
    return int(value)


def read_float(value: Any) -> float:
    """Return a finite number; True and "3" are none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise TypeError
    return float(value)


def read_text(value: object) -> str:
    """Return text or a path, not empty."""
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text:
        raise TypeError
    return text


def read_memory(value: object) -> str:
    """Return a size in bytes with its unit."""
    if not isinstance(value, str) or not MEMORY.fullmatch(value.strip()) or not bytes_of(value):
        raise TypeError
    return value.strip()


def bytes_of(memory: str) -> int:
    """Return a size with its unit as a number of bytes.

    >>> bytes_of("1.5GB")
    1500000000
    """
    found = MEMORY.fullmatch(memory.strip())
    assert found is not None
    return int(float(found[1]) * UNITS[found[2].upper()])


def read_bool(value: object) -> bool:
    """Return True or False; 1 and "yes" are none."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def one_or_more(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a reader of one value, or of a sequence of them as a tuple."""

    def reader(value: Any) -> Any:
        if getattr(value, "ndim", 0) == 1:
            value = value.tolist()
        if not isinstance(value, Sequence) or isinstance(value, str):
            return read(value)
        if not value:
            raise TypeError
        return tuple(map(read, value))

    return reader


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


def knob(default: Any, help: str, kind: str, **more: Any) -> Any:
    """Make a dataclass field that carries its Knob; `more` are the other fields of Knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(help, kind, **more)})


def knobs_of(config: type) -> dict[str, Knob]:
    """Return the knobs of a dataclass, by name."""
    return {field.name: field.metadata["knob"] for field in dataclasses.fields(config)}


def defaults_of(config: type) -> dict[str, Any]:
    """Return the defaults of a dataclass, by name."""
    return {field.name: field.default for field in dataclasses.fields(config)}


def check_knobs(config: object, knobs: Mapping[str, Knob]) -> None:
    """Put every setting of a frozen dataclass into its own type; ConfigError where that fails."""
    for name, entry in knobs.items():
        object.__setattr__(config, name, entry.check(name, getattr(config, name)))


def check_names(settings: Mapping[str, object], knobs: Mapping[str, Knob]) -> None:
    """Raise ConfigError where a setting has a name that no knob has."""
    for name in settings:
        if name not in knobs:
            raise ConfigError(
                f"There is no setting {name!r}.{suggest(name, knobs)} The settings are: {', '.join(knobs)}."
            )


def knobs_help(knobs: Mapping[str, Knob], defaults: Mapping[str, object], indent: str = "    ") -> str:
    """Return the name, help, range and default of every knob, for a docstring."""
    lines = []
    for name, entry in knobs.items():
        expected = "" if entry.kind in ("str", "bool") else f" ({entry.expectation()})"
        lines.append(f"{indent}{name}: {entry.help}{expected}; default {defaults[name]!r}")
    return "\n".join(lines)
