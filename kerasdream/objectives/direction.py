"""Directions in the space of a layer's channels."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasdream import ops
from kerasdream.errors import ConfigError, LayerError
from kerasdream.objectives.context import Network
from kerasdream.objectives.reader import Reader, layer_text, unquote
from kerasdream.objectives.stored_direction import FILE, StoredDirection
from kerasdream.objectives.term import LayerTerm, Term, check_channel
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Array, Tensor


@dataclasses.dataclass(frozen=True, repr=False)
class Direction(LayerTerm):
    """A direction in the space of a layer's channels: the mean of the activations along it.

    `weights` are {channel: weight}, or one weight for each channel.

    >>> str(Direction("mixed4", {30: 1.0, 150: -0.5}))
    'direction(mixed4, 30=1.0, 150=-0.5)'
    """

    layer: str
    weights: tuple[tuple[int, float], ...]
    calls = ("direction",)

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.weights
        if getattr(given, "ndim", 1) != 1:
            raise ConfigError(
                f"The direction in {self.layer!r} has {given.ndim} axes; one number a channel was expected."
            )
        pairs = given.items() if isinstance(given, Mapping) else given
        pairs = list(enumerate(pairs)) if not all(isinstance(pair, Sequence) for pair in pairs) else list(pairs)
        added: dict[int, float] = {}
        for channel, weight in pairs:
            if weight:
                channel = check_channel(self.layer, channel)
                added[channel] = added.get(channel, 0.0) + float(weight)
        weights = tuple(added.items())
        if not weights or not all(math.isfinite(weight) for _, weight in weights):
            raise ConfigError(
                f"The direction in {self.layer!r} is {given!r}; finite numbers, not all 0, were expected."
            )
        object.__setattr__(self, "weights", weights)

    def __str__(self) -> str:
        return f"direction({layer_text(self.layer)}, {', '.join(f'{c}={w!r}' for c, w in self.weights)})"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        layer, weights = reader.word(), list[tuple[int, float]]()
        while reader.one_of(","):
            if not weights and (file := reader.match(FILE)):
                number = int(reader.number()) if reader.one_of(",") else 0
                return StoredDirection(layer, unquote(file[1]), number)
            channel = reader.number()
            reader.expect("=")
            weights.append((int(channel), reader.number()))
        return cls(layer, tuple(weights))

    def constant(self, network: Network) -> Array:
        count = network.channel_count(self.layer)
        vector = np.zeros(count, np.float32)
        for channel, weight in self.weights:
            if channel >= count:
                raise LayerError(
                    f"Channel {channel} of {self.layer!r} was asked for; it has {count}, 0 to {count - 1}."
                )
            vector[channel] = weight
        return vector

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        return view.average(ops.tensordot(view.layer(self.layer), given, axes=1), view.size(self.layer))
