"""What an objective looks at: the pictures, the activations they cause, and how much each cell counts."""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from kerasdream import ops
from kerasdream.types import Tensor

BORDER = 2  # cells at every edge of a layer that do not count: there the padding of the network shows
SCORES = "class:"  # key of the class scores among the activations; no layer has such a name
WHOLE = np.array([[[-math.inf, math.inf, 1.0, 0.0]] * 2], np.float32)  # the spans of a picture that is no tile


class ActivationView(NamedTuple):
    """The pictures of a batch, and what the network makes of them.

    `original` holds the activations of the undreamt pictures, where an objective asks for them. Where the pictures are
    tiles of a larger one, `spans` (N, 2, 4) says for their rows and columns which cells count: from and to which pixel
    (infinite at the ends of the larger picture), over how many pixels their weight rises and falls there, and by how
    many pixels the larger picture is longer. Where the pictures are padded, `sizes` holds the rows and columns that
    are theirs in each layer, and in the image under "". Layers in `unbordered` are no planes: all their cells count.
    """

    image: Tensor
    activations: Mapping[str, Tensor]
    original: Mapping[str, Tensor] | None = None
    spans: Tensor | None = None
    sizes: Mapping[str, Tensor] | None = None
    unbordered: Collection[str] = ()

    def layer(self, name: str) -> Tensor:
        """Return the activations (N, H, W, C) of a layer as float32."""
        return ops.cast(self.activations[name], "float32")

    def size(self, layer: str = "") -> Tensor:
        """Return the rows and columns of a layer, or of the pictures, without padding."""
        if self.sizes is not None:
            return self.sizes[layer]
        return ops.shape(self.activations[layer] if layer else self.image)[1:3]

    def border(self, layer: str) -> int:
        """Return how many cells at the edges of a layer do not count."""
        return 0 if layer in self.unbordered else BORDER

    def total(self, cells: Tensor, size: Tensor, border: int = 0) -> tuple[Tensor, Tensor]:
        """Return the sum over the cells (N, H, W) that count, and the number of all cells of the whole picture.

        `size` is that of the picture in cells, without padding.
        """
        if self.spans is None and self.sizes is None:
            inner = cells[:, border:-border, border:-border] if border else cells
            return ops.sum(inner, axis=(1, 2)), ops.cast(size[0] * size[1], "float32")
        spans = ops.convert_to_tensor(WHOLE if self.spans is None else self.spans)
        shape, sides = ops.shape(cells), self.size()
        rows, height = cell_weights(shape[1], size[0], sides[0], spans[:, 0], border)
        columns, width = cell_weights(shape[2], size[1], sides[1], spans[:, 1], border)
        return ops.sum(cells * rows[:, :, None] * columns[:, None, :], axis=(1, 2)), (height * width)[:, 0]

    def average(self, cells: Tensor, size: Tensor, border: int = 0) -> Tensor:
        """Return the sum over the cells (N, H, W) that count, divided by the number of all cells."""
        total, count = self.total(cells, size, border)
        return total / count


def cell_weights(cells: Tensor, count: Tensor, side: Tensor, spans: Tensor, border: int) -> tuple[Tensor, Tensor]:
    """Return the weights (N, cells) of a row of cells, and how many cells the whole picture has there.

    The first `count` of the cells lie over `side` pixels; the others are padding.
    """
    low, high, ramp, missing = (spans[:, i : i + 1] for i in range(4))
    index, count, side = ops.arange(cells, dtype="float32"), ops.cast(count, "float32"), ops.cast(side, "float32")
    stride = 2.0 ** ops.round(ops.log(side / count) / math.log(2))
    center = (side + (2 * index + 1 - count) * stride) / 2  # of each cell, in pixels
    weight = ops.clip((center - low) / ramp + 0.5, 0, 1) * ops.clip((high - center) / ramp + 0.5, 0, 1)
    if border:
        before = (index < border) & ops.isinf(low)
        after = (index >= count - border) & ops.isinf(high)
        weight = ops.where(before | after, 0.0, weight)
    weight = ops.where(index < count, weight, 0.0)
    return weight, count + missing / stride
