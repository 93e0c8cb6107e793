"""Caricatures: what a layer saw in a picture, drawn larger than it was."""

import dataclasses
from collections.abc import Callable
from typing import Self

import numpy as np

from kerasdream import ops
from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Network, Octave, PictureSource, Tile
from kerasdream.objectives.reader import Reader, layer_text, word_text
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.pixels import PictureLike, read_picture
from kerasdream.types import Array, Tensor

LEAST_COSINE = 0.1  # so that a picture that shows nothing of the kind has a gradient, too
EPSILON = 1e-12


@dataclasses.dataclass(frozen=True, repr=False)
class Caricature(LayerTerm):
    """What a layer saw in another picture, place by place: 1 where the activations are those of that picture.

    The mean over the cells of the product with the picture's activations, in units of their mean square, times
    max(0.1, cosine) to the `power`: 0 asks for strength alone, more for the likeness. `picture` is a path, a PIL image
    or an array; its middle is taken, in the proportions of what is dreamt. In tiles the cosine is that of each tile.

    >>> str(Caricature("mixed7", "dog.jpg", power=2))
    'caricature(mixed7, dog.jpg, 2.0)'
    """

    layer: str
    picture: PictureLike
    power: float = 1.0
    calls = ("caricature",)
    exact_shape = True
    octave_input_type = "float32"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "picture", read_picture(self.picture))
        if isinstance(self.power, bool) or not isinstance(self.power, int | float) or not 0 <= self.power <= 100:
            raise ConfigError(f"power={self.power!r} was given; a number from 0 to 100 was expected.")
        object.__setattr__(self, "power", float(self.power))

    def __str__(self) -> str:
        ending = "" if self.power == 1 else f", {self.power!r}"
        return f"caricature({layer_text(self.layer)}, {word_text(str(self.picture))}{ending})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        layer = reader.word()
        reader.expect(",")
        picture = reader.word()
        return cls(layer, picture, reader.number() if reader.one_of(",") else 1.0)

    def files(self) -> list[PictureSource]:
        return [self.picture]

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        return dataclasses.replace(self, picture=rename(self.picture))

    @property
    def placed(self) -> bool:
        return True

    # Its input: the activations of the picture's cells, divided by their mean square

    def constant(self, network: Network) -> None:
        network.channel_count(self.layer)

    @property
    def octave_input_shape(self) -> tuple[int | None, ...]:
        return (None, None, None)

    def octave_input(self, octave: Octave, previous: Array | None) -> Array:
        activations = octave.picture_activations(self.picture, self.layer)
        mean_square = np.square(activations).sum(-1, dtype=np.float64).mean()
        scaled: Array = activations / np.float32(mean_square or 1.0)
        return scaled

    def tile_input(self, value: Array, tile: Tile) -> Array:
        return value[tile.cells(self.layer)]

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        a, size = view.layer(self.layer), view.size(self.layer)
        product = view.average(ops.sum(ops.multiply(a, given), axis=-1), size)
        if self.power == 0:
            return product
        squares = view.average(ops.sum(ops.square(a), axis=-1), size)
        wanted = view.average(ops.zeros_like(a[..., 0]) + ops.sum(ops.square(given), axis=-1), size)
        cosine = product / ops.sqrt(squares * wanted + EPSILON)
        return product * ops.maximum(cosine, LEAST_COSINE) ** self.power
