"""InceptionV3 up to the layer that is asked for, straight from a file of its weights.

Keras builds all of its 311 layers, fills them with random numbers and then reads all weights. Here each convolution is
made with its batch norm already folded into it, and none that lies above the layers asked for: a quarter of the time.
The mean of nine cells is taken after the 1 x 1 convolution beside it, which leaves fewer channels: both are linear, so
the activations are the same but for rounding.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import h5py  # comes with Keras
import keras
import numpy as np
from keras import layers

from kerasdream.model.fixed import FixedConv2D
from kerasdream.types import Array

EPSILON = 1e-3  # of its batch norms
CONVOLUTIONS = 94
STEM = (32, 32, 64, 80, 192)  # filters of its convolutions, before the first block

Branch = list[Any]
"""Layers one after another: convolutions (filters, kernel size, stride, linear), the last two where they are not 1 and
False; "average", with an activation after it; "max". It is Any for want of a type for tuples of two to four parts."""


class Block(NamedTuple):
    """Branches side by side, and the order in which Keras numbers their convolutions: by the distance from the end."""

    branches: list[Branch]
    order: tuple[int, ...]


def wide(pooled: int) -> Block:
    """Return a block of 35 x 35 cells."""
    branches: list[Branch] = [
        [(64, 1)],
        [(48, 1), (64, 5)],
        [(64, 1), (96, 3), (96, 3)],
        [(pooled, 1, 1, True), "average"],
    ]
    return Block(branches, (3, 1, 4, 0, 2, 5, 6))


def long(width: int) -> Block:
    """Return a block of 17 x 17 cells, with kernels of seven cells across and down."""
    across, down = (1, 7), (7, 1)
    once: Branch = [(width, 1), (width, across), (192, down)]
    twice: Branch = [(width, 1), (width, down), (width, across), (width, down), (192, across)]
    return Block([[(192, 1)], once, twice, [(192, 1, 1, True), "average"]], (4, 5, 1, 6, 2, 7, 0, 3, 8, 9))


BLOCKS = {
    "mixed0": wide(32),
    "mixed1": wide(64),
    "mixed2": wide(64),
    "mixed3": Block([[(384, 3, 2)], [(64, 1), (96, 3), (96, 3, 2)], ["max"]], (1, 2, 0, 3)),
    "mixed4": long(128),
    "mixed5": long(160),
    "mixed6": long(160),
    "mixed7": long(192),
}


def read(file: str | os.PathLike[str], names: Sequence[str]) -> keras.Model | None:
    """Return InceptionV3 with the weights of a .h5 or .weights.h5 file, as deep as the layers named.

    None where other layers are named, or the file does not hold these weights: Keras's own model then says what is
    wrong.

    >>> path = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    >>> read(path, ["mixed4"]).get_layer("mixed4").output.shape  # doctest: +SKIP
    (None, None, None, 768)
    """
    if not names or not BLOCKS.keys() >= set(names):
        return None
    try:
        with h5py.File(file) as content:
            blocks = list(BLOCKS)[: max(map(list(BLOCKS).index, names)) + 1]
            convolutions = [folded(*weights) for weights in in_order(blocks, weights_in(content))]
            branches = {name: BLOCKS[name].branches for name in blocks}
            return network("inception_v3", STEM, branches, convolutions)
    except (OSError, KeyError, ValueError, IndexError):
        return None


def network(
    name: str,
    stem: Sequence[int],
    blocks: Mapping[str, Sequence[Branch]],
    convolutions: Iterable[tuple[Array, Array]] | None = None,
    activation: str = "relu",
    scales: Mapping[str, float] | None = None,
) -> keras.Model:
    """Return InceptionV3 with these filters in its stem and these branches in its blocks.

    `convolutions` are kernels and biases in the order of the branches; without them the network is to be trained.
    `activation` follows every convolution that is not linear, and `scales` multiply the outputs of blocks. Raises
    ValueError for a kernel of another shape.

    >>> network("narrow", (8, 8, 16, 16, 32), {"mixed0": [[(8, 1)], [(4, 1), (8, 5)]]}).output.shape
    (None, None, None, 16)
    """
    image = keras.Input((None, None, 3))
    return keras.Model(image, output(image, stem, blocks, convolutions, activation, scales), name=name)


def output(
    image: keras.KerasTensor,
    stem: Sequence[int],
    blocks: Mapping[str, Sequence[Branch]],
    convolutions: Iterable[tuple[Array, Array]] | None = None,
    activation: str = "relu",
    scales: Mapping[str, float] | None = None,
) -> keras.KerasTensor:
    """Return what such a network makes of an image from -1 to 1."""
    conv = conv_layers(convolutions, activation)
    x = conv(image, stem[0], 3, 2)
    x = conv(x, stem[1], 3, padding="valid")
    x = layers.MaxPooling2D(3, 2)(conv(x, stem[2], 3))
    x = conv(x, stem[3], 1, padding="valid")
    x = layers.MaxPooling2D(3, 2)(conv(x, stem[4], 3, padding="valid"))
    for block, branches in blocks.items():
        outputs = [branch_output(branch, x, conv, activation) for branch in branches]
        if scales and block in scales:
            x = layers.Rescaling(scales[block], name=block)(layers.Concatenate()(outputs))
        else:
            x = layers.Concatenate(name=block)(outputs)
    return x


def conv_layers(
    convolutions: Iterable[tuple[Array, Array]] | None, activation: str
) -> Callable[..., keras.KerasTensor]:
    """Return a function that adds the next convolution to a network: of an input, filters, size, stride and linear."""
    trained = None if convolutions is None else iter(convolutions)

    def conv(
        x: keras.KerasTensor,
        filters: int,
        size: int | tuple[int, int],
        stride: int = 1,
        linear: bool = False,
        *,
        padding: str = "same",
    ) -> keras.KerasTensor:
        size = (size, size) if isinstance(size, int) else size
        padding, after = "valid" if stride > 1 else padding, None if linear else activation
        if trained is None:
            return layers.Conv2D(filters, size, stride, padding, activation=after)(x)
        kernel, bias = next(trained)
        if kernel.shape != (*size, x.shape[-1], filters):
            raise ValueError(f"a kernel of shape {kernel.shape}")
        return FixedConv2D(kernel, bias, strides=stride, padding=padding, activation=after)(x)

    return conv


def branch_output(
    branch: Branch, x: keras.KerasTensor, conv: Callable[..., keras.KerasTensor], activation: str
) -> keras.KerasTensor:
    """Return what a branch makes of the input of its block."""
    for part in branch:
        if part == "average":
            x = layers.Activation(activation)(layers.AveragePooling2D(3, 1, "same")(x))
        elif part == "max":
            x = layers.MaxPooling2D(3, 2)(x)
        else:
            x = conv(x, *part)
    return x


def in_order(blocks: Sequence[str], weights: list[list[h5py.Dataset]]) -> list[list[h5py.Dataset]]:
    """Return weights in Keras's order in that of the branches."""
    done = list(weights[:5])  # of the stem
    for name in blocks:
        order = BLOCKS[name].order
        here = weights[len(done) : len(done) + len(order)]
        done += [here[order.index(number)] for number in range(len(order))]
    return done


