"""Terms, and weighted sums of them: the classes that every kind of objective builds on."""

import dataclasses
import math
import numbers
import os
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Self

import numpy as np

from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Network, Octave, PictureSource, Tile
from kerasdream.objectives.reader import Reader, word_text
from kerasdream.objectives.view import ActivationView
from kerasdream.pixels import PictureLike, Pixels, read_picture
from kerasdream.types import Array, Tensor


class Expression:
    """What terms and objectives have in common: `+`, `-`, `*` and masks make an Objective of them."""

    def weighted_terms(self) -> "tuple[tuple[Term, float], ...]":
        """Return the terms with their weights."""
        raise NotImplementedError

    def __add__(self, other: "Expression") -> "Objective":
        if not isinstance(other, Expression):
            return NotImplemented
        return Objective(self.weighted_terms() + other.weighted_terms())

    def __radd__(self, other: int) -> "Expression":
        return self if other == 0 else NotImplemented  # so that sum([...]) works

    def __mul__(self, factor: float) -> "Objective":
        if isinstance(factor, bool) or not isinstance(factor, numbers.Real):
            return NotImplemented
        return Objective(tuple((term, weight * float(factor)) for term, weight in self.weighted_terms()))

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return self * -1

    def __sub__(self, other: "Expression") -> "Objective":
        return self + -other if isinstance(other, Expression) else NotImplemented

    def inside(self, mask: PictureLike) -> "Objective":
        """Return the same objective for the part of the picture where a mask is white.

        `mask` is a path, a PIL image or an array. Raises ConfigError for anything else.

        >>> from kerasdream.objectives import Layer
        >>> Layer("mixed4").inside("face.png")
        objective('inside(face.png, mixed4)')
        """
        return Objective(tuple((Masked(term, mask), weight) for term, weight in self.weighted_terms()))

    def outside(self, mask: PictureLike) -> "Objective":
        """Return the same objective for the part of the picture where a mask is black."""
        return Objective(tuple((Masked(term, mask, invert=True), weight) for term, weight in self.weighted_terms()))

    def __repr__(self) -> str:
        return f"objective({str(self)!r})"


class Term(Expression):
    """One kind of objective: its data, its text, the inputs of its value, and that value.

    A new kind is a frozen dataclass with `repr=False` that defines `__str__` and `value`, and what else of the methods
    below it needs. With `calls`, the names before its parentheses in text, it defines `parse`.
    """

    kinds: ClassVar[dict[str, "type[Term]"]] = {}  # by the names in `calls`
    calls: ClassVar[tuple[str, ...]] = ()
    exact_shape: ClassVar[bool] = False  # whether padded activations would change the value
    octave_input_type: ClassVar[str] = "int32"  # of the numbers in `octave_input`

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Term.kinds.update(dict.fromkeys(cls.__dict__.get("calls", ()), cls))

    @classmethod
    def parse(cls, call: str, reader: Reader, term: "Callable[[], Term]") -> "Term":
        """Read what stands in the parentheses of `call(...)`; `term` reads a term inside."""
        raise NotImplementedError

    def weighted_terms(self) -> "tuple[tuple[Term, float], ...]":
        return ((self, 1.0),)

    def layer_names(self) -> tuple[str, ...]:
        """Return the layers whose activations the value takes."""
        return ()

    def files(self) -> list[PictureSource]:
        """Return the pictures that the term names."""
        return []

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        """Return the term with its pictures renamed."""
        return self

    @property
    def needs(self) -> str:
        """What the term needs besides pictures and a network, in words."""
        return ""

    @property
    def needs_classes(self) -> bool:
        """Whether the network must tell classes apart."""
        return False

    @property
    def needs_original(self) -> bool:
        """Whether an input or the value depends on the undreamt picture."""
        return False

    @property
    def compares_original(self) -> bool:
        """Whether the value takes the activations of the undreamt picture."""
        return False

    @property
    def has_relative_weight(self) -> bool:
        """Whether a weight of 1 makes its gradient as strong as that of the other terms together."""
        return False

    # Inputs of the value that are no activations

    def constant(self, network: Network) -> Array | None:
        """Return the input that is the same for every picture; LayerError where the network lacks something."""
        return None

    @property
    def octave_input_shape(self) -> tuple[int | None, ...] | None:
        """The shape of an input that is found anew for each octave of a picture; None: there is none."""
        return None

    @property
    def per_picture(self) -> bool:
        """Whether that input has a row for each picture."""
        return False

    @property
    def placed(self) -> bool:
        """Whether the term has its place in the picture, and so its own input in each tile."""
        return False

    def octave_input(self, octave: Octave, previous: Array | None) -> Array:
        """Return that input for an octave; `previous` is the one of the octave before."""
        raise NotImplementedError

    def tile_input(self, value: Array, tile: Tile) -> Array:
        """Return that input for a tile."""
        return value

    def tile_weight(self, value: Array | None, tile: Tile) -> float:
        """Return the share of the term's weight that a tile has."""
        return 1.0

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        """Return how much of the term each picture shows, (N,); `given` is its input."""
        raise NotImplementedError


