"""Directions that were found in pictures, and are kept in a file."""

import dataclasses
import re
from collections.abc import Callable
from typing import Self

import numpy as np

from kerasdream import ops
from kerasdream.errors import ConfigError, LayerError
from kerasdream.objectives.context import Network, PictureSource
from kerasdream.objectives.direction_file import SUFFIX, read_directions
from kerasdream.objectives.reader import layer_text, word_text
from kerasdream.objectives.term import LayerTerm
from kerasdream.objectives.view import ActivationView
from kerasdream.pixels import Pixels
from kerasdream.types import Array, Tensor

FILE = re.compile(rf"""\s*('[^']*'|"[^"]*"|[^,()=]+?{re.escape(SUFFIX)})\s*(?=[,)])""")  # its name in text


@dataclasses.dataclass(frozen=True, repr=False)
class StoredDirection(LayerTerm):
    """A direction in a file that `Directions.save` wrote; of several in it, `number` says which, from 0.

    The file is read when a network is built.

    >>> str(StoredDirection("mixed4", "parts.npz", 3))
    'direction(mixed4, parts.npz, 3)'
    """

    layer: str
    file: str
    number: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.file.endswith(SUFFIX):
            raise ConfigError(f"{self.file!r} was given; a name ending in {SUFFIX} was expected.")
        if self.number < 0:
            raise ConfigError(f"Direction {self.number} of {self.file!r} was asked for; 0 or more was expected.")

    def __str__(self) -> str:
        number = f", {self.number}" if self.number else ""
        return f"direction({layer_text(self.layer)}, {word_text(self.file)}{number})"

    def files(self) -> list[PictureSource]:
        return [self.file]

    def with_files(self, rename: Callable[[PictureSource], PictureSource]) -> Self:
        file = rename(self.file)
        return self if isinstance(file, Pixels) else dataclasses.replace(self, file=file)

    def constant(self, network: Network) -> Array:
        held, count = read_directions(self.file), network.channel_count(self.layer)
        if held.layer != self.layer or held.vectors.shape[1] != count:
            raise LayerError(
                f"{self.file!r} holds directions in {held.layer!r} of {held.model}, with {held.vectors.shape[1]} "
                f"channels; {self.layer!r} with {count} was expected."
            )
        if self.number >= len(held.vectors):
            raise LayerError(
                f"Direction {self.number} of {self.file!r} was asked for; it holds {len(held.vectors)}, from 0 on."
            )
        return np.asarray(held.vectors[self.number], np.float32)

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        return view.average(ops.tensordot(view.layer(self.layer), given, axes=1), view.size(self.layer))
