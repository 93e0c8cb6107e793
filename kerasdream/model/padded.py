"""Pictures in the corner of a larger size, looked at as if there were nothing around them.

Where a framework compiles one program for each size, pictures of many sizes so share one. A layer that looks past the
edge of its picture finds there what its own padding would show it; what lies farther out is never looked at.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from kerasdream.model.fixed import FixedConv2D

FINEST = 32  # pixels between two classes of size, of small pictures; of large ones an eighth to a quarter of the side
CONVOLUTIONS = (layers.Conv2D, FixedConv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
POOLS = (layers.MaxPooling2D, layers.AveragePooling2D)
CELLS = (
    layers.Activation,
    layers.Add,
    layers.Average,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.Identity,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Normalization,
    layers.ReLU,
    layers.Rescaling,
    layers.Subtract,
)  # what these compute in one cell does not depend on the others
ALONG_CHANNELS = (layers.BatchNormalization, layers.Concatenate, layers.LayerNormalization, layers.Softmax)


def roomy(size: tuple[int, int]) -> tuple[int, int]:
    """The class of a size, which is at least as large.

    >>> roomy((288, 513))
    (320, 640)
    """
    height, width = (max(FINEST, 2 ** (int(math.log2(side)) - 2)) for side in size)
    return -(-size[0] // height) * height, -(-size[1] // width) * width


class Plane:
    """Values (N, H, W, C) of which the first `size` rows and columns are the picture's; (N, C) without a size."""

    def __init__(self, values: Any, size: Any):
        self.values, self.size = values, size

    def emptied(self, outside: Any = 0.0) -> Any:
        """The values, with one number everywhere outside the picture."""
        shape = ops.shape(self.values)
        rows, columns = ops.arange(shape[1])[:, None, None], ops.arange(shape[2])[:, None]
        here = ops.logical_and(rows < self.size[0], columns < self.size[1])
        return ops.where(here, self.values, ops.cast(outside, self.values.dtype))


def knows(layer: Any) -> bool:
    """Whether a layer can be looked at in this way."""
    kind = type(layer)  # one of the user's own, made of such a layer, may do anything
    if kind in (*CONVOLUTIONS, *POOLS, layers.ZeroPadding2D, layers.GlobalAveragePooling2D):
        return layer.data_format == "channels_last"
    if kind in ALONG_CHANNELS:
        return layer.axis in (-1, 3, [-1], [3])
    return kind in (*CELLS, layers.InputLayer)


def on_planes(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    """What `call` computes for a layer, as a function of planes."""
    if isinstance(layer, (*CONVOLUTIONS, *POOLS)):
        return lambda plane, **_: through_windows(layer, call, plane)
    if isinstance(layer, layers.ZeroPadding2D):
        sides = [sum(pair) for pair in layer.padding]
        return lambda plane, **_: Plane(
            call(plane.emptied()), [n + more for n, more in zip(plane.size, sides, strict=True)]
        )
    if isinstance(layer, layers.GlobalAveragePooling2D):
        return lambda plane, **_: pooled(layer, plane)

    def cell_by_cell(*arguments: Any, **settings: Any) -> Plane:
        planes = [plane for plane in keras.tree.flatten(arguments) if isinstance(plane, Plane)]
        values = call(*keras.tree.map_structure(lambda p: getattr(p, "values", p), arguments), **settings)
        return Plane(values, max(planes, key=lambda plane: tuple(plane.values.shape[1:3])).size)

    return cell_by_cell


def through_windows(layer: Any, call: Callable[..., Any], plane: Plane) -> Plane:
    """A convolution or a pooling."""
    pool = isinstance(layer, POOLS)
    kernel = layer.pool_size if pool else layer.kernel_size
    dilation = (1, 1) if pool else layer.dilation_rate
    window, stride = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)], layer.strides
    if layer.padding == "valid":  # never looks outside
        return Plane(call(plane.values), [(n - k) // s + 1 for n, k, s in zip(plane.size, window, stride, strict=True)])
    size = [(n + s - 1) // s for n, s in zip(plane.size, stride, strict=True)]
    if isinstance(layer, layers.MaxPooling2D):
        lowest = -3e38 if plane.values.dtype == "float32" else -6e4
        return Plane(call(shifted(plane, window, stride, lowest)), size)
    values = call(shifted(plane, window, stride))
    if pool:  # its mean is over cells of the picture alone
        ones = Plane(ops.ones_like(plane.values[:1, :, :, :1]), plane.size)
        values = values / ops.maximum(call(shifted(ones, window, stride)), 1e-6)
    return Plane(values, size)


def shifted(plane: Plane, window: list[int], stride: Any, outside: float = 0.0) -> Any:
    """The values, emptied, and shifted so that windows with padding "same" begin where they would in the picture.

    How many cells such a window looks past the first depends on the picture's size, where the stride is not 1.
    """
    values = plane.emptied(outside)
    shape = ops.shape(values)
    if tuple(stride) == (1, 1):
        return values
    # With these the framework itself pads as little as it ever does.
    more = [-side % s for side, s in zip(shape[1:3], stride, strict=True)]
    reach = [k // 2 for k in window]
    pads = [(0, 0), *zip(reach, more, strict=True), (0, 0)]
    values = ops.pad(values, pads, constant_values=outside)
    start = [0]
    for n, k, s, most in zip(plane.size, window, stride, reach, strict=True):
        past = ops.maximum(((n + s - 1) // s - 1) * s + k - n, 0) // 2
        start.append(most + max(k - s, 0) // 2 - past)
    whole = (shape[0], shape[1] + more[0], shape[2] + more[1], shape[3])
    return ops.slice(values, ops.stack([ops.cast(one, "int32") for one in (*start, 0)]), whole)


def pooled(layer: Any, plane: Plane) -> Plane:
    """The mean of every channel."""
    count = ops.cast(plane.size[0] * plane.size[1], plane.values.dtype)
    mean = ops.sum(plane.emptied(), axis=(1, 2), keepdims=layer.keepdims) / count
    return Plane(mean, [1, 1] if layer.keepdims else None)
