"""The named models: for each, one entry with all that sets it apart."""

import contextlib
import csv
import dataclasses
import importlib
import importlib.resources
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasdream.errors import FallbackWarning, ModelError, WeightsError, suggest, warn
from kerasdream.forking import check_process
from kerasdream.model import googlenet, inception, mini, saved, weights
from kerasdream.model.graph import followable_outputs, kind_of
from kerasdream.model.inputs import input_channels
from kerasdream.model.mini.network import network
from kerasdream.types import Tensor

# A user who named no model is not made to wait: so long a silence, or so long a download, and mini dreams.
QUICK_STALL, QUICK_TOTAL = 5.0, 120.0
STORE = "https://storage.googleapis.com/"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A named model: how to build it, the settings it dreams well with, its ImageNet weights, its input."""

    build: Callable[..., keras.Model]  # with top=True: with its classes, where it has any
    defaults: Mapping[str, Any]  # settings where this model differs from DreamConfig
    looks: Mapping[str, str]  # by pattern of the layer names that are the same in every process: a word on the look
    # A function of RGB 0 … 255, or the module in keras.applications whose preprocess_input to use; None: -1 … 1.
    preprocess: Callable[[Tensor], Tensor] | str | None = None
    read: Callable[..., keras.Model | None] | None = None  # builds it as deep as some layers, from a file of weights
    load: Callable[[keras.Model, str | os.PathLike[str]], None] = weights.load  # fills it from a file of weights
    url: str | None = None  # of its ImageNet weights; None: `read` finds them in the package
    hash: str | None = None  # of that file, as its publisher states it
    url_top: str | None = None  # of the weights with the classes
    hash_top: str | None = None


def application(name: str) -> Callable[..., keras.Model]:
    """Return a function that builds a model of keras.applications without weights, with its classes if asked to."""

    def build(top: bool = False) -> keras.Model:
        open_size = not top and "NASNet" not in name  # NASNet decides by the size which of its parts must shrink
        size: dict[str, object] = {"input_shape": (None, None, 3)} if open_size else {}
        return getattr(keras.applications, name)(weights=None, include_top=top, **size)

    return build


INCEPTION_DEFAULTS = {"layers": {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}}


def rising(*layers: str) -> dict[str, Any]:
    """Return defaults of three layers, the deeper the heavier, without a `max_loss`.

    How large activations are differs from network to network.
    """
    return {"layers": dict(zip(layers, (1.0, 1.5, 2.0), strict=True)), "max_loss": None}


def efficientnet_pixels(pixels: Tensor) -> Tensor:
    """Return RGB from 0 to 255 as EfficientNet B0 to B7 take it.

    Keras adds a layer for this only where it fetches ImageNet weights itself. The model divides by the root of the
    deviation; this divides by the other half.
    """
    mean = np.array([0.485, 0.456, 0.406], np.float32) * 255.0
    return mean + (pixels - mean) / np.sqrt(np.array([0.229, 0.224, 0.225], np.float32))


EFFICIENTNET: dict[str, Any] = {
    "defaults": rising("block4a_expand_activation", "block5a_expand_activation", "block6a_expand_activation"),
    "looks": {r"block\d[a-z]_(expand_activation|add)|top_activation": ""},
}

# The words on the layers that InceptionV3 and mini both have.
MIXED_LOOKS = {
    "mixed0": "strokes, lace",
    "mixed1": "spirals, waves",
    "mixed2": "arches, scales",
    "mixed3": "eyes, rings",
    "mixed4": "furry heads, feathers",
    "mixed5": "animals, feathers",
    "mixed6": "animals, thickets",
    "mixed7": "branches, scenes",
}

# For each family, what its members share: by the beginning of their names, the longest that fits.
FAMILIES: dict[str, dict[str, Any]] = {
    "inception_v3": {
        "read": inception.read,
        "defaults": INCEPTION_DEFAULTS,
        "looks": MIXED_LOOKS | {r"mixed(8|9|10|9_0|9_1)": "scenes, tangled objects"},
    },
    "inception_resnet_v2": {
        "defaults": rising("mixed_6a", "block17_10_ac", "block17_20_ac"),
        "looks": {r"mixed_.*|conv_7b_ac|block\d+_\d+_ac": ""},
    },
    "xception": {
        "defaults": rising("block5_sepconv2_act", "block8_sepconv2_act", "block11_sepconv2_act"),
        "looks": {r"block\d+_(sepconv\d|conv\d)_act|block\d+_pool": ""},
    },
    "vgg": {
        # Its activations run to the hundreds, and shrink towards the top.
        "defaults": {"layers": {"block4_conv3": 1.0, "block5_conv1": 4.0, "block5_conv3": 16.0}, "max_loss": None},
        "looks": {
            "block1_.*": "colour, grain",
            "block2_.*": "lines, weave",
            "block3_.*": "textures, dots",
            "block4_.*": "patterns, eyes",
            "block5_.*": "parts, heads",
        },
        "preprocess": "vgg16",
    },
    "resnet": {
        "defaults": rising("conv3_block4_out", "conv4_block3_out", "conv4_block6_out"),
        "looks": {r"conv\d_block\d+_out|post_relu": ""},
        "preprocess": "resnet",  # the V2s take -1 … 1: see ZOO
    },
    "densenet": {
        "defaults": rising("conv3_block12_concat", "conv4_block12_concat", "conv4_block24_concat"),
        "looks": {r"conv\d_block\d+_concat|pool\d_conv|relu": ""},
        "preprocess": "densenet",
    },
    "mobilenet": {
        "defaults": rising("conv_pw_6_relu", "conv_pw_9_relu", "conv_pw_11_relu"),
        "looks": {r"conv_(pw|dw)_\d+_relu": ""},
    },
    "mobilenet_v2": {
        "defaults": {"layers": {"block_6_expand_relu": 1.0, "block_10_expand_relu": 1.5, "block_13_expand_relu": 2.0}},
        "looks": {
            r"block_[1-3]_(expand_relu|add)": "lines, grids",
            r"block_[4-6]_(expand_relu|add)": "textures",
            r"block_([7-9]|10|11|12)_(expand_relu|add)": "patterns, eyes",
            r"block_1[3-6]_(expand_relu|add)": "parts, creatures",
            "out_relu": "objects",
        },
    },
    "mobilenet_v3": {
        "defaults": rising("expanded_conv_5_add", "expanded_conv_7_add", "expanded_conv_10_add"),
        "looks": {r"expanded_conv_(\d+_)?add": ""},
        "preprocess": "mobilenet_v3",  # does nothing: the model itself takes 0 … 255
    },
    "efficientnet_b": EFFICIENTNET | {"preprocess": efficientnet_pixels},
    "efficientnet_v2": EFFICIENTNET | {"preprocess": "efficientnet_v2"},  # likewise
    "convnext": {
        "defaults": rising(*(f"{{name}}_stage_{stage}_identity" for stage in ("1_block_2", "2_block_4", "2_block_8"))),
        "looks": {r"convnext_.*_identity": ""},
        "preprocess": "convnext",  # likewise
    },
    "nasnet": {
        "defaults": rising("normal_concat_3", "normal_concat_6", "normal_concat_8"),
        "looks": {r"(normal|reduction)_concat_.*": ""},
    },
}


def entries() -> Iterator[tuple[str, Entry]]:
    """Yield the models of keras.applications by name, with the addresses and hashes of their ImageNet weights."""
    table = importlib.resources.files("kerasdream.model").joinpath("applications.csv").read_text()
    for row in csv.DictReader(table.splitlines()):
        name = row["name"]
        shared = dict(FAMILIES[max((family for family in FAMILIES if name.startswith(family)), key=len)])
        if name.startswith("resnet") and name.endswith("_v2"):
            shared["preprocess"] = None
        layers = {layer.format(name=name): weight for layer, weight in shared["defaults"]["layers"].items()}
        yield (
            name,
            Entry(
                application(row["application"]),
                **shared | {"defaults": {**shared["defaults"], "layers": layers}},
                url=STORE + row["file"],
                hash=row["hash"] or None,
                url_top=STORE + row["file_with_top"],
                hash_top=row["hash_with_top"] or None,
            ),
        )


GOOGLENET = Entry(
    googlenet.network,
    rising("inception_4a", "inception_4c", "inception_4e"),
    {r"conv\d|inception_\d[a-e](_1x1|_3x3|_5x5|_(3x3|5x5)_reduce|_pool_proj)?": ""},
    load=googlenet.load,
    url=googlenet.URL,
    hash=googlenet.HASH,
    url_top=googlenet.URL,
    hash_top=googlenet.HASH,
)

ZOO = {
    "mini": Entry(network, INCEPTION_DEFAULTS, MIXED_LOOKS, read=mini.read),
    **dict(entries()),
    "googlenet": GOOGLENET,
}

BY_STRIDE = {1: "colour", 2: "edges", 4: "lines, dots", 8: "textures", 16: "patterns, parts"}


class LayerInfo(NamedTuple):
    """A layer that can be dreamt on.

    `stride` is the distance between neighbouring cells, in pixels of the picture; 0 of a layer of tokens, or of one
    vector for the whole picture.
    """

    name: str
    channels: int
    stride: int
    look: str


def entry_of(name: str) -> Entry:
    """Return the entry of a named model; ModelError with the nearest names for an unknown one.

    >>> entry_of("mini").defaults["layers"]["mixed4"]
    1.0
    """
    if name not in ZOO and name.endswith((".h5", ".hdf5")):
        raise ModelError(
            f"model={name!r} names a file; a .keras file, the name of a model or a keras.Model was expected. Load it, "
            f"model=keras.models.load_model({name!r}); or, where it holds the weights of a named model, give it as "
            "weights=."
        )
    if name not in ZOO:
        raise ModelError(
            f"There is no model {name!r}.{suggest(name, ZOO)} The named models are {', '.join(ZOO)}; "
            "or pass a keras.Model."
        )
    return ZOO[name]


def build(
    name: str, source: str, seed: int, layers: Sequence[str] = (), *, top: bool = False, precision: str = "float32"
) -> keras.Model:
    """Return a named model with weights: "imagenet", "random" (from the seed), or those of a file.

    It has the `layers` named, and may have no others. With `top` it tells its classes apart, too. With the precision
    "bfloat16" it computes in that, its weights stay float32. Raises ModelError for an unknown name and for a model
    without classes, WeightsError where the weights cannot be had.

    >>> build("mini", "imagenet", seed=0, layers=["mixed0"]).output.shape
    (None, None, None, 256)
    """
    check_process()
    entry = entry_of(name)
    if top and not entry.url_top:
        able = ", ".join(name for name, entry in ZOO.items() if entry.url_top)
        raise ModelError(f"The model {name!r} tells no classes apart; {able} do. Name one with model=.")
    url, hash = (entry.url_top, entry.hash_top) if top else (entry.url, entry.hash)
    file = weights.imagenet(url, hash) if source == "imagenet" and url else source
    with computing_in(precision):
        if entry.read and not top and source != "random" and (short := entry.read(file, layers)):
            return short
        model = entry.build(top=True) if top else entry.build()
    if source == "random":
        weights.randomize(model, seed)
    elif file != "imagenet":
        entry.load(model, file)
    return model


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let models that are built inside compute in a precision and on channels last, whatever Keras is set to."""
    policy, format = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(format)


