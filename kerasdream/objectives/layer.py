"""Layers: all of one, some of its channels, or one neuron."""

import dataclasses
import numbers
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasdream import ops
from kerasdream.errors import ConfigError, LayerError
from kerasdream.objectives.context import Network, Octave, Tile
from kerasdream.objectives.reader import Reader, layer_text
from kerasdream.objectives.term import LayerTerm, Term, as_int32, check_channel
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Array, Tensor

MEASURES = ("square", "mean", "norm")
PICK = re.compile(r"(strong|weak)([1-9]\d*)(/octave)?")


@dataclasses.dataclass(frozen=True, repr=False)
class Layer(LayerTerm):
    """A whole layer, some channels of it, or one neuron.

    `at` is a cell (row, column) of the layer at the picture's full size, or "centre". `pick` takes, instead of
    numbered channels, those that the picture already excites: "strong5" the most, "weak5" the least, chosen from
    the first octave, or in every one with "strong5/octave". `measure`: "square" is the Keras example's mean square
    inside a border, "mean" the mean, "norm" the half sum of squares of Google's notebook.

    >>> str(Layer("mixed4", (30, 150), measure="mean"))
    'mean(mixed4:30,150)'
    """

    layer: str
    channels: tuple[int, ...] = ()
    at: tuple[int, int] | str | None = None
    pick: str | None = None
    measure: str = "square"
    calls = MEASURES

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = (self.channels,) if isinstance(self.channels, numbers.Real) else self.channels
        channels = tuple(check_channel(self.layer, channel) for channel in given)
        object.__setattr__(self, "channels", channels)
        if self.at == "center":
            object.__setattr__(self, "at", "centre")
        if self.at is not None and self.at != "centre":
            if not isinstance(self.at, tuple | list) or len(self.at) != 2 or min(self.at) < 0:
                raise ConfigError(f"at={self.at!r} was given; a cell (row, column) or 'centre' was expected.")
            object.__setattr__(self, "at", tuple(int(cell) for cell in self.at))
        if self.at is not None and len(channels) != 1:
            raise ConfigError(
                f"A neuron of {self.layer!r} was asked for with {len(channels)} channels; one was expected: "
                f"'{self.layer}:150@3,4'."
            )
        if self.pick is not None and (channels or not PICK.fullmatch(self.pick)):
            raise ConfigError(
                f"pick={self.pick!r} was given with {len(channels)} channels; 'strong5', 'weak5' or 'strong5/octave' "
                "without channels was expected."
            )
        if self.measure not in MEASURES:
            raise ConfigError(f"measure={self.measure!r} was given; {', '.join(MEASURES)} was expected.")

    def __str__(self) -> str:
        text = layer_text(self.layer)
        if self.pick:
            text += f":{self.pick}"
        if self.channels:
            text += ":" + ",".join(map(str, self.channels))
        if self.at is not None:
            text += "@" + (self.at if isinstance(self.at, str) else "{},{}".format(*self.at))
        return text if self.measure == "square" else f"{self.measure}({text})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        inner = term()
        if not isinstance(inner, cls):
            raise reader.error(f"a layer inside {call}( )")
        return dataclasses.replace(inner, measure=call)

    @property
    def needs(self) -> str:
        return "the channels of a picture" if self.pick else ""

    @property
    def needs_original(self) -> bool:
        return self.pick is not None

    # Inputs: the picked channels of each picture, or the cell of the neuron

    def constant(self, network: Network) -> Array | None:
        count = network.channel_count(self.layer)
        wanted = max((*self.channels, self.picked()[0] - 1))
        if wanted >= count:
            raise LayerError(f"Channel {wanted} of {self.layer!r} was asked for; it has {count}, 0 to {count - 1}.")
        return None

    @property
    def octave_input_shape(self) -> tuple[int | None, ...] | None:
        if self.pick:
            return (None, None)
        return None if self.at is None else (2,)

    @property
    def per_picture(self) -> bool:
        return self.pick is not None

    @property
    def placed(self) -> bool:
        return self.at is not None

    def octave_input(self, octave: Octave, previous: Array | None) -> Array:
        if self.pick is None:
            return as_int32(self.cell(octave.cells(self.layer), octave.full_size_cells(self.layer)))
        count, strongest, every_octave = self.picked()
        if previous is not None and not every_octave:
            return previous
        order = np.argsort(octave.mean_squares(self.layer), axis=-1, kind="stable").astype(np.int32)
        return order[:, ::-1][:, :count] if strongest else order[:, :count]

    def tile_input(self, value: Array, tile: Tile) -> Array:
        return value if self.at is None else as_int32(tile.locate(self.layer, value) or (0, 0))

    def tile_weight(self, value: Array | None, tile: Tile) -> float:
        return 1.0 if self.at is None or value is None or tile.locate(self.layer, value) else 0.0

    def picked(self) -> tuple[int, bool, bool]:
        """Return how many channels are picked, whether the strongest, and whether anew in every octave."""
        found = PICK.fullmatch(self.pick or "")
        return (int(found[2]), found[1] == "strong", bool(found[3])) if found else (0, False, False)

    def cell(self, cells: tuple[Any, Any], full_size_cells: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return the neuron's cell in a layer of `cells`, where the full picture has `full_size_cells`.

        Raises LayerError where the neuron lies outside.
        """
        if not isinstance(self.at, tuple):
            return cells[0] // 2, cells[1] // 2
        rows, columns = full_size_cells
        if self.at[0] >= rows or self.at[1] >= columns:
            raise LayerError(
                f"The neuron {self} lies outside: {self.layer!r} has {rows} x {columns} cells for this picture."
            )
        return self.at[0] * cells[0] // rows, self.at[1] * cells[1] // columns

    # The value

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        a, size, border = self.selected(view.layer(self.layer), given), view.size(self.layer), view.border(self.layer)
        if self.at is not None:  # a single cell, which counts wherever it lies
            view, size, border = view._replace(spans=None, sizes=None), (1, 1), 0
        if self.measure == "mean":
            return view.average(ops.mean(a, axis=-1), size)
        squares = ops.square(a)
        if self.measure == "norm":
            return 0.5 * view.total(ops.sum(squares, axis=-1), size)[0]
        return view.average(ops.mean(squares, axis=-1), size, border)

    def selected(self, a: Tensor, given: Tensor | None) -> Tensor:
        """Return the channels, or the one neuron as a layer of a single cell."""
        if self.pick:
            assert given is not None
            return ops.take_along_axis(a, given[:, None, None, :], axis=-1)
        if self.channels:  # slices: their gradient is faster than that of a gather
            a = ops.concatenate([a[..., channel : channel + 1] for channel in self.channels], axis=-1)
        if self.at is not None:
            assert given is not None
            a = ops.take(ops.take(a, given[0:1], axis=1), given[1:2], axis=2)
        return a
