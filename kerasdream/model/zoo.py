"""The named models: for each, one entry with all that sets it apart."""

import dataclasses
import importlib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras

from kerasdream.errors import ModelError, suggest
from kerasdream.model import weights
from kerasdream.model.features import outputs_of, plane_fault

STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A named model: its constructor, its input, its ImageNet weights, and the settings it dreams well with."""

    constructor: str  # in keras.applications
    url: str
    md5: str | None  # as keras.applications states it
    defaults: Mapping[str, Any]  # settings where this model differs from DreamConfig
    looks: Mapping[str, str]  # pattern of the layer names that stay the same in every process: a word on the look
    preprocess: str | None = None  # module in keras.applications whose preprocess_input to use; None: -1 … 1


ZOO = {
    "inception_v3": Entry(
        constructor="InceptionV3",
        url=STORE + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="bcbd6486424b2319ff4ef7d526e38f63",
        defaults={"layers": {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}},
        looks={
            "mixed0": "strokes, lace",
            "mixed1": "spirals, waves",
            "mixed2": "arches, scales",
            "mixed3": "eyes, rings",
            "mixed4": "furry heads, feathers",
            "mixed5": "animals, feathers",
            "mixed6": "animals, thickets",
            "mixed7": "branches, scenes",
            r"mixed(8|9|10|9_0|9_1)": "scenes, tangled objects",
        },
    ),
    "mobilenet_v2": Entry(
        constructor="MobileNetV2",
        url=STORE + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        md5=None,
        defaults={"layers": {"block_6_expand_relu": 1.0, "block_10_expand_relu": 1.5, "block_13_expand_relu": 2.0}},
        looks={
            r"block_[1-3]_(expand_relu|add)": "lines, grids",
            r"block_[4-6]_(expand_relu|add)": "textures",
            r"block_([7-9]|10|11|12)_(expand_relu|add)": "patterns, eyes",
            r"block_1[3-6]_(expand_relu|add)": "parts, creatures",
            "out_relu": "objects",
        },
    ),
    "vgg16": Entry(
        constructor="VGG16",
        url=STORE + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="6d6bbae143d832006294945121d1f1fc",
        # Its activations run to the hundreds: no fixed ceiling of the loss means anything.
        defaults={"layers": {"block4_conv3": 1.0, "block5_conv1": 4.0, "block5_conv3": 16.0}, "max_loss": None},
        looks={
            "block1_.*": "colour, grain",
            "block2_.*": "lines, weave",
            "block3_.*": "textures, dots",
            "block4_.*": "patterns, eyes",
            "block5_.*": "parts, heads",
        },
        preprocess="vgg16",
    ),
}

BY_STRIDE = {1: "colour", 2: "edges", 4: "lines, dots", 8: "textures", 16: "patterns, parts"}


class LayerInfo(NamedTuple):
    """A layer that can be dreamt on; `stride` is the side of the picture's square behind one cell, in pixels."""

    name: str
    channels: int
    stride: int
    look: str


def entry_of(name: str) -> Entry:
    """The entry of a named model; ModelError with the nearest names for an unknown one."""
    if name not in ZOO:
        raise ModelError(
            f"There is no model {name!r}.{suggest(name, ZOO)} The named models are {', '.join(ZOO)}; "
            "or pass a keras.Model."
        )
    return ZOO[name]


def build(name: str, source: str, seed: int) -> keras.Model:
    """A named model with its weights: "imagenet", "random" (from the seed), or the path of a file."""
    entry = entry_of(name)
    file = weights.imagenet(entry.url, entry.md5) if source == "imagenet" else source
    model = getattr(keras.applications, entry.constructor)(weights=None, include_top=False)
    if source == "random":
        weights.randomize(model, seed)
    else:
        weights.load(model, file)
    return model


def preprocess_of(name: str) -> Callable[[Any], Any] | None:
    """From RGB 0 … 255 to the input of a named model; None where it takes -1 … 1."""
    module = entry_of(name).preprocess
    return importlib.import_module(f"keras.applications.{module}").preprocess_input if module else None


def layers(model: str | keras.Model = "inception_v3") -> list[LayerInfo]:
    """What a model can dream on, from the picture upwards.

    >>> kerasdream.layers("inception_v3")[4]
    LayerInfo(name='mixed4', channels=768, stride=16, look='furry heads, feathers')
    """
    looks: Mapping[str, str] = {".*": ""}
    if isinstance(model, str):
        looks = entry_of(model).looks
        model = getattr(keras.applications, entry_of(model).constructor)(weights=None, include_top=False)
    planes = {name: tensor for name, tensor in outputs_of(model).items() if not plane_fault(tensor)}
    named = {name: look for name in planes for pattern, look in looks.items() if re.fullmatch(pattern, name)}
    side = model.inputs[0].shape[1] or 512
    function = keras.Function(model.inputs, [planes[name] for name in named])
    shapes = [spec.shape for spec in function.compute_output_spec([keras.KerasTensor((1, side, side, 3))])]
    infos = []
    for (name, look), shape in zip(named.items(), shapes, strict=True):
        stride = 2 ** round(math.log2(side / shape[1]))
        infos.append(LayerInfo(name, shape[-1], stride, look or BY_STRIDE.get(stride, "parts, objects")))
    return infos
