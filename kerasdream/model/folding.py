"""Convolutions with the batch norm after them folded into their weights."""

from collections import Counter
from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from kerasdream.model.fixed import FixedConv2D
from kerasdream.types import Array, Tensor

CONVOLUTIONS = (layers.Conv2D, FixedConv2D)
Convolution = Callable[..., Tensor]
"""Computes a convolution of images, kernel, bias, strides, padding, dilation, and where wanted the flipped kernel."""


def find_folds(graph: keras.Function) -> dict[keras.Layer, keras.Layer | None]:
    """Return the convolutions of a graph, each with the batch norm that can be folded into it, or None.

    That is one which alone reads the convolution's output, where nothing is done to it between.
    """
    nodes = [node for depth in graph._nodes_by_depth.values() for node in depth if not node.is_input]
    calls = Counter(id(node.operation) for node in nodes)
    readers: dict[int, list[keras.Operation]] = {}
    for node in nodes:
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append(node.operation)
    shown = {id(tensor) for tensor in graph.outputs}
    folds = {}
    for node in nodes:
        layer, output = node.operation, node.outputs[0]
        if not is_convolution(layer):
            continue
        norm, *others = readers.get(id(output), [None])
        foldable = (
            layer.activation is keras.activations.linear
            and not others
            and type(norm) is layers.BatchNormalization
            and norm.axis in (-1, 3)
            and calls[id(layer)] == calls[id(norm)] == 1
            and id(output) not in shown
        )
        folds[layer] = norm if foldable else None
    return folds


def is_convolution(layer: keras.Operation) -> bool:
    """Return whether `convolve` computes what this layer does.

    >>> is_convolution(layers.Conv2D(4, 3)), is_convolution(layers.Conv2D(4, 3, data_format="channels_first"))
    (True, False)
    """
    return type(layer) in (*CONVOLUTIONS, layers.DepthwiseConv2D) and bool(layer.data_format == "channels_last")


def needs_flipped_kernel(layer: keras.Layer) -> bool:
    """Return whether the gradient of a convolution is itself a convolution, with the flipped kernel."""
    return type(layer) in CONVOLUTIONS and layer.groups == 1 and {*layer.strides, *layer.dilation_rate} == {1}


def flip_kernel(kernel: Array) -> Array:
    """Return the kernel of a convolution's gradient: turned around in its plane, from outputs to inputs.

    >>> flip_kernel(np.arange(6.0).reshape(3, 1, 1, 2))[..., 0].reshape(3, 2).tolist()
    [[4.0, 5.0], [2.0, 3.0], [0.0, 1.0]]
    """
    return kernel[::-1, ::-1].swapaxes(2, 3)


def fold(convolution: keras.Layer, norm: keras.Layer | None) -> tuple[Array, Array]:
    """Return the kernel and bias that do the work of a convolution and of the batch norm after it, if any."""
    kernel = to_numpy(convolution.kernel)
    depthwise = isinstance(convolution, layers.DepthwiseConv2D)
    channels = kernel.shape[2] * kernel.shape[3] if depthwise else kernel.shape[3]
    bias = to_numpy(convolution.bias) if convolution.use_bias else np.zeros(channels, np.float32)
    if norm is None:
        return kernel, bias
    scale = 1.0 / np.sqrt(to_numpy(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * to_numpy(norm.gamma)
    bias = (bias - to_numpy(norm.moving_mean)) * scale + (to_numpy(norm.beta) if norm.center else 0.0)
    return kernel * (scale.reshape(kernel.shape[2:]) if depthwise else scale), bias


def to_numpy(variable: keras.Variable | Array) -> Array:
    """Return a Keras variable or an array as numpy float32."""
    if not isinstance(variable, np.ndarray):
        variable = ops.convert_to_numpy(ops.copy(variable))  # of variables themselves, numpy 2 warns
    return np.asarray(variable, np.float32)


def convolve(
    layer: keras.Layer,
    images: Tensor,
    kernel: Tensor,
    bias: Tensor,
    *flipped: Tensor,
    convolution: Convolution | None = None,
    activation: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return what the convolution `layer` computes with another kernel and bias, in its precision.

    `convolution` computes it where a framework has a better way than Keras; it is handed the `flipped` kernel, too.
    `activation` stands in for the layer's own.
    """
    activation = activation or layer.activation
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    images = ops.cast(images, layer.compute_dtype)
    kernel, bias = ops.cast(kernel, images.dtype), ops.cast(bias, images.dtype)
    if convolution and not depthwise:
        settings = layer.strides, layer.padding, layer.dilation_rate
        return activation(convolution(images, kernel, bias, *settings, *flipped))
    apply = ops.depthwise_conv if depthwise else ops.conv
    images = apply(images, kernel, layer.strides, layer.padding, layer.data_format, layer.dilation_rate) + bias
    return activation(images)
