"""Objectives of one's own: any function of activations."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from kerasdream import ops
from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Tile
from kerasdream.objectives.reader import layer_text
from kerasdream.objectives.term import Objective, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Array, Tensor


@dataclasses.dataclass(frozen=True, repr=False)
class Function(Term):
    """A function of the activations of some layers; made by `objective_of`."""

    function: Callable[..., Any]
    layers: tuple[str, ...]
    exact_shape = True

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ConfigError(f"{self.function!r} was given; a function of activations was expected.")
        if not self.layers or not all(isinstance(name, str) and name for name in self.layers):
            raise ConfigError(f"layers={self.layers!r} was given; one layer name or more was expected.")

    def __str__(self) -> str:
        name = getattr(self.function, "__name__", type(self.function).__name__).strip("<>")
        return f"<function {name}({', '.join(map(layer_text, self.layers))})>"

    def layer_names(self) -> tuple[str, ...]:
        return self.layers

    def tile_weight(self, value: Array | None, tile: Tile) -> float:
        return 1 / tile.tile_count  # the mean over the tiles of a picture

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        value = self.function(*map(view.layer, self.layers))
        shape = getattr(value, "shape", None)
        if shape is None or len(shape) != 1:
            raise ConfigError(
                f"{self} returned {value if shape is None else f'a tensor of shape {tuple(shape)}'}; one number for "
                "each picture, of shape (batch,), was expected. Reduce over the axes 1, 2 and 3 only."
            )
        return ops.cast(value, "float32")


def objective_of(function: Callable[..., Any], layers: str | Sequence[str]) -> Objective:
    """Make an objective of a function of activations, to be used alone or in sums with others.

    `function` gets the activations (batch, rows, columns, channels) of each of `layers`, as tensors of the framework
    that Keras runs on, and returns one number for each picture, (batch,): what is to grow. It must be differentiable
    by that framework; `keras.ops` works on all. Of a picture in tiles it sees each tile, and the mean over the tiles
    counts. A function cannot be saved: the record of the dream names it, and reading that record back is refused.

    Raises ConfigError where `function` is not callable, or no layer is named.

    >>> from kerasdream.objectives import Layer
    >>> def spread(activations):
    ...     return keras.ops.var(activations, axis=(1, 2, 3))
    >>> objective_of(spread, "mixed4") + 0.5 * Layer("mixed5")
    objective('<function spread(mixed4)> + mixed5*0.5')
    """
    names = (layers,) if isinstance(layers, str) else tuple(layers)
    return Objective(((Function(function, names), 1.0),))
