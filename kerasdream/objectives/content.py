"""Content: what keeps a dream near its original."""

import dataclasses
from collections.abc import Callable

from kerasdream import ops
from kerasdream.objectives.reader import Reader, layer_text
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Tensor


@dataclasses.dataclass(frozen=True, repr=False)
class Content(LayerTerm):
    """Nearness to the original: minus the mean squared distance of a layer's activations from those of it.

    >>> from kerasdream.objectives import Layer
    >>> str(Layer("mixed4") + 10 * Content("mixed2"))
    'mixed4 + content(mixed2)*10.0'
    """

    layer: str
    calls = ("content",)

    def __str__(self) -> str:
        return f"content({layer_text(self.layer)})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        return cls(reader.word())

    @property
    def needs(self) -> str:
        return "an original"

    @property
    def needs_original(self) -> bool:
        return True

    @property
    def compares_original(self) -> bool:
        return True

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        assert view.original is not None
        distance = ops.cast(view.activations[self.layer] - view.original[self.layer], "float32")
        return -view.average(ops.mean(ops.square(distance), axis=-1), view.size(self.layer))
