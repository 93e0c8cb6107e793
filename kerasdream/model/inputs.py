"""What a model of a user's own takes: how many channels, in which range of values."""

from collections.abc import Callable, Generator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerasdream.errors import ModelError
from kerasdream.image.picture import GREY
from kerasdream.model.graph import FUNCTIONAL_HINT, all_layers, graph_of, subgraph
from kerasdream.types import Array, Tensor

Range = tuple[float, float]

MOST_CHANNELS = 64  # of a picture; an input with more has its channels elsewhere
BYTES, UNIT, SIGNED = (0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)  # the ranges that pictures are kept in
RESCALED = (UNIT, SIGNED, BYTES, (-0.5, 0.5))  # the ranges that layers bring pictures to
CENTRED = (-127.5, 127.5)  # bytes less some mean of them, as VGG16 takes them
TRANSPARENT = (layers.InputLayer, layers.Identity, layers.Dropout, layers.GaussianNoise, layers.Resizing,
               layers.CenterCrop, layers.ZeroPadding2D)  # fmt: skip


def input_channels(model: keras.Model) -> int:
    """Return how many channels the pictures of a model have.

    Raises ModelError where it does not take one batch of pictures with channels last.

    >>> input_channels(keras.Sequential([keras.Input((None, None, 1)), layers.ReLU()]))
    1
    """
    if subgraph(model) is None and isinstance(model, keras.Sequential):
        graph_of(model)  # says how to build it
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or []]  # an unbuilt model has none
    if len(shapes) == 1 and len(shapes[0]) == 4 and (layer := channels_first_layer(model)):
        raise ModelError(
            f"The model {model.name!r} takes pictures {shapes[0]} with channels first (see its layer {layer.name!r}); "
            "channels last, (batch, height, width, channels), were expected. Build it with "
            "data_format='channels_last', the kernels of its convolutions stay the same."
        )
    if len(shapes) != 1 or len(shapes[0]) != 4 or not shapes[0][-1] or shapes[0][-1] > MOST_CHANNELS:
        raise ModelError(
            f"The model {model.name!r} takes inputs of shape {shapes}; one input (batch, height, width, channels) was "
            f"expected, of a functional or built Sequential model. {FUNCTIONAL_HINT}"
        )
    return int(shapes[0][-1])


def channels_first_layer(model: keras.Model) -> keras.Layer | None:
    """Return the layer that reads the picture with channels first, or None where it is read with channels last."""
    if subgraph(model) is None:
        return None
    for layer in all_layers(graph_of(model)):
        if "permute" in type(layer).__name__.lower() or "transpose" in type(layer).__name__.lower():
            return None  # from here on it is another order
        if data_format := getattr(layer, "data_format", None):
            return layer if data_format == "channels_first" else None
    return None


def input_range(model: keras.Model) -> Range | None:
    """Return the range of values of the pictures that a model takes, as its first layers tell it.

    `Rescaling(1 / 255)` and the like tell it, `Normalization` with its mean and variance, and arithmetic on the input
    such as `x / 127.5 - 1`; layers that augment pictures are passed over. None where nothing of that comes first.

    >>> image = keras.Input((None, None, 3))
    >>> input_range(keras.Model(image, layers.Conv2D(4, 3)(layers.Rescaling(1 / 127.5, offset=-1)(image))))
    (0.0, 255.0)
    """
    scale, offset = np.array(1.0), np.array(0.0)  # what was done to the picture so far
    for layer, arguments in first_operations(graph_of(model)):
        if isinstance(layer, layers.Normalization):
            return range_before_normalization(layer, scale, offset)
        change = affine_change(layer, arguments)
        if change is None:
            return None
        scale, offset = scale * change[0], offset * change[0] + change[1]
        if found := range_before_rescaling(scale, offset):
            return found
    return None


def range_before_rescaling(scale: Array, offset: Array) -> Range | None:
    """Return the usual range that x * scale + offset brings to another usual one; None where none or several are.

    >>> range_before_rescaling(np.array(2.0), np.array(-1.0))
    (0.0, 1.0)
    """
    found = []
    for low, high in (BYTES, UNIT, SIGNED):
        ends = np.array([np.mean(low * scale + offset), np.mean(high * scale + offset)])
        reached = [np.abs(ends - target).max() < 0.01 * (target[1] - target[0]) for target in RESCALED]
        if any(reached) or np.abs(ends - CENTRED).max() < 0.12 * 255:
            found.append((low, high))
    return found[0] if len(found) == 1 else None


