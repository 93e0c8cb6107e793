"""Guides: pictures whose patterns a dream takes up."""

import dataclasses
from collections.abc import Callable
from typing import Self

from kerasdream import ops
from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Network, PictureSource
from kerasdream.objectives.reader import Reader, layer_text, word_text
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.pixels import PictureLike, read_picture
from kerasdream.types import Array, Tensor

EPSILON = 1e-8


@dataclasses.dataclass(frozen=True, repr=False)
class Guide(LayerTerm):
    """What another picture shows: each cell moves towards the guide's cell that is most like it.

    `image` is a path, a PIL image or an array. `match` compares by "dot" product, as Google's notebook does, or
    "cosine".

    >>> str(Guide("mixed4", "flowers.jpg"))
    'guide(mixed4, flowers.jpg)'
    """

    layer: str
    image: PictureLike
    match: str = "dot"
    calls = ("guide",)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "image", read_picture(self.image))
        if self.match not in ("dot", "cosine"):
            raise ConfigError(f"match={self.match!r} was given; 'dot' or 'cosine' was expected.")

    def __str__(self) -> str:
        ending = "" if self.match == "dot" else f", {self.match}"
        return f"guide({layer_text(self.layer)}, {word_text(str(self.image))}{ending})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        layer = reader.word()
        reader.expect(",")
        image = reader.word()
        return cls(layer, image, reader.word() if reader.one_of(",") else "dot")

    def files(self) -> list[PictureSource]:
        return [self.image]

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        return dataclasses.replace(self, image=rename(self.image))

    def constant(self, network: Network) -> Array:
        return network.picture_activations(self.image, self.layer)

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        """Return the mean over the cells of the product with the guide's cell that is most like each."""
        a = view.layer(self.layer)
        if self.match == "cosine":
            a, given = unit_length(a), unit_length(given)
        nearest = ops.max(ops.tensordot(a, ops.transpose(given), axes=1), axis=-1)
        if self.match == "dot":
            nearest = nearest / ops.cast(ops.shape(a)[3], "float32")
        return view.average(nearest, view.size(self.layer))


def unit_length(vectors: Tensor) -> Tensor:
    """Scale the vectors along the last axis to length one."""
    return vectors / ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + EPSILON)
