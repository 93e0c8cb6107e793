"""Make the folder of *Dream here*: the page, and the network mini as a browser takes it, from the shipped weights.

python scripts/build_dream_here.py build/dream_here && python -m http.server --directory build/dream_here
"""

import argparse
import gzip
import importlib.resources
import json
import pathlib
import re
import shutil
from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict

import keras
import numpy as np
from keras import layers

import kerasdream
from kerasdream import presets
from kerasdream.config import DEFAULTS, KNOBS, DreamConfig
from kerasdream.model import mini
from kerasdream.model.mini.network import BLOCKS
from kerasdream.objectives import Layer
from kerasdream.resolution import resolve_config
from kerasdream.result import recorded_settings
from kerasdream.types import Array

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "dream_here"
SHIPPED = ("*.html", "*.css", "*.js", "*.wasm")
JOINED = (layers.Concatenate, layers.Rescaling, layers.Activation)  # computed by what writes to them
# The knobs that the page knows; of the others the looks that it shows must have the defaults.
KNOWN = {
    *("model", "layers", "preset", "step", "iterations", "max_loss", "num_octave", "octave_scale", "detail"),
    *("normalize", "clip", "jitter", "gradient_blur", "blur_growth", "blur_kind", "gradient_scales", "seed"),
}
LEFT_OUT = {"robust"}  # for networks that were trained otherwise


# One operation: from a plane to a part of another, `outputs` channels that begin `at` one.
PlanLayer = TypedDict(
    "PlanLayer",
    {
        "kind": str,  # conv, max or average
        "from": str,
        "to": str,
        "at": int,
        "outputs": int,
        "same": bool,
        "size": list[int],
        "stride": int,
        "linear": NotRequired[bool],
        "inputs": NotRequired[int],
    },
)


class Block(TypedDict):
    """The operations up to the end of a block, and the file of their weights with its size."""

    name: str
    weights: str
    bytes: int
    layers: list[PlanLayer]


class Term(TypedDict):
    """A term of a look's objective."""

    layer: str
    weight: float
    measure: str
    channels: list[int]
    strongest: int


class Look(TypedDict):
    """A preset: all of its settings, its objective as the page reads it, and how much it lets the page fetch."""

    name: str
    about: str
    settings: dict[str, object]
    terms: list[Term]
    bytes: int


def consumers(layer: keras.Layer) -> list[keras.Layer]:
    """Return the layers that take what a layer puts out."""
    return [node.operation for node in layer._outbound_nodes]


def sources(layer: keras.Layer) -> list[keras.Layer]:
    """Return the layers that a layer takes its input from."""
    return [tensor._keras_history.operation for tensor in layer._inbound_nodes[0].input_tensors]


def plane(layer: keras.Layer, names: dict[str, str]) -> tuple[str, int]:
    """Return the plane that a layer writes to, and the channel that it begins at; branches of a block share one."""
    following = consumers(layer)
    if len(following) == 1 and isinstance(following[0], JOINED):
        name, at = plane(following[0], names)
        if isinstance(following[0], layers.Concatenate):
            branches = sources(following[0])
            at += sum(branch.output.shape[-1] for branch in branches[: branches.index(layer)])
        return name, at
    return names.setdefault(layer.name, layer.name if layer.name in BLOCKS else str(len(names))), 0


def plan_layer(layer: keras.Layer, names: dict[str, str]) -> PlanLayer:
    """Return a layer as the browser reads it; ValueError for one of a kind that it does not know."""
    (source,) = sources(layer)
    name, at = plane(layer, names)
    planned: PlanLayer = {
        "kind": "conv",
        "from": "image" if isinstance(source, layers.InputLayer) else plane(source, names)[0],
        "to": name,
        "at": at,
        "outputs": layer.output.shape[-1],
        "same": layer.padding == "same",
        "size": list(getattr(layer, "kernel_size", None) or layer.pool_size),
        "stride": layer.strides[0],
    }
    shape = planned["size"], planned["stride"], planned["same"]
    if isinstance(layer, layers.MaxPooling2D) and shape == ([3, 3], 2, False):
        planned["kind"] = "max"
    elif isinstance(layer, layers.AveragePooling2D) and shape == ([3, 3], 1, True):
        planned["kind"] = "average"
    elif isinstance(layer, layers.Conv2D) and layer.activation.__name__ in ("linear", "relu6"):
        planned["linear"] = layer.activation.__name__ == "linear"
        planned["inputs"] = layer.kernel.shape[2]
    else:
        raise ValueError(f"mini's layer {layer.name!r} is of a kind that the page does not know")
    return planned