def range_before_normalization(layer: keras.Layer, scale: Array, offset: Array) -> Range | None:
    """Return the first usual range in which values can have the mean and variance that a layer takes away.

    Values from a to b have a variance of (mean - a) * (b - mean) at most. Of what x * scale + offset did to the values
    before that layer, the mean and variance are freed first.
    """
    if layer.mean is None or layer.invert:
        return None
    mean = (np.asarray(ops.convert_to_numpy(layer.mean), np.float64) - offset) / scale
    variance = np.asarray(ops.convert_to_numpy(layer.variance), np.float64) / scale**2
    if not variance.any() or (not mean.any() and (variance == 1).all()):
        return None  # never adapted
    for low, high in (UNIT, SIGNED, BYTES):
        if (mean >= low).all() and (mean <= high).all() and (variance <= (mean - low) * (high - mean) + 1e-9).all():
            return low, high
    return None


def affine_change(layer: keras.Operation, arguments: tuple[object, ...]) -> tuple[Array, Array] | None:
    """Return the scale and offset of what a layer does to its input; None where it does anything else."""
    name = type(layer).__name__
    if isinstance(layer, layers.Rescaling):
        return np.asarray(layer.scale, np.float64), np.asarray(layer.offset, np.float64)
    if isinstance(layer, TRANSPARENT) or name.startswith("Random") or name in ("GetItem", "Stack"):
        return np.array(1.0), np.array(0.0)
    constants = [isinstance(argument, keras.KerasTensor) for argument in arguments].count(False)
    if name not in ARITHMETIC or len(arguments) != 2 or constants != 1:
        return None
    first, second = arguments
    if isinstance(second, keras.KerasTensor):
        if name not in ("Add", "Multiply"):
            return None
        second = first
    number = np.asarray(ops.convert_to_numpy(second), np.float64)
    return ARITHMETIC[name](number.reshape(-1) if number.ndim else number)


ARITHMETIC: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "Multiply": lambda number: (number, np.zeros_like(number)),
    "TrueDivide": lambda number: (1.0 / number, np.zeros_like(number)),
    "Divide": lambda number: (1.0 / number, np.zeros_like(number)),
    "Add": lambda number: (np.ones_like(number), number),
    "Subtract": lambda number: (np.ones_like(number), -number),
}  # Keras's operations, by the names of their classes


def first_operations(graph: keras.Function) -> Generator[tuple[keras.Operation, tuple[object, ...]], None, bool]:
    """Yield the layers that the picture passes one after another, with their arguments, up to where it branches.

    Return whether it never does.
    """
    tensor = graph.inputs[0]
    nodes = [node for depth in graph._nodes_by_depth.values() for node in depth if not node.is_input]

    def readers_of(*tensors: keras.KerasTensor) -> list[Any]:
        return [node for node in nodes if any(one is other for one in node.input_tensors for other in tensors)]

    while True:
        readers = readers_of(tensor)
        if len(readers) > 1 and {type(node.operation).__name__ for node in readers} == {"GetItem"}:
            readers = readers_of(*(node.outputs[0] for node in readers))  # channels put in another order
        if len(readers) != 1:
            return not readers
        node = readers[0]
        inner = subgraph(node.operation)
        if inner is None:
            yield node.operation, tuple(node.arguments.args)
        elif not (yield from first_operations(inner)):
            return False
        tensor = node.outputs[0]


def default_preprocess(model: keras.Model) -> Callable[[Tensor], Tensor] | None:
    """Return a function that makes of RGB from 0 to 255 what a model of a user's own takes, as far as it tells it.

    A model of one channel gets the lightness. None where it takes RGB from -1 to 1, as it does where nothing tells.
    Raises ModelError for a model of other channels, and for one that does not take pictures.

    >>> image = keras.Input((None, None, 1))
    >>> grey = default_preprocess(keras.Model(image, layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(image))))
    >>> ops.convert_to_numpy(grey(ops.convert_to_tensor([[[[255.0, 0.0, 0.0]]]]))).round().tolist()
    [[[[76.0]]]]
    """
    channels = input_channels(model)
    if channels not in (1, 3):
        raise ModelError(
            f"The model {model.name!r} takes pictures of {channels} channels; pass preprocess=, a function that "
            "makes them of RGB from 0 to 255."
        )
    low, high = input_range(model) or SIGNED
    if channels == 3 and (low, high) == SIGNED:
        return None

    def preprocess(pixels: Tensor) -> Tensor:
        if channels == 1:
            pixels = ops.sum(pixels * ops.convert_to_tensor(GREY, "float32"), axis=-1, keepdims=True)
        return pixels if (low, high) == BYTES else pixels * ((high - low) / 255.0) + low

    return preprocess
