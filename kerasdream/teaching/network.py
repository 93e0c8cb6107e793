"""The network that is taught: a base whose lower blocks stay as they are, and a small head that tells classes apart.

It is made of Keras's own layers only, so that its file opens anywhere.
"""

from collections.abc import Iterator

import keras
import numpy as np
from keras import layers

from kerasdream.model import inception, zoo
from kerasdream.model.mini.network import ACTIVATION, SCALES, STEM
from kerasdream.model.mini.network import BLOCKS as MINI_BLOCKS
from kerasdream.teaching.config import BLOCKS

MEAN, HEAD = "mean", "classes"  # the layers after the last block; the head has the probabilities


def body(base: str, image: keras.KerasTensor) -> keras.KerasTensor:
    """Return what a base makes of an image from -1 to 1, in convolutions with random weights."""
    if base == "mini":
        return inception.output(image, STEM, MINI_BLOCKS, None, ACTIVATION, SCALES)
    branches = {name: block.branches for name, block in inception.BLOCKS.items()}
    return inception.output(image, inception.STEM, branches)


def network(base: str, classes: int, precision: str = "float32") -> keras.Model:
    """Return a base with a head for so many classes and random weights; it takes RGB from 0 to 255.

    >>> network("mini", 3).output.shape
    (None, 3)
    """
    with zoo.computing_in(precision):
        image = keras.Input((None, None, 3), name="image")
        x = body(base, layers.Rescaling(1 / 127.5, offset=-1.0, name="range")(image))
        x = layers.GlobalAveragePooling2D(name=MEAN)(x)
        return keras.Model(image, layers.Dense(classes, "softmax", name=HEAD, dtype="float32")(x), name=base)


def take_weights(model: keras.Model, base: str, weights: str) -> None:
    """Give a network the weights of its base; the head keeps its own."""
    read = zoo.build(base, weights, 0, BLOCKS)
    for layer, fixed in zip(convolutions(model), convolutions(read), strict=True):
        layer.set_weights([np.asarray(array) for array in fixed.arrays])


def convolutions(model: keras.Model) -> Iterator[layers.Conv2D]:
    """Yield the convolutions of a model, in the order of its graph."""
    return (layer for layer in model.layers if isinstance(layer, layers.Conv2D))


def freeze_below(model: keras.Model, taught: str) -> None:
    """Keep the layers below a block from being trained."""
    lower = BLOCKS[: BLOCKS.index(taught)]
    if lower:
        for layer in keras.Model(model.input, model.get_layer(lower[-1]).output).layers:
            layer.trainable = False