def weights_in(content: h5py.File) -> list[list[h5py.Dataset]]:
    """Return kernel, shift, mean and variance of each convolution with its batch norm, as datasets in Keras's order.

    Raises KeyError or ValueError where the file holds another network.
    """
    if "layer_names" in content.attrs:  # a .h5 file as Keras 1 and 2 wrote them
        groups = [content[name] for name in content.attrs["layer_names"]]
        rows = [[group[name] for name in group.attrs["weight_names"]] for group in groups]
        kernels, norms = ([row for row in rows if len(row) == count] for count in (1, 3))
    else:
        both = []
        for kind in ("conv2d", "batch_normalization"):
            names = [name for name in content["layers"] if re.fullmatch(rf"{kind}(_\d+)?", name)]
            names.sort(key=lambda name: int(name.removeprefix(kind).lstrip("_") or 0))
            both.append(
                [[group[key] for key in sorted(group)] for group in (content["layers"][n]["vars"] for n in names)]
            )
        kernels, norms = both
    if not len(kernels) == len(norms) == CONVOLUTIONS:
        raise ValueError(f"{len(kernels)} convolutions")
    return [[*kernel, *norm] for kernel, norm in zip(kernels, norms, strict=True)]


def folded(
    kernel: h5py.Dataset, shift: h5py.Dataset, mean: h5py.Dataset, variance: h5py.Dataset
) -> tuple[Array, Array]:
    """Return the kernel and bias that do the work of a convolution and its batch norm."""
    kernel, scale = np.asarray(kernel), 1.0 / np.sqrt(np.asarray(variance) + np.float32(EPSILON))
    kernel *= scale  # in its place: it was just read for this
    return kernel, np.asarray(shift) - np.asarray(mean) * scale
