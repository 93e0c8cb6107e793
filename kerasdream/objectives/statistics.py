"""Statistics: the activations of real pictures, wherever in them they are."""

import dataclasses
import os
from collections.abc import Callable
from typing import Self

import numpy as np

from kerasdream import ops
from kerasdream.errors import ConfigError
from kerasdream.objectives.context import Network, PictureSource, Tile
from kerasdream.objectives.reader import Reader, layer_text, word_text
from kerasdream.objectives.term import LayerTerm, Term
from kerasdream.objectives.view import ActivationView
from kerasdream.pixels import PictureLike, pictures_in, read_picture
from kerasdream.types import Array, Tensor

LEVELS = 256  # of the sorted activations that are kept for each channel


@dataclasses.dataclass(frozen=True, repr=False)
class Statistics(LayerTerm):
    """How other pictures excite a layer: the sorted activations of each channel come near the mean sorted ones of them.

    Minus the mean squared distance, in units of the mean square of what is wanted: 0 where they agree, -1 for a picture
    that excites nothing. `pictures` are paths, PIL images or arrays, a single one of them, or a folder.

    >>> str(Statistics("mixed4", ["moss.jpg", "bark.jpg"]))
    'statistics(mixed4, moss.jpg, bark.jpg)'
    """

    layer: str
    pictures: tuple[PictureLike, ...]
    calls = ("statistics",)
    exact_shape = True

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.pictures
        if not isinstance(given, tuple | list):
            given = pictures_in(given) if isinstance(given, str | os.PathLike) and os.path.isdir(given) else [given]
        if not given:
            raise ConfigError(f"No picture was given for the statistics of {self.layer!r}; one or more was expected.")
        object.__setattr__(self, "pictures", tuple(map(read_picture, given)))

    def __str__(self) -> str:
        return f"statistics({', '.join([layer_text(self.layer), *(word_text(str(one)) for one in self.pictures)])})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        layer, pictures = reader.word(), list[PictureLike]()
        while reader.one_of(","):
            pictures.append(reader.word())
        return cls(layer, pictures[0] if len(pictures) == 1 else tuple(pictures))  # a folder may stand alone

    def files(self) -> list[PictureSource]:
        return list(self.pictures)

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        return dataclasses.replace(self, pictures=tuple(map(rename, self.pictures)))

    def constant(self, network: Network) -> Array:
        wanted = np.zeros((LEVELS, network.channel_count(self.layer)), np.float32)
        for picture in self.pictures:
            ordered = np.sort(network.picture_activations(picture, self.layer), axis=0)
            wanted += np.asarray(ops.convert_to_numpy(resample(ordered, LEVELS))) / len(self.pictures)
        return wanted

    def tile_weight(self, value: Array | None, tile: Tile) -> float:
        return 1 / tile.tile_count  # the mean over the tiles of a picture

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        a = view.layer(self.layer)
        shape = ops.shape(a)
        ordered = ops.sort(ops.reshape(a, (shape[0], shape[1] * shape[2], shape[3])), axis=1)
        distance = ops.mean(ops.square(ordered - resample(given, shape[1] * shape[2])), axis=(1, 2))
        return -distance / (ops.mean(ops.square(given)) + 1e-12)


def resample(ordered: Tensor, count: Tensor) -> Tensor:
    """Return `count` values of each channel, evenly spread over its ordered ones (values, channels).

    >>> np.asarray(resample(np.array([[0.0], [1.0], [2.0], [3.0]], "float32"), 2)).ravel()
    array([0.5, 2.5], dtype=float32)
    """
    available = ops.shape(ordered)[0]
    last = ops.cast(available, "float32") - 1
    place = (ops.arange(count, dtype="float32") + 0.5) / ops.cast(count, "float32") * (last + 1) - 0.5
    place = ops.clip(place, 0.0, last)
    nearness = ops.maximum(0.0, 1.0 - ops.abs(place[:, None] - ops.arange(available, dtype="float32")))
    return ops.matmul(nearness, ops.convert_to_tensor(ordered))