def at_hand(name: str) -> str:
    """Return the name of a model whose weights are on this machine or come quickly; else "mini", with a warning."""
    entry = entry_of(name)
    try:
        if entry.url:
            weights.imagenet(entry.url, entry.hash, stall_seconds=QUICK_STALL, total_seconds=QUICK_TOTAL)
    except WeightsError as fault:
        reason = str(fault.__cause__).rsplit(" -- ", 1)[-1]  # Keras puts the address before it
        wrong = weights.wrong_file(weights.cached_file(entry.url), entry.hash) if entry.url else ""
        warn(
            f"{wrong}The ImageNet weights of {name} are not on this machine, and a quick download failed ({reason}). "
            f"The embedded network 'mini' dreams in its place. Name a model to choose: 'mini', or {name!r} to wait for "
            "the download; or give a file with weights=PATH.",
            FallbackWarning,
        )
        return "mini"
    return name


def preprocess_of(name: str) -> Callable[[Tensor], Tensor] | None:
    """Return a function that makes of RGB from 0 to 255 what a named model takes; None where it takes -1 to 1."""
    function = entry_of(name).preprocess
    if isinstance(function, str):
        prepare: Callable[[Tensor], Tensor] = importlib.import_module(f"keras.applications.{function}").preprocess_input
        return prepare
    return function


