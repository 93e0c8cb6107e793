"""Content: what keeps a dream near its original."""

import dataclasses
from collections.abc import Callable

from kerasdream import ops
from kerasdream.objectives.reader import Reader, layer_text
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Tensor

EPSILON = 1e-12  # so that at the original itself the distance has a slope: 0


@dataclasses.dataclass(frozen=True, repr=False)
class Content(LayerTerm):
    """Nearness to the original: minus the mean squared distance of a layer's activations from those of it.

    With `balanced` it is the distance of each cell that counts, not its square, and the weight is relative: with a
    weight of 1 it pulls as strongly, when an octave begins, as all other terms together. What they change is then kept
    to the few places where they ask for it most.

    >>> from kerasdream.objectives import Layer
    >>> str(Layer("mixed4") + 10 * Content("mixed2"))
    'mixed4 + content(mixed2)*10.0'
    """

    layer: str
    balanced: bool = False
    calls = ("content",)

    def __str__(self) -> str:
        return f"content({layer_text(self.layer)}{', balanced' if self.balanced else ''})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        layer, balanced = reader.word(), bool(reader.one_of(","))
        if balanced and reader.word() != "balanced":
            raise reader.error("'balanced' before this")
        return cls(layer, balanced)

    @property
    def needs(self) -> str:
        return "an original"

    @property
    def needs_original(self) -> bool:
        return True

    @property
    def compares_original(self) -> bool:
        return True

    @property
    def has_relative_weight(self) -> bool:
        return self.balanced

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        assert view.original is not None
        distance = ops.cast(view.activations[self.layer] - view.original[self.layer], "float32")
        squares = ops.mean(ops.square(distance), axis=-1)
        cells = ops.sqrt(squares + EPSILON) - EPSILON**0.5 if self.balanced else squares
        return -view.average(cells, view.size(self.layer))
