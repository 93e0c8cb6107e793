"""The flags of a program, many of them made from knobs, with their help."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from absl import flags

from kerasdream.config import BACKENDS
from kerasdream.knobs import Knob


def split_at_commas(text: str) -> list[str]:
    """Return the parts of a text between its commas; those inside brackets separate nothing.

    >>> split_at_commas("mixed3, guide(mixed4, a.jpg)")
    ['mixed3', 'guide(mixed4, a.jpg)']
    """
    found, depth = [""], 0
    for character in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def one_or_more(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads a number, or several with commas between them."""
    return lambda text: [read(part) for part in text.split(",")] if "," in text else read(text)


READ_TEXT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "ints": one_or_more(int),
    "floats": one_or_more(float),
}


class KnobParser:
    """Reads the text of a flag as the value of its knob, as an `ArgumentParser` of absl does."""

    def __init__(self, name: str, knob: Knob):
        self.name, self.knob = name, knob
        self.syntactic_help = knob.expectation()

    def parse(self, argument: Any) -> Any:
        """Return the value; `none` is None where the knob allows it, numbers are read as Python reads them."""
        if argument is None or (self.knob.optional and str(argument).lower() == "none"):
            return None
        try:
            value = READ_TEXT.get(self.knob.kind, str)(argument)
        except (TypeError, ValueError):
            value = argument  # the knob's own check says what was expected
        return self.knob.check(self.name, value)

    def flag_type(self) -> str:
        """Return the kind of the knob."""
        return self.knob.kind


class Flags:
    """The flags of a program, defined once, in the order of its help.

    >>> flags = Flags()
    >>> flags.text("output", "file to write")
    >>> flags.parse(["kerasdream", "sky.jpg", "--output=dream.png"]), flags["output"]
    (['sky.jpg'], 'dream.png')
    """

    def __init__(self) -> None:
        self.values = flags.FlagValues()
        self.lines: list[str] = []  # of the help

    def __getitem__(self, name: str) -> Any:
        return self.values[name].value

    def given(self, knobs: Mapping[str, Knob]) -> dict[str, Any]:
        """Return the values of the knobs that a command line named."""
        return {name: self[name] for name in knobs if self.values[name].present}

    def knobs(self, knobs: Mapping[str, Knob], defaults: Mapping[str, object]) -> None:
        """Define a flag for each knob; its help states the range and the default."""
        for name, knob in knobs.items():
            if knob.kind == "bool":
                flags.DEFINE_boolean(name, None, knob.help, flag_values=self.values)
            else:
                flags.DEFINE(KnobParser(name, knob), name, None, knob.help, flag_values=self.values)
            default = "" if defaults[name] is None else f"={defaults[name]}"
            expected = "" if knob.kind in ("str", "bool") else f" ({knob.expectation()})"
            self.line(f"{'[no]' if knob.kind == 'bool' else ''}{name}{default}", f"{knob.help}{expected}")

    def text(self, name: str, help: str, default: str | None = None) -> None:
        """Define a flag of any text."""
        flags.DEFINE_string(name, default, help, flag_values=self.values)
        self.line(name if default is None else f"{name}={default}", help)

    def texts(self, name: str, help: str) -> None:
        """Define a flag that may be given several times."""
        flags.DEFINE_multi_string(name, [], help, flag_values=self.values)
        self.line(name, help)

    def switch_or_text(self, name: str, help: str) -> None:
        """Define a flag that is on, off or any text: `--name` is "true", `--noname` is "false"."""
        flag = flags.Flag(flags.ArgumentParser(), None, name, None, help, boolean=True)
        flags.DEFINE_flag(flag, flag_values=self.values)
        self.line(f"[no]{name}[=TEXT]", help)

    def number(self, name: str, help: str, default: int | None, low: int) -> None:
        """Define a flag of a whole number, so much or more."""
        flags.DEFINE_integer(name, default, help, low, flag_values=self.values)
        self.line(name if default is None else f"{name}={default}", help)

    def switch(self, name: str, help: str, default: bool = False) -> None:
        """Define a flag that is on or off."""
        flags.DEFINE_boolean(name, default, help, flag_values=self.values)
        self.line(f"[no]{name}", help)

    def action(self, name: str, help: str, short: str | None = None) -> None:
        """Define a flag that makes the program do something else, and end."""
        flags.DEFINE_boolean(name, False, help, short_name=short, flag_values=self.values)
        self.line(name, f"{help}, and end")

    def backend(self) -> None:
        """Define the flag of the framework."""
        define_backend(self.values)
        self.line("backend", "framework that Keras runs on; default: Keras's own setting")

    def line(self, flag: str, help: str) -> None:
        """Add a flag to the help."""
        self.lines += [f"  --{flag}", f"        {help}"]

    def heading(self, text: str) -> None:
        """Begin a part of the help."""
        self.lines += ["", text] if self.lines else [text]

    def parse(self, argv: Sequence[str]) -> list[str]:
        """Read a command line; returns what is no flag."""
        return list(self.values(list(argv))[1:])


def define_backend(values: flags.FlagValues) -> None:
    """Define the flag of the framework."""
    flags.DEFINE_enum("backend", None, BACKENDS, "framework that Keras runs on", flag_values=values)


def set_backend(argv: Sequence[str]) -> None:
    """Let Keras, which is not loaded yet, run on the framework that a command line names."""
    values = flags.FlagValues()
    define_backend(values)
    values(list(argv), known_only=True)
    if values["backend"].value:
        os.environ["KERAS_BACKEND"] = values["backend"].value
