"""What the cells of a map have in common, as directions in a layer that pictures are drawn along."""

import dataclasses
import hashlib

import numpy as np

from kerasdream import ops
from kerasdream.errors import LayerError
from kerasdream.objectives.context import Network
from kerasdream.objectives.term import LayerTerm
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Array, Tensor

RIDGE = 0.5  # of the mean square of a channel: what keeps channels that hardly ever answer from being all that counts
POWER = 2  # of the cosine: how much the direction counts beside the strength
LEAST_COSINE = 0.1


def whiten(directions: Array, activations: Array) -> Array:
    """Return directions (K, channels) times the inverse of the mean product of activations (N, channels).

    What most activations have in common then counts little, and what sets a direction apart counts much.

    >>> whiten(np.array([[2.0, 1.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])).round(2).tolist()
    [[0.76, 0.89]]
    """
    products = activations.T.astype(np.float64) @ activations / len(activations)
    products += RIDGE * np.trace(products) / len(products) * np.eye(len(products)) + 1e-12 * np.eye(len(products))
    whitened: Array = np.linalg.solve(products, directions.T.astype(np.float64)).T
    return whitened


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class CellDirections(LayerTerm):
    """The activations of each picture of a batch along a direction of its own: the mean of d max(0.1, cosine)^2.

    Over all cells, for a small picture of one alone is noise on InceptionV3.

    >>> str(CellDirections("mixed4", np.ones((2, 768), "float32")))
    'cells(mixed4, 4fcbec4a)'
    """

    layer: str
    directions: Array  # (pictures, channels)

    def __str__(self) -> str:
        return f"cells({self.layer}, {hashlib.sha256(self.directions.tobytes()).hexdigest()[:8]})"

    def constant(self, network: Network) -> Array:
        if network.channel_count(self.layer) != self.directions.shape[1]:
            raise LayerError(
                f"The layer {self.layer!r} has {network.channel_count(self.layer)} channels; directions of "
                f"{self.directions.shape[1]} were given."
            )
        lengths: Array = np.linalg.norm(self.directions, axis=1, keepdims=True)
        unit: Array = (self.directions / np.maximum(lengths, 1e-12)).astype(np.float32)
        return unit

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        plane, directions = view.layer(self.layer), ops.convert_to_tensor(given)
        along = ops.sum(plane * directions[:, None, None], axis=-1)
        cosine = along / (ops.sqrt(ops.sum(ops.square(plane), axis=-1)) + 1e-6)
        return view.average(along * ops.maximum(cosine, LEAST_COSINE) ** POWER, view.size(self.layer))
