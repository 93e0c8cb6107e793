"""What terms may ask of their surroundings: the network, an octave, a tile."""

from typing import Protocol, TypeAlias

from kerasdream.pixels import Pixels
from kerasdream.types import Array

PictureSource: TypeAlias = str | Pixels  # a path, or the pixels themselves


class Network(Protocol):
    """What a term may ask of the network when a Dreamer is made."""

    def channel_count(self, layer: str) -> int: ...
    def class_index(self, name: str) -> int: ...
    def picture_activations(self, picture: PictureSource, layer: str) -> Array: ...


class Octave(Protocol):
    """What a term may ask when an octave begins. Cells are (rows, columns) of a layer."""

    def cells(self, layer: str) -> tuple[int, int]: ...
    def full_size_cells(self, layer: str) -> tuple[int, int]: ...
    def mean_squares(self, layer: str) -> Array: ...
    def picture_activations(self, picture: PictureSource, layer: str) -> Array: ...


class Tile(Protocol):
    """What a term may ask of a tile of a larger picture."""

    @property
    def tile_count(self) -> int: ...
    def locate(self, layer: str, cell: Array) -> tuple[int, int] | None: ...
    def cells(self, layer: str) -> tuple[slice, slice]: ...
