"""What a dream wants more of: the energy of layers, each with its weight."""

from typing import Any

from keras import ops

BORDER = 2  # cells left out at every edge of a layer, where the padding of the network shows


def energy(activations: Any) -> Any:
    """Per picture: the sum of squares inside the border, over the number of cells with it."""
    inside = ops.cast(activations, "float32")[:, BORDER:-BORDER, BORDER:-BORDER, :]
    elements = ops.prod(ops.cast(ops.shape(activations)[1:], "float32"))
    return ops.sum(ops.square(inside), axis=(1, 2, 3)) / elements


def loss(activations: dict[str, Any], weights: Any) -> Any:
    """The weighted sum of the layers' energies, one number per picture."""
    return sum(weights[i] * energy(a) for i, a in enumerate(activations.values()))
