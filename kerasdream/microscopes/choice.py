"""Which layers and channels a microscope shows, and what is drawn for each of them."""

from collections.abc import Iterable, Mapping, Sequence

import keras
from keras import layers

from kerasdream.errors import ConfigError, ModelError
from kerasdream.model import zoo
from kerasdream.model.graph import find_logits, followable_outputs
from kerasdream.objectives import Class, Layer, Objective, objective
from kerasdream.objectives.view import SCORES

CLASS = "class"  # stands for the class scores, as in `class:281`
ACTIVATIONS = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU)
WEIGHTED = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)


def usual_layers(model: str | keras.Model) -> list[str]:
    """Return the layers that a microscope shows unless told: of a named model those listed, of one's own all with an
    activation function, and the classes.

    >>> image = keras.Input((None, None, 3))
    >>> usual_layers(keras.Model(image, layers.ReLU(name="relu")(layers.Conv2D(4, 3)(image))))
    ['relu']
    """
    if isinstance(model, str):
        return [info.name for info in zoo.layers(model)]
    operations = {name: tensor._keras_history.operation for name, tensor in followable_outputs(model).items()}
    found = [name for name, layer in operations.items() if has_activation(layer)]
    found = found or [name for name, layer in operations.items() if isinstance(layer, WEIGHTED)]
    try:
        last = find_logits(model)[1]._keras_history.operation
    except ModelError:
        return found
    return [name for name in found if operations[name] is not last] + [CLASS]


def has_activation(layer: keras.Operation) -> bool:
    """Say whether a layer is an activation function, or has one."""
    own = getattr(layer, "activation", keras.activations.linear)
    return isinstance(layer, ACTIVATIONS) or own not in (None, keras.activations.linear)


def objective_of(layer: str, channel: int) -> Objective:
    """Return what is drawn for a channel: its mean, so that the opposite is one of another kind, or a class.

    >>> str(objective_of("mixed4", 150)), str(objective_of("class", 281))
    ('mean(mixed4:150)', 'class:281')
    """
    return objective(Class(str(channel)) if layer == CLASS else Layer(layer, (channel,), measure="mean"))


def key_of(layer: str) -> str:
    """Return the key of a layer among the activations.

    >>> key_of("class"), key_of("mixed4")
    ('class:', 'mixed4')
    """
    return SCORES if layer == CLASS else layer


def choose_channels(
    counts: Mapping[str, int], layers: Sequence[str], channels: Iterable[int] | None
) -> dict[str, list[int]]:
    """Return the channels of each layer to show, of those asked for the ones that it has.

    Raises ConfigError for what are no channels, and for one that no layer has.

    >>> choose_channels({"a": 2, "b": 4}, ["a", "b"], [0, 3])
    {'a': [0], 'b': [0, 3]}
    """
    if channels is None:
        return {layer: list(range(counts[layer])) for layer in layers}
    wanted = list(dict.fromkeys(channels)) if isinstance(channels, Iterable) else [channels]
    most = max(counts[layer] for layer in layers)
    for channel in wanted:
        if isinstance(channel, bool) or not isinstance(channel, int) or not 0 <= channel < most:
            raise ConfigError(
                f"The channel {channel!r} was asked for; whole numbers from 0 to {most - 1} were expected."
            )
    if not wanted:
        raise ConfigError("No channels were asked for; some were expected, such as range(16).")
    return {layer: sorted(channel for channel in wanted if channel < counts[layer]) for layer in layers}
