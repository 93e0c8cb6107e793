"""Pictures in the corner of a larger, padded one, with the activations that they have by themselves.

Where a framework compiles one program for each size, pictures of many sizes so share one. A layer that looks past the
edge of its picture finds there what its own padding would show it; what lies farther out is never looked at.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from kerasdream.model.fixed import FixedConv2D
from kerasdream.types import Size, Tensor

FINEST = 32  # pixels between two buckets of small pictures; of large ones an eighth to a quarter of the side
CONVOLUTIONS = (layers.Conv2D, FixedConv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
POOLS = (layers.MaxPooling2D, layers.AveragePooling2D)
POINTWISE = (
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


def bucket_shape(size: Size) -> Size:
    """Return the size, at least as large, to which pictures of this and of similar sizes are padded.

    >>> bucket_shape((288, 513))
    (320, 640)
    """
    height, width = (max(FINEST, 2 ** (int(math.log2(side)) - 2)) for side in size)
    return -(-size[0] // height) * height, -(-size[1] // width) * width


class PaddedPlane:
    """Values (N, H, W, C) of which only the first `size` rows and columns are the picture's; (N, C) as one cell.

    >>> ops.convert_to_numpy(PaddedPlane(ops.ones((1, 1, 3, 1)), [1, 2]).zeroed()).ravel().tolist()
    [1.0, 1.0, 0.0]
    """

    def __init__(self, values: Tensor, size: Sequence[Tensor]):
        self.values, self.size = values, size

    def zeroed(self, outside: float = 0.0) -> Tensor:
        """Return the values, with zeros or another number everywhere outside the picture."""
        shape = ops.shape(self.values)
        rows, columns = ops.arange(shape[1])[:, None, None], ops.arange(shape[2])[:, None]
        within = ops.logical_and(rows < self.size[0], columns < self.size[1])
        return ops.where(within, self.values, ops.cast(outside, self.values.dtype))


def supports_padding(layer: keras.Operation) -> bool:
    """Return whether `padded_call` knows what a layer does.

    >>> supports_padding(layers.Conv2D(4, 3)), supports_padding(layers.UpSampling2D())
    (True, False)
    """
    kind = type(layer)  # one of the user's own, made of such a layer, may do anything
    if kind in (*CONVOLUTIONS, *POOLS, layers.ZeroPadding2D, layers.GlobalAveragePooling2D):
        return bool(layer.data_format == "channels_last")
    if kind in ALONG_CHANNELS:
        return layer.axis in (-1, 3, [-1], [3])
    return kind in (*POINTWISE, layers.InputLayer)


def padded_call(layer: keras.Operation, call: Callable[..., Tensor]) -> Callable[..., PaddedPlane]:
    """Return what `call` computes for a layer as a function of padded planes."""
    if isinstance(layer, (*CONVOLUTIONS, *POOLS)):
        return lambda plane, **_: call_windowed(layer, call, plane)
    if isinstance(layer, layers.ZeroPadding2D):
        sides = [sum(pair) for pair in layer.padding]
        return lambda plane, **_: PaddedPlane(
            call(plane.zeroed()), [side + more for side, more in zip(plane.size, sides, strict=True)]
        )
    if isinstance(layer, layers.GlobalAveragePooling2D):
        return lambda plane, **_: average_over_picture(layer, plane)

    def call_pointwise(*arguments: Any, **settings: Any) -> PaddedPlane:
        planes = [plane for plane in keras.tree.flatten(arguments) if isinstance(plane, PaddedPlane)]
        values = call(*keras.tree.map_structure(lambda plane: getattr(plane, "values", plane), arguments), **settings)
        return PaddedPlane(values, max(planes, key=lambda plane: tuple(plane.values.shape[1:3])).size)

    return call_pointwise


def call_windowed(layer: keras.Layer, call: Callable[..., Tensor], plane: PaddedPlane) -> PaddedPlane:
    """Return what a convolution or a pooling makes of a padded plane."""
    pool = isinstance(layer, POOLS)
    kernel = layer.pool_size if pool else layer.kernel_size
    dilation = (1, 1) if pool else layer.dilation_rate
    window, stride = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)], layer.strides
    if layer.padding == "valid":  # never looks outside
        size = [(n - k) // s + 1 for n, k, s in zip(plane.size, window, stride, strict=True)]
        return PaddedPlane(call(plane.values), size)
    size = [(n + s - 1) // s for n, s in zip(plane.size, stride, strict=True)]
    if isinstance(layer, layers.MaxPooling2D):
        lowest = -3e38 if plane.values.dtype == "float32" else -6e4
        return PaddedPlane(call(align_windows(plane, window, stride, lowest)), size)
    values = call(align_windows(plane, window, stride))
    if pool:  # its mean is over cells of the picture alone
        ones = PaddedPlane(ops.ones_like(plane.values[:1, :, :, :1]), plane.size)
        values = values / ops.maximum(call(align_windows(ones, window, stride)), 1e-6)
    return PaddedPlane(values, size)


def align_windows(plane: PaddedPlane, window: Sequence[int], stride: Sequence[int], outside: float = 0.0) -> Tensor:
    """Return the zeroed values, shifted so that windows with padding "same" begin where they would in the picture.

    How many cells such a window looks past the first depends on the picture's size, where the stride is not 1.
    """
    values = plane.zeroed(outside)
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


def average_over_picture(layer: keras.Layer, plane: PaddedPlane) -> PaddedPlane:
    """Return the mean of every channel over the cells of the picture."""
    count = ops.cast(plane.size[0] * plane.size[1], plane.values.dtype)
    mean = ops.sum(plane.zeroed(), axis=(1, 2), keepdims=layer.keepdims) / count
    return PaddedPlane(mean, [1, 1])
