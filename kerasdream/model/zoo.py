"""The named models: for each, one entry with all that sets it apart."""

import contextlib
import dataclasses
import importlib
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras

from kerasdream.errors import FallbackWarning, ModelError, WeightsError, suggest
from kerasdream.model import inception, mini, weights
from kerasdream.model.features import outputs_of, plane_fault

# A user who named no model is not made to wait: so long a silence, or so long a download, and mini dreams.
QUICK_STALL, QUICK_TOTAL = 5.0, 120.0
STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A named model: how to build it, the settings it dreams well with, its ImageNet weights, its input."""

    build: Callable[..., keras.Model]  # with top=True: with its classes, where it has any
    defaults: Mapping[str, Any]  # settings where this model differs from DreamConfig
    looks: Mapping[str, str]  # pattern of the layer names that stay the same in every process: a word on the look
    url: str | None = None  # of its ImageNet weights; None: `build` has put them in
    md5: str | None = None  # of that file, as keras.applications states it
    url_top: str | None = None  # of the weights with the classes
    md5_top: str | None = None
    read: Callable[..., keras.Model | None] | None = None  # a shorter way to some layers with the weights of a file
    preprocess: str | None = None  # module in keras.applications whose preprocess_input to use; None: -1 … 1


def application(name: str) -> Callable[..., keras.Model]:
    """A model of keras.applications, without weights; with its classes only where they are asked for."""
    return lambda top=False: getattr(keras.applications, name)(weights=None, include_top=top)


INCEPTION_DEFAULTS = {"layers": {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}}
ZOO = {
    "inception_v3": Entry(
        build=application("InceptionV3"),
        url=STORE + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="bcbd6486424b2319ff4ef7d526e38f63",
        url_top=STORE + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
        md5_top="9a0d58056eeedaa3f26cb7ebd46da564",
        read=inception.read,
        defaults=INCEPTION_DEFAULTS,
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
    "mini": Entry(
        build=mini.build,
        defaults=INCEPTION_DEFAULTS,
        looks={
            "mixed0": "colours, stripes",
            "mixed1": "spots, stripes",
            "mixed2": "spots, first eyes",
            "mixed3": "eyes",
            "mixed4": "eyes, heads",
            "mixed5": "heads, bodies",
            "mixed6": "animals with legs",
            "mixed7": "birds, bodies",
        },
    ),
    "mobilenet_v2": Entry(
        build=application("MobileNetV2"),
        url=STORE + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        url_top=STORE + "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
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
        build=application("VGG16"),
        url=STORE + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="6d6bbae143d832006294945121d1f1fc",
        url_top=STORE + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5",
        md5_top="64373286793e3c8b2b4e3219cbf3544b",
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


def build(
    name: str, source: str, seed: int, layers: Sequence[str] = (), *, top: bool = False, precision: str = "float32"
) -> keras.Model:
    """A named model with its weights: "imagenet", "random" (from the seed), or the path of a file.

    It has the `layers` named, and may have no others. With `top` it tells its classes apart, too. In "bfloat16" it
    computes in that, its weights stay float32.
    """
    entry = entry_of(name)
    if top and not entry.url_top:
        able = ", ".join(name for name, entry in ZOO.items() if entry.url_top)
        raise ModelError(f"The model {name!r} tells no classes apart; {able} do. Name one with model=.")
    url, md5 = (entry.url_top, entry.md5_top) if top else (entry.url, entry.md5)
    file = weights.imagenet(url, md5) if source == "imagenet" and url else source
    with computing_in(precision):
        if entry.read and not top and source != "random" and (short := entry.read(file, layers)):
            return short
        model = entry.build(top=True) if top else entry.build()
    if source == "random":
        weights.randomize(model, seed)
    elif file != "imagenet":
        weights.load(model, file)
    return model


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Models built inside compute in that precision, whatever policy the user's own models follow."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def at_hand(name: str) -> str:
    """The named model where its weights are on this machine or come quickly; else mini, with a warning."""
    entry = entry_of(name)
    try:
        if entry.url:
            weights.imagenet(entry.url, entry.md5, stall_seconds=QUICK_STALL, total_seconds=QUICK_TOTAL)
    except WeightsError as fault:
        reason = str(fault.__cause__).rsplit(" -- ", 1)[-1]  # Keras puts the address before it
        warnings.warn(
            f"The ImageNet weights of {name} are not on this machine, and a quick download failed ({reason}). "
            f"The embedded network 'mini' dreams in its place. Name a model to choose: 'mini', or {name!r} to wait for "
            "the download; or give a file with weights=PATH.",
            FallbackWarning,
            stacklevel=4,
        )
        return "mini"
    return name


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
        model = entry_of(model).build()
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
