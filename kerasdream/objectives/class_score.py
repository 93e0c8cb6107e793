"""Scores of the classes that a network tells apart."""

import dataclasses
import numbers

from kerasdream import ops
from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Network, Tile
from kerasdream.objectives.reader import word_text
from kerasdream.objectives.term import Term, as_int32
from kerasdream.objectives.view import SCORES, ActivationView
from kerasdream.types import Array, Tensor


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
        return f"class:{word_text(self.name)}"

    @property
    def needs_classes(self) -> bool:
        return True

    def constant(self, network: Network) -> Array:
        return as_int32(network.class_index(self.name))

    def tile_weight(self, value: Array | None, tile: Tile) -> float:
        return 1 / tile.tile_count  # the mean over the tiles of a picture

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        return ops.take(view.layer(SCORES), given, axis=-1)
