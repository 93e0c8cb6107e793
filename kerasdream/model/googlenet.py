"""GoogLeNet, the network of the first dreams, as torchvision publishes it: Inception v1 with batch norms.

Its input is RGB from -1 to 1: torchvision takes the mean and deviation of ImageNet away, and then, with
`transform_input`, brings (x / 255 - mean) / deviation to (x / 255 - 0.5) / 0.5.
"""

import os
import pathlib
import re

import keras
import numpy as np
from keras import layers

from kerasdream.errors import WeightsError
from kerasdream.model import pth, weights
from kerasdream.types import Array

HASH = "1378be20"  # how its sha256 sum begins
PUBLISHED = f"googlenet-{HASH}.pth"
URL = f"https://download.pytorch.org/models/{PUBLISHED}"  # BSD-3, as torchvision is
EPSILON = 1e-3  # of its batch norms
CLASSES = 1000
# Channels of each block: 1x1, 3x3 with what reduces to it, "5x5" likewise, and 1x1 after the pool.
BLOCKS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
# The convolutions of a block by their names in torchvision.
BRANCHES = {
    "1x1": "branch1",
    "3x3_reduce": "branch2.0",
    "3x3": "branch2.1",
    "5x5_reduce": "branch3.0",
    "5x5": "branch3.1",
    "pool_proj": "branch4.1",
}
# What a layer holds, in Keras's order, by torchvision's names.
PARTS = {
    layers.Conv2D: ("weight",),
    layers.BatchNormalization: ("weight", "bias", "running_mean", "running_var"),
    layers.Dense: ("weight", "bias"),
}


def network(top: bool = False) -> keras.Model:
    """Return GoogLeNet without weights; with `top`, with its classes, for any size.

    >>> network().get_layer("inception_4c").output.shape
    (None, None, None, 512)
    """
    image = keras.Input((None, None, 3))
    x = layers.ZeroPadding2D(3)(image)
    x = convolved(x, "conv1", 64, 7, strides=2, padding="valid")
    x = convolved(halved(x), "conv2", 64, 1)
    x = halved(convolved(x, "conv3", 192, 3))
    for name, channels in BLOCKS.items():
        x = block(x, f"inception_{name}", channels)
        if name == "3b":
            x = halved(x)
        elif name == "4e":
            x = layers.MaxPooling2D(2, padding="same")(x)
    if top:
        x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
        x = layers.Dense(CLASSES, activation="softmax", name="fc")(x)
    return keras.Model(image, x, name="googlenet")


def block(x: keras.KerasTensor, name: str, channels: tuple[int, ...]) -> keras.KerasTensor:
    """Return the four branches of a block side by side."""
    one, reduce_3, three, reduce_5, five, projected = channels
    branches = [
        convolved(x, f"{name}_1x1", one, 1),
        convolved(convolved(x, f"{name}_3x3_reduce", reduce_3, 1), f"{name}_3x3", three, 3),
        # Kernels of three cells, in torchvision as in the TensorFlow network that it was ported from.
        convolved(convolved(x, f"{name}_5x5_reduce", reduce_5, 1), f"{name}_5x5", five, 3),
        convolved(layers.MaxPooling2D(3, 1, padding="same")(x), f"{name}_pool_proj", projected, 1),
    ]
    return layers.Concatenate(name=name)(branches)


def convolved(
    x: keras.KerasTensor, name: str, channels: int, side: int, strides: int = 1, padding: str = "same"
) -> keras.KerasTensor:
    """Return a convolution with its batch norm and ReLU, of which the ReLU has the name."""
    x = layers.Conv2D(channels, side, strides, padding, use_bias=False, name=f"{name}_conv")(x)
    return layers.ReLU(name=name)(layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x))


def halved(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return the largest of each 3 x 3 cells, at half the size rounded down.

    PyTorch's `ceil_mode` lets the last window reach over the edge. The zeros there never win, after a ReLU.
    """
    return layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(((0, 1), (0, 1)))(x))


def load(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Fill the network with the weights of torchvision's .pth (or .pt) file, or of a file that Keras wrote.

    The published file, by its name, must have the sha256 sum that the name states. Raises WeightsError where it has
    not, and where a file is missing, damaged, of another network, or lacks a part.
    """
    file = pathlib.Path(path)
    if file.suffix not in (".pth", ".pt"):
        return weights.load(model, file)
    tensors = pth.read(file)
    if file.name == PUBLISHED and (wrong := weights.wrong_hash(file, HASH)):
        raise WeightsError(
            f"{str(file)!r} is damaged, or no file of torchvision's: {wrong}. Fetch it again; or give a file of your "
            "own another name."
        )
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(weights_of(layer, tensors, file))
    return None


def weights_of(layer: keras.Layer, tensors: dict[str, Array], file: pathlib.Path) -> list[Array]:
    """Return the weights of a layer in Keras's order and shapes."""
    found = []
    for part, variable in zip(PARTS[type(layer)], layer.weights, strict=True):
        name = f"{torchvision_name(layer.name)}.{part}"
        if name not in tensors:
            raise WeightsError(f"{str(file)!r} lacks {name}. The weights of torchvision's googlenet were expected.")
        tensor = tensors[name]
        values = tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor.T
        if values.shape != tuple(variable.shape) or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise WeightsError(
                f"{str(file)!r} holds {name} as {tensor.dtype} of shape {tensor.shape}, not the finite numbers "
                "of torchvision's googlenet. Name its model=, or give the weights of this one."
            )
        found.append(values.astype(np.float32))
    return found


def torchvision_name(layer: str) -> str:
    """Return the name that torchvision has for a layer.

    >>> torchvision_name("inception_3a_5x5_reduce_conv"), torchvision_name("conv1_bn")
    ('inception3a.branch3.0.conv', 'conv1.bn')
    """
    if not (parts := re.fullmatch(r"inception_(\d\w)_(\w+)_(conv|bn)", layer)):
        return layer.replace("_", ".")
    return f"inception{parts[1]}.{BRANCHES[parts[2]]}.{parts[3]}"