class LayerTerm(Term):
    """A term on the activations of one layer."""

    layer: str

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str) or not self.layer:
            raise ConfigError(f"{self.layer!r} is not a layer name")

    def layer_names(self) -> tuple[str, ...]:
        return (self.layer,)


@dataclasses.dataclass(frozen=True, repr=False)
class Masked(Term):
    """A term that changes the picture only where a mask is white; with `invert`, where it is black.

    >>> from kerasdream.objectives import Layer
    >>> str(Masked(Layer("mixed4"), "face.png"))
    'inside(face.png, mixed4)'
    """

    term: Term
    mask: PictureLike
    invert: bool = False
    calls = ("inside", "outside")

    def __post_init__(self) -> None:
        if isinstance(self.term, Masked):
            raise ConfigError(f"{self.term} has a mask already; one mask for each term was expected.")
        object.__setattr__(self, "mask", read_picture(self.mask))

    def __str__(self) -> str:
        return f"{'outside' if self.invert else 'inside'}({word_text(str(self.mask))}, {self.term})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        mask = reader.word()
        reader.expect(",")
        return cls(term(), mask, call == "outside")

    def layer_names(self) -> tuple[str, ...]:
        return self.term.layer_names()

    def files(self) -> list[PictureSource]:
        return [self.mask, *self.term.files()]

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        return dataclasses.replace(self, term=self.term.with_files(rename), mask=rename(self.mask))

    @property
    def needs(self) -> str:
        return "a mask"

    @property
    def needs_classes(self) -> bool:
        return self.term.needs_classes


def unwrap_mask(term: Term) -> Term:
    """Return the term itself where it stands inside a mask."""
    return term.term if isinstance(term, Masked) else term


@dataclasses.dataclass(frozen=True, repr=False)
class Objective(Expression):
    """A weighted sum of terms; equal terms are added up.

    >>> from kerasdream.objectives import Layer
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

    def weighted_terms(self) -> tuple[tuple[Term, float], ...]:
        return self.terms

    def __str__(self) -> str:
        return " + ".join(str(term) + (f"*{weight!r}" if weight != 1 else "") for term, weight in self.terms)

    def layers(self) -> tuple[str, ...]:
        """Return the names of all layers that it takes the activations of."""
        return tuple(dict.fromkeys(name for term, _ in self.terms for name in term.layer_names()))

    @property
    def needs_classes(self) -> bool:
        """Whether the network must tell classes apart."""
        return any(term.needs_classes for term, _ in self.terms)

    def files(self) -> list[str]:
        """Return the paths of all pictures that it names."""
        return [file for term, _ in self.terms for file in term.files() if isinstance(file, str)]

    def without_folders(self) -> "Objective":
        """Return the same with the names of its files only: what others may see; two files of one name stay two."""
        names: dict[str, str] = {}

        def file_name(source: PictureSource) -> PictureSource:
            if isinstance(source, Pixels) or source in names:
                return source if isinstance(source, Pixels) else names[source]
            name = os.path.basename(source)
            while name in names.values():
                name = f"other-{name}"
            names[source] = name
            return name

        return Objective(tuple((term.with_files(file_name), weight) for term, weight in self.terms))

    def as_dict(self) -> dict[str, float]:
        """Return the terms as text, with their weights: what `objective` and JSON take."""
        return {str(term): weight for term, weight in self.terms}


def weighted_sum(
    terms: Iterable[tuple[int, Term]], weights: Tensor, view: ActivationView, inputs: Mapping[str, Tensor]
) -> Tensor:
    """Return the sum of numbered terms, each times its row of `weights`; `inputs` are by the number as text."""
    total: Tensor = 0.0
    for number, term in terms:
        total = total + weights[number] * term.value(view, inputs.get(str(number)))
    return total


def check_channel(layer: str, channel: object) -> int:
    """Return a channel's number; ConfigError where it is no whole number from 0 on."""
    if isinstance(channel, bool) or not isinstance(channel, numbers.Integral) or channel < 0:
        raise ConfigError(f"Channel {channel!r} of {layer!r} was asked for; a whole number, 0 or more, was expected.")
    return int(channel)


def as_int32(values: object) -> Array:
    """Return whole numbers as every framework indexes with them."""
    return np.asarray(values, np.int32)