def pack(arrays: Sequence[Array]) -> bytes:
    """Return weights in half precision, packed: all high bytes, then all low ones. ValueError where they need more."""
    whole = np.concatenate([array.ravel() for array in arrays])
    halves = whole.astype("<f2")
    if not (halves == whole).all():
        raise ValueError("mini's weights are no longer of half precision")
    return gzip.compress(halves.view(np.uint8).reshape(-1, 2)[:, ::-1].T.tobytes(), 9, mtime=0)


def write_network(folder: pathlib.Path) -> list[Block]:
    """Write the plan of mini, network.json, and a file of weights for each of its blocks, which are returned."""
    model = mini.read()
    assert model is not None
    names: dict[str, str] = {}
    blocks, plan, weights = list[Block](), list[PlanLayer](), list[Array]()
    for layer in model.layers:
        if not isinstance(layer, (layers.InputLayer, *JOINED)):
            plan.append(plan_layer(layer, names))
            weights += getattr(layer, "arrays", ())
        if layer.name in BLOCKS:
            file = folder / f"{layer.name}.bin"
            file.write_bytes(pack(weights))
            blocks.append({"name": layer.name, "weights": file.name, "bytes": file.stat().st_size, "layers": plan})
            plan, weights = [], []
    channels = {names[layer.name]: layer.output.shape[-1] for layer in model.layers if layer.name in names}
    scales = {layer.name: layer.scale for layer in model.layers if isinstance(layer, layers.Rescaling)}
    write_json(folder / "network.json", {"blocks": blocks, "channels": channels, "scales": scales})
    return blocks


def browser_terms(config: DreamConfig) -> list[Term] | None:
    """Return the objective of a look as the page reads it; None where it holds what the page cannot follow."""
    assert config.layers is not None
    terms = []
    for term, weight in config.layers.terms:
        picked = re.fullmatch(r"strong(\d+)", getattr(term, "pick", None) or "strong0")
        if not isinstance(term, Layer) or term.at is not None or picked is None:
            return None
        terms.append(
            Term(
                layer=term.layer,
                weight=weight,
                measure=term.measure,
                channels=list(term.channels),
                strongest=int(picked[1]),
            )
        )
    return terms


def looks(blocks: Sequence[Block]) -> Iterator[Look]:
    """Yield the presets that the page can dream."""
    names = [block["name"] for block in blocks]
    for name, preset in presets.PRESETS.items():
        config = resolve_config(None, "mini", None, {"preset": name})
        known = all(getattr(config, knob) == DEFAULTS[knob] for knob in KNOBS.keys() - KNOWN)
        terms = browser_terms(config)
        if known and terms and name not in LEFT_OUT:
            depth = 1 + max(names.index(term["layer"]) for term in terms)
            size = sum(block["bytes"] for block in blocks[:depth])
            yield Look(name=name, about=preset.about, settings=recorded_settings(config), terms=terms, bytes=size)


def write_json(path: pathlib.Path, value: object) -> None:
    """Write a value as JSON on one line."""
    path.write_text(json.dumps(value, separators=(",", ":")))


def build(folder: pathlib.Path) -> None:
    """Write everything that a web server needs into a folder: the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in SHIPPED:
        for file in PAGE.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    package = importlib.resources.files("kerasdream")
    (folder / "sample.jpg").write_bytes(package.joinpath("image", "sample.jpg").read_bytes())
    shown = list(looks(write_network(folder)))
    for look in shown:
        name = f"{look['name']}.webp"
        (folder / name).write_bytes(package.joinpath("web", "static", "looks", name).read_bytes())
    write_json(folder / "looks.json", {"version": kerasdream.__version__, "looks": shown})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    build(parser.parse_args().folder)
