"""Which channels of a network feed which: the weights between layers that are next to each other in its graph."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from kerasdream.model.graph import Operation, graph_of, output_spec, walk
from kerasdream.types import Array, Tensor


class Connection(NamedTuple):
    """What each channel of a layer does to each of the next one."""

    source: str
    target: str
    weights: Array  # (channels of source, channels of target)


@dataclasses.dataclass(frozen=True)
class Signal:
    """What a tensor of the graph has of the named layers before it: of each, a matrix from its channels to its own."""

    spec: keras.KerasTensor
    sources: Mapping[str, Array]


def connections(model: keras.Model, outputs: Mapping[str, keras.KerasTensor]) -> list[Connection]:
    """Return the connections between the layers whose symbolic outputs are given, each to the next on every path.

    A convolution counts with the norm of each of its windows, with the sign of its sum. What lies between two layers
    is multiplied, as if every activation function let all pass; layers of unknown kinds end a path.

    >>> image = keras.Input((8, 8, 3))
    >>> first = layers.Conv2D(4, 1, name="first")(image)
    >>> second = layers.Conv2D(5, 1, name="second")(layers.ReLU()(first))
    >>> found = connections(keras.Model(image, second), {"first": first, "second": second})
    >>> [(one.source, one.target, one.weights.shape) for one in found]
    [('first', 'second', (4, 5))]
    """
    names = {id(tensor._keras_history.operation): name for name, tensor in outputs.items()}
    found: list[Connection] = []

    def operation(layer: keras.Operation) -> Operation:
        def follow(*arguments: Tensor, **settings: Tensor) -> Tensor:
            signals = [one for one in keras.tree.flatten((arguments, settings)) if isinstance(one, Signal)]
            given, named = keras.tree.map_structure(spec_of, (arguments, settings))
            spec = output_spec(layer)(*given, **named)
            if not isinstance(spec, keras.KerasTensor):  # several outputs
                return keras.tree.map_structure(lambda one: Signal(one, {}), spec)
            sources = passed_on(layer, signals, spec)
            if name := names.get(id(layer)):
                found.extend(Connection(source, name, weights) for source, weights in sources.items())
                sources = {name: np.eye(spec.shape[-1], dtype=np.float32)}
            return Signal(spec, sources)

        return follow

    walk(graph_of(model), [Signal(tensor, {}) for tensor in model.inputs], operation)
    return found


def spec_of(value: object) -> object:
    """Return the shape of a signal, and anything else as it is."""
    return value.spec if isinstance(value, Signal) else value


def passed_on(layer: keras.Operation, signals: Sequence[Signal], spec: keras.KerasTensor) -> dict[str, Array]:
    """Return what the output of a layer has of the named layers in its inputs."""
    if (matrix := channel_matrix(layer)) is not None:
        return {name: weights @ matrix for name, weights in signals[0].sources.items()}
    if type(layer).__name__ == "Concatenate":  # the layer, or the operation
        return joined(signals) if layer.axis in (-1, len(spec.shape) - 1) else {}
    if isinstance(layer, layers.Flatten):
        ((own, sources),) = ((one.spec.shape[-1], one.sources) for one in signals)
        return {name: np.tile(weights, spec.shape[-1] // own) for name, weights in sources.items()}
    alike = all(one.spec.shape[-1] == spec.shape[-1] for one in signals)
    if not alike or getattr(layer, "weights", None) or type(layer).__name__ in ("Permute", "Transpose"):
        return {}
    names = dict.fromkeys(name for one in signals for name in one.sources)
    return {name: sum_of([one.sources[name] for one in signals if name in one.sources]) for name in names}


def sum_of(matrices: Sequence[Array]) -> Array:
    """Return the sum of some matrices."""
    return functools.reduce(np.add, matrices)


def joined(signals: Sequence[Signal]) -> dict[str, Array]:
    """Return what tensors have of the named layers when they are put beside each other."""
    widths = [one.spec.shape[-1] for one in signals]
    found: dict[str, Array] = {}
    for start, signal in zip(np.cumsum([0, *widths]), signals, strict=False):
        for name, weights in signal.sources.items():
            whole = found.setdefault(name, np.zeros((len(weights), sum(widths)), np.float32))
            whole[:, start : start + weights.shape[1]] += weights
    return found


def channel_matrix(layer: keras.Operation) -> Array | None:
    """Return how a layer's weights lead from each channel of its input to each of its output, or None without any.

    >>> conv = layers.Conv2D(1, 2, kernel_initializer="ones")
    >>> conv.build((None, 8, 8, 1))
    >>> channel_matrix(conv).tolist()
    [[2.0]]
    """
    if isinstance(layer, layers.Dense):
        return array_of(layer.kernel)
    if isinstance(layer, layers.DepthwiseConv2D):
        strengths = window_strengths(array_of(layer.kernel))  # (channels, multiplier)
        return beside_the_diagonal(np.split(strengths, len(strengths)))
    if isinstance(layer, layers.Conv2D):
        strengths = window_strengths(array_of(layer.kernel))  # (channels of a group, filters)
        return strengths if layer.groups == 1 else beside_the_diagonal(np.split(strengths, layer.groups, axis=1))
    if isinstance(layer, layers.BatchNormalization):
        scale = 1.0 / np.sqrt(array_of(layer.moving_variance) + layer.epsilon)
        return np.diag(scale * (array_of(layer.gamma) if layer.scale else 1.0))
    return None


def window_strengths(kernel: Array) -> Array:
    """Return the norm over the window of a kernel (rows, columns, in, out), with the sign of the sum."""
    sign = np.where(kernel.sum(axis=(0, 1)) < 0, np.float32(-1), np.float32(1))
    strengths: Array = sign * np.sqrt(np.square(kernel).sum(axis=(0, 1)))
    return strengths


def beside_the_diagonal(blocks: Sequence[Array]) -> Array:
    """Return a matrix with blocks along its diagonal, and zeros elsewhere.

    >>> beside_the_diagonal([np.array([[1, 2]]), np.array([[3, 4]])]).tolist()
    [[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 4.0]]
    """
    height, width = blocks[0].shape
    whole = np.zeros((height * len(blocks), width * len(blocks)), np.float32)
    for number, block in enumerate(blocks):
        whole[number * height : (number + 1) * height, number * width : (number + 1) * width] = block
    return whole


def array_of(values: Tensor) -> Array:
    """Return a variable, a tensor or an array as an array of float32."""
    return np.asarray(ops.convert_to_numpy(ops.cast(values, "float32")))
