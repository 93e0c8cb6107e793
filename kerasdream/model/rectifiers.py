"""Rectifiers right below the layers that are followed, and a soft one for pictures that excite nothing there.

Where a channel is off in every cell, its ReLU has no gradient, and nothing leads a picture to it. Softplus in its place
has a gradient everywhere, the larger the nearer a cell is to being on.
"""

from collections.abc import Callable, Iterable

import keras
from keras import layers, ops

from kerasdream.model.graph import subgraph
from kerasdream.types import Tensor

Activation = Callable[[Tensor], Tensor]
RECTIFIERS = (keras.activations.relu, keras.activations.relu6)


def find_rectifiers(tensors: Iterable[keras.KerasTensor]) -> set[keras.Operation]:
    """Return the layers with a ReLU that the outputs show, with nothing that was trained in between.

    >>> x = layers.Conv2D(4, 3, activation="relu", name="off")(keras.Input((8, 8, 3)))
    >>> [layer.name for layer in find_rectifiers([layers.MaxPooling2D()(x)])]
    ['off']
    """
    found: set[keras.Operation] = set()
    for tensor in tensors:
        layer, index, _ = tensor._keras_history
        inner = subgraph(layer)
        if inner is not None:
            found |= find_rectifiers(inner.outputs)
        elif isinstance(layer, layers.ReLU) or getattr(layer, "activation", None) in RECTIFIERS:
            found.add(layer)
        elif not getattr(layer, "weights", []):
            found |= find_rectifiers(layer._inbound_nodes[index].input_tensors)
    return found


def is_capped(layer: keras.Operation) -> bool:
    """Say whether a rectifier has an upper end, where it has no gradient either.

    >>> is_capped(layers.ReLU(6.0)), is_capped(layers.Activation("relu"))
    (True, False)
    """
    return getattr(layer, "max_value", None) is not None or getattr(layer, "activation", None) is RECTIFIERS[1]


def soften(activation: Activation, asleep: Tensor) -> Activation:
    """Return the activation with softplus in its place for the pictures where `asleep`, one number each, is 1.

    >>> soft = soften(keras.activations.relu, ops.convert_to_tensor([0.0, 1.0]))
    >>> [round(float(one), 2) for one in ops.convert_to_numpy(soft(ops.zeros((2, 1))))[:, 0]]
    [0.0, 0.69]
    """

    def softened(x: Tensor) -> Tensor:
        share = ops.cast(ops.reshape(asleep, (-1, *[1] * (len(x.shape) - 1))), x.dtype)
        hard = activation(x)
        return hard + share * (ops.softplus(x) - hard)

    return softened
