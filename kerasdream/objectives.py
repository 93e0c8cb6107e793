"""What a dream wants more of: terms, sums of them with weights, and the text that says the same.

>>> objective("mixed4:150*2 + class:tabby") == 2 * Layer("mixed4", 150) + Class("tabby")
True
"""

import dataclasses
import hashlib
import math
import numbers
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasdream.errors import ConfigError

MEASURES = ("square", "mean", "norm")


@dataclasses.dataclass(frozen=True)
class Pixels:
    """A picture given as numbers: uint8, equal and hashable by value."""

    size: tuple[int, ...]
    data: bytes = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return f"<pixels {hashlib.sha256(self.data).hexdigest()[:8]}>"


def read_picture(value: Any) -> str | Pixels:
    """A path as text, or an array or PIL image of bytes (or floats from 0 to 1, or booleans) as Pixels."""
    if isinstance(value, Pixels):
        return value
    if isinstance(value, str | os.PathLike):
        if str(value).startswith("<"):
            raise ConfigError(f"{value!s} stands for a picture that was given as pixels; give the picture again.")
        return os.fspath(value)
    import numpy as np

    array = np.asarray(in_plain_mode(value) if hasattr(value, "mode") else value)
    if array.dtype == np.uint16:
        array = (array // 257).astype(np.uint8)
    if array.dtype.kind in "fb":
        array = np.round(np.clip(np.asarray(array, np.float64), 0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape:
        raise ConfigError(
            f"A picture of shape {array.shape} and dtype {array.dtype} was given; a path, or (H, W) or (H, W, 3) "
            "of uint8, uint16, booleans or floats from 0 to 1 was expected."
        )
    return Pixels(array.shape, array.tobytes())


def in_plain_mode(image: Any) -> Any:
    """A PIL image upright, and in grey or RGB: what its file would be read as."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return image if image.mode in ("1", "L", "RGB", "F") or image.mode.startswith("I;16") else image.convert("RGB")


class Wish:
    """What terms and sums have in common: `+`, `-` and `*` make an Objective of them."""

    def parts(self) -> tuple[tuple["Term", float], ...]:
        """The terms with their weights."""
        raise NotImplementedError

    def __add__(self, other: "Wish") -> "Objective":
        return Objective(self.parts() + other.parts()) if isinstance(other, Wish) else NotImplemented

    def __radd__(self, other: Any) -> "Wish":
        return self if other == 0 else NotImplemented  # so that sum([...]) works

    def __mul__(self, factor: float) -> "Objective":
        if isinstance(factor, bool) or not isinstance(factor, numbers.Real):
            return NotImplemented
        return Objective(tuple((term, weight * float(factor)) for term, weight in self.parts()))

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return self * -1

    def __sub__(self, other: "Wish") -> "Objective":
        return self + -other if isinstance(other, Wish) else NotImplemented

    def inside(self, mask: Any) -> "Objective":
        """The same, wished for where the mask is white only."""
        return Objective(tuple((Inside(term, mask), weight) for term, weight in self.parts()))

    def outside(self, mask: Any) -> "Objective":
        """The same, wished for where the mask is black only."""
        return Objective(tuple((Inside(term, mask, black=True), weight) for term, weight in self.parts()))

    def __repr__(self) -> str:
        return f"objective({str(self)!r})"


class Term(Wish):
    """One wish."""

    def parts(self) -> tuple[tuple["Term", float], ...]:
        return ((self, 1.0),)


@dataclasses.dataclass(frozen=True, repr=False)
class Objective(Wish):
    """A weighted sum of terms; equal terms are added up.

    >>> Objective(((Layer("mixed4"), 1.0),)) + 0.5 * Layer("mixed5")
    objective('mixed4 + mixed5*0.5')
    """

    terms: tuple[tuple[Term, float], ...]

    def __post_init__(self) -> None:
        weights: dict[Term, float] = {}
        for term, weight in self.terms:
            if not math.isfinite(weight):
                raise ConfigError(f"{term} has the weight {weight}; a finite number was expected.")
            weights[term] = weights.get(term, 0.0) + weight
        if not weights:
            raise ConfigError("no layer is named")
        object.__setattr__(self, "terms", tuple(weights.items()))

    def parts(self) -> tuple[tuple[Term, float], ...]:
        return self.terms

    def __str__(self) -> str:
        return " + ".join(str(term) + (f"*{weight!r}" if weight != 1 else "") for term, weight in self.terms)

    def layers(self) -> tuple[str, ...]:
        """The names of all layers that are looked at."""
        bare = [term.term if isinstance(term, Inside) else term for term, _ in self.terms]
        return tuple(dict.fromkeys(term.layer for term in bare if hasattr(term, "layer")))

    def is_plain(self) -> bool:
        """Whether it asks for more of whole layers only, as the Keras example does."""
        return all(term == Layer(getattr(term, "layer", "?")) and weight >= 0 for term, weight in self.terms)

    def without_folders(self) -> "Objective":
        """The same with the names of its files only: what may be written into a picture that others see."""

        names: dict[str, str] = {}

        def file_name(image: str | Pixels) -> str | Pixels:
            """The path without its folders; two files of one name stay two."""
            if isinstance(image, Pixels) or image in names:
                return image if isinstance(image, Pixels) else names[image]
            name = os.path.basename(image)
            while name in names.values():
                name = f"other-{name}"
            names[image] = name
            return name

        def bare(term: Any) -> Any:
            if isinstance(term, Inside):
                term = dataclasses.replace(term, term=bare(term.term), mask=file_name(term.mask))
            elif isinstance(term, Guide):
                term = dataclasses.replace(term, image=file_name(term.image))
            return term

        return Objective(tuple((bare(term), weight) for term, weight in self.terms))

    def as_dict(self) -> dict[str, float]:
        """The terms in words, with their weights: what `objective` and JSON take."""
        return {str(term): weight for term, weight in self.terms}


@dataclasses.dataclass(frozen=True, repr=False)
class Layer(Term):
    """A whole layer, some channels of it, or one neuron.

    `at` is a cell (row, column) of the layer at the picture's full size, or "centre". `pick` takes, instead of
    numbered channels, those that the picture already excites: "strong5" the most, "weak5" the least, chosen from
    the first octave, or in every one with "strong5/octave". `measure`: "square" is the Keras example's mean square
    inside a border, "mean" the mean, "norm" the half sum of squares of Google's notebook.

    >>> str(Layer("mixed4", (30, 150), measure="mean"))
    'mean(mixed4:30,150)'
    """

    layer: str
    channels: tuple[int, ...] = ()
    at: tuple[int, int] | str | None = None
    pick: str | None = None
    measure: str = "square"

    def __post_init__(self) -> None:
        check_layer(self.layer)
        given: Any = (self.channels,) if isinstance(self.channels, numbers.Real) else self.channels
        channels = tuple(check_channel(self.layer, channel) for channel in given)
        object.__setattr__(self, "channels", channels)
        if self.at == "center":
            object.__setattr__(self, "at", "centre")
        if self.at is not None and self.at != "centre":
            if not isinstance(self.at, tuple | list) or len(self.at) != 2 or min(self.at) < 0:
                raise ConfigError(f"at={self.at!r} was given; a cell (row, column) or 'centre' was expected.")
            object.__setattr__(self, "at", tuple(int(cell) for cell in self.at))
        if self.at is not None and len(channels) != 1:
            raise ConfigError(
                f"A neuron of {self.layer!r} was asked for with {len(channels)} channels; one was expected: "
                f"'{self.layer}:150@3,4'."
            )
        if self.pick is not None and (channels or not re.fullmatch(r"(strong|weak)[1-9]\d*(/octave)?", self.pick)):
            raise ConfigError(
                f"pick={self.pick!r} was given with {len(channels)} channels; 'strong5', 'weak5' or 'strong5/octave' "
                "without channels was expected."
            )
        if self.measure not in MEASURES:
            raise ConfigError(f"measure={self.measure!r} was given; {', '.join(MEASURES)} was expected.")

    def picks(self) -> tuple[int, bool, bool]:
        """How many channels are picked, whether the strongest, and whether anew in every octave."""
        found = re.fullmatch(r"(strong|weak)(\d+)(/octave)?", self.pick or "")
        return (int(found[2]), found[1] == "strong", bool(found[3])) if found else (0, False, False)

    def __str__(self) -> str:
        text = layer_text(self.layer)
        if self.pick:
            text += f":{self.pick}"
        if self.channels:
            text += ":" + ",".join(map(str, self.channels))
        if self.at is not None:
            text += "@" + (self.at if isinstance(self.at, str) else "{},{}".format(*self.at))
        return text if self.measure == "square" else f"{self.measure}({text})"


@dataclasses.dataclass(frozen=True, repr=False)
class Direction(Term):
    """A direction in the space of a layer's channels: the mean of the activations along it.

    >>> str(Direction("mixed4", {30: 1.0, 150: -0.5}))
    'direction(mixed4, 30=1.0, 150=-0.5)'
    """

    layer: str
    weights: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        check_layer(self.layer)
        given: Any = self.weights
        if getattr(given, "ndim", 1) != 1:
            raise ConfigError(
                f"The direction in {self.layer!r} has {given.ndim} axes; one number a channel was expected."
            )
        pairs = given.items() if isinstance(given, Mapping) else given
        pairs = list(enumerate(pairs)) if not all(isinstance(pair, Sequence) for pair in pairs) else list(pairs)
        added: dict[int, float] = {}
        for channel, weight in pairs:
            if weight:
                channel = check_channel(self.layer, channel)
                added[channel] = added.get(channel, 0.0) + float(weight)
        weights = tuple(added.items())
        if not weights or not all(math.isfinite(weight) for _, weight in weights):
            raise ConfigError(
                f"The direction in {self.layer!r} is {given!r}; finite numbers, not all 0, were expected."
            )
        object.__setattr__(self, "weights", weights)

    def __str__(self) -> str:
        return f"direction({layer_text(self.layer)}, {', '.join(f'{c}={w!r}' for c, w in self.weights)})"


@dataclasses.dataclass(frozen=True, repr=False)
class Class(Term):
    """A class that the model tells apart, by number or ImageNet name: its score before the softmax.

    >>> str(Class("tabby"))
    'class:tabby'
    """

    name: str

    def __post_init__(self) -> None:
        if isinstance(self.name, bool) or not isinstance(self.name, str | numbers.Integral) or self.name == "":
            raise ConfigError(f"The class {self.name!r} was given; a number or a name was expected.")
        object.__setattr__(self, "name", str(self.name).strip().replace(" ", "_").lower())

    def __str__(self) -> str:
        return f"class:{name_text(self.name)}"


@dataclasses.dataclass(frozen=True, repr=False)
class Guide(Term):
    """What another picture shows: each place moves towards the guide's place that is most like it.

    `match` compares by "dot" product, as Google's notebook does, or "cosine".

    >>> str(Guide("mixed4", "flowers.jpg"))
    'guide(mixed4, flowers.jpg)'
    """

    layer: str
    image: Any
    match: str = "dot"

    def __post_init__(self) -> None:
        check_layer(self.layer)
        object.__setattr__(self, "image", read_picture(self.image))
        if self.match not in ("dot", "cosine"):
            raise ConfigError(f"match={self.match!r} was given; 'dot' or 'cosine' was expected.")

    def __str__(self) -> str:
        ending = "" if self.match == "dot" else f", {self.match}"
        return f"guide({layer_text(self.layer)}, {name_text(str(self.image))}{ending})"


@dataclasses.dataclass(frozen=True, repr=False)
class Content(Term):
    """To stay near the original: minus the mean squared distance of a layer's activations from those of it.

    >>> str(Layer("mixed4") + 10 * Content("mixed2"))
    'mixed4 + content(mixed2)*10.0'
    """

    layer: str

    def __post_init__(self) -> None:
        check_layer(self.layer)

    def __str__(self) -> str:
        return f"content({layer_text(self.layer)})"


@dataclasses.dataclass(frozen=True, repr=False)
class TotalVariation(Term):
    """To be smooth: minus the mean absolute difference of neighbouring pixels."""

    def __str__(self) -> str:
        return "tv()"


@dataclasses.dataclass(frozen=True, repr=False)
class L2(Term):
    """To be grey: minus the mean square of the picture, whose range is -1 to 1."""

    def __str__(self) -> str:
        return "l2()"


@dataclasses.dataclass(frozen=True, repr=False)
class Inside(Term):
    """A term that moves the picture only where a mask is white, or `black`.

    >>> str(Layer("mixed4").inside("face.png"))
    'inside(face.png, mixed4)'
    """

    term: Term
    mask: Any
    black: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.term, Inside):
            raise ConfigError(f"{self.term} has a mask already; one mask for each term was expected.")
        object.__setattr__(self, "mask", read_picture(self.mask))

    def __str__(self) -> str:
        return f"{'outside' if self.black else 'inside'}({name_text(str(self.mask))}, {self.term})"


def check_layer(name: Any) -> None:
    """ConfigError where a layer's name is no name."""
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{name!r} is not a layer name")


def check_channel(layer: str, channel: Any) -> int:
    """A channel's number, from 0."""
    if isinstance(channel, bool) or not isinstance(channel, numbers.Integral) or channel < 0:
        raise ConfigError(f"Channel {channel!r} of {layer!r} was asked for; a whole number, 0 or more, was expected.")
    return int(channel)


NAME = r"[A-Za-z_][\w./]*"
CHANNELS = r"\d+(?:\s*,\s*\d+(?![\d.]|\s*\*\s*[A-Za-z_'\"]))*"  # not the weight of a next term, as in "a:3, 2*b"
TOKEN = re.compile(
    rf"""\s*(?:
      class:(?P<class>'[^']*'|"[^"]*"|[\w./-]+)
    | (?P<call>direction|guide|content|inside|outside|tv|l2|square|mean|norm)\s*\(
    | (?P<layer>{NAME}|'[^']*'|"[^"]*")
      (?: : (?: (?P<pick>(?:strong|weak)\d+(?:/octave)?)
              | (?P<channels>{CHANNELS}) (?:@(?:(?P<centre>centre|center)|(?P<row>\d+)\s*,\s*(?P<column>\d+)))? ) )?
    )""",
    re.VERBOSE,
)
NUMBER = re.compile(r"\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
WORD = re.compile(r"""\s*('[^']*'|"[^"]*"|<[^>]*>|[^,()]+?)\s*(?=[,)])""")


def quoted(name: str) -> str:
    """A name in quotes that it does not hold itself."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def name_text(name: str) -> str:
    """A name as it is written in text: in quotes where it has odd characters."""
    return name if re.fullmatch(r"[\w./]+|<[^>]*>", name) else quoted(name)


def layer_text(name: str) -> str:
    """A layer's name as it is written in text: in quotes where it begins with a digit, too."""
    return name if re.fullmatch(NAME, name) else quoted(name)


def unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in ("'", '"') else text


class Parser:
    """Reads the text form, from left to right."""

    def __init__(self, text: str):
        self.text, self.place = text, 0

    def fail(self, expected: str) -> ConfigError:
        return ConfigError(f"{self.text!r} cannot be read from {self.text[self.place :]!r} on: {expected} was expected")

    def take(self, pattern: "re.Pattern[str]") -> "re.Match[str] | None":
        if found := pattern.match(self.text, self.place):
            self.place = found.end()
        return found

    def sign(self, characters: str) -> str:
        """The next character that is no space, where it is one of these; else nothing."""
        found = self.take(re.compile(rf"\s*([{re.escape(characters)}])"))
        return found[1] if found else ""

    def number(self) -> float:
        if found := self.take(NUMBER):
            return float(found[1].replace(" ", ""))
        raise self.fail("a number")

    def objective(self) -> Objective:
        terms: list[tuple[Term, float]] = []
        sign = self.sign("+-")
        while True:
            weight = -1.0 if sign == "-" else 1.0
            if (ahead := re.compile(r"\s*(\d[\d.eE+-]*|\.\d+)\s*\*").match(self.text, self.place)) is not None:
                weight *= float(ahead[1])
                self.place = ahead.end()
            term = self.term()
            while self.sign("*="):
                weight *= self.number()
            terms.append((term, weight))
            if not self.text[self.place :].strip():
                return Objective(tuple(terms))
            if not (sign := self.sign("+-,")):
                raise self.fail("'+', '-' or '*'")

    def term(self) -> Term:
        found = self.take(TOKEN)
        if not found:
            raise self.fail("a layer such as mixed4, mixed4:150 or 'my-layer', or class:tabby")
        if found["class"]:
            return Class(unquoted(found["class"]))
        if found["call"]:
            return self.call(found["call"])
        cell = (int(found["row"]), int(found["column"])) if found["row"] else None
        channels = tuple(int(channel) for channel in (found["channels"] or "").split(",") if channel)
        return Layer(unquoted(found["layer"]), channels, "centre" if found["centre"] else cell, found["pick"])

    def call(self, name: str) -> Term:
        """What stands in the parentheses of a term such as guide(mixed4, flowers.jpg)."""
        term: Term
        if name in ("tv", "l2"):
            term = TotalVariation() if name == "tv" else L2()
        elif name in MEASURES:
            inner = self.term()
            if not isinstance(inner, Layer):
                raise self.fail(f"a layer inside {name}( )")
            term = dataclasses.replace(inner, measure=name)
        elif name in ("inside", "outside"):
            mask = self.word()
            self.expect(",")
            term = Inside(self.term(), mask, name == "outside")
        else:
            term = self.of_layer(name, self.word())
        self.expect(")")
        return term

    def of_layer(self, name: str, layer: str) -> Term:
        if name == "content":
            return Content(layer)
        if name == "guide":
            self.expect(",")
            image = self.word()
            return Guide(layer, image, self.word() if self.sign(",") else "dot")
        weights = []
        while self.sign(","):
            channel = self.number()
            self.expect("=")
            weights.append((int(channel), self.number()))
        return Direction(layer, tuple(weights))

    def word(self) -> str:
        if found := self.take(WORD):
            return unquoted(found[1])
        raise self.fail("a name")

    def expect(self, character: str) -> None:
        if not self.sign(character):
            raise self.fail(repr(character))


def objective(value: Any) -> Objective:
    """An objective from any of the forms that users write: text, {term: weight}, a list, or terms and sums of them.

    >>> objective("mixed4=1.0,mixed5") == objective({"mixed4": 1, "mixed5": 1}) == Layer("mixed4") + Layer("mixed5")
    True
    """
    if isinstance(value, Wish):
        return Objective(value.parts())
    if isinstance(value, str):
        return Parser(value).objective()
    if not isinstance(value, Mapping | Sequence):
        raise ConfigError(f"{value!r} was given; text, terms, a list or {{term: weight}} were expected")
    return Objective(tuple(pair for name, weight in named(value) for pair in weighted(name, weight)))


def named(value: Any) -> Iterator[tuple[Any, Any]]:
    """Names and weights of a mapping or a list; no name may come twice."""
    pairs = value.items() if isinstance(value, Mapping) else [p if isinstance(p, tuple) else (p, 1.0) for p in value]
    seen = set()
    for name, weight in pairs:
        if name in seen:
            raise ConfigError(f"{name!r} is named twice")
        seen.add(name)
        yield name, weight


def weighted(name: Any, weight: Any) -> tuple[tuple[Term, float], ...]:
    """A term in words or as an object, times its weight."""
    if isinstance(weight, bool) or not isinstance(weight, numbers.Real):
        raise ConfigError(f"{name!r} has the weight {weight!r}; a number was expected")
    if isinstance(name, str) and re.fullmatch(r"[\w./-]+", name) and not re.fullmatch(NAME, name):
        return ((Layer(name), float(weight)),)  # a layer by any name, as in {"my-layer": 1.0}
    if not isinstance(name, str | Wish):
        raise ConfigError(f"{name!r} is not a layer name")
    return (objective(name) * float(weight)).terms