def layers(model: str | keras.Model = "inception_v3") -> list[LayerInfo]:
    """List what a model can dream on, from the picture upwards.

    Of a named model these are the layers whose names are the same in every process; of one of your own, all with
    activations, those of models inside by their path. Raises ModelError for an unknown name, and for a model that is
    none of pictures.

    >>> layers("inception_v3")[4]
    LayerInfo(name='mixed4', channels=768, stride=16, look='furry heads, feathers')
    """
    check_process()
    looks: Mapping[str, str] = {".*": ""}
    if saved.is_saved(model):
        looks, model = (entry_of(base).looks if (base := saved.base_of(model)) else looks), saved.load(model)
    if isinstance(model, str):
        looks = entry_of(model).looks
        with computing_in("float32"):
            model = entry_of(model).build()
    input_channels(model)  # refuses what takes no pictures
    outputs = followable_outputs(model)
    named = {name: look for name in outputs for pattern, look in looks.items() if re.fullmatch(pattern, name)}
    height, width, channels = model.inputs[0].shape[1:]
    side = height or 512
    function = keras.Function(model.inputs, [outputs[name] for name in named])
    specs = function.compute_output_spec([keras.KerasTensor((1, side, width or 512, channels))])
    infos = []
    for (name, look), spec in zip(named.items(), specs, strict=True):
        kind = kind_of(outputs[name])
        stride = 2 ** round(math.log2(side / spec.shape[1])) if kind == "plane" else 0
        usual = BY_STRIDE.get(stride, "parts, objects") if kind == "plane" else str(kind)
        infos.append(LayerInfo(name, spec.shape[-1], stride, look or usual))
    return infos
