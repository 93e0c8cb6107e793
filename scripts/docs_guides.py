"""Make the pictures of docs/guides and docs/layers that InceptionV3 dreams; the notebooks themselves dream with mini.

    python scripts/docs_guides.py docs --weights=inception_v3_notop.weights.h5
    python scripts/docs_guides.py docs --weights=... --only=knobs,layers

The pictures of the knobs and of the layers are made one by one; those that are there are left out.
"""

import argparse
import itertools
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import keras
from docs_pictures import LOOKS
from docs_webp import keep
from PIL import Image

import kerasdream
from kerasdream.image.montage import montage
from kerasdream.recipes import sweeps_of

PRESETS = ("strokes", "spirals", "arches", "eyes", "fur", "webs")
STARTS = ("sample", "castle", "forest", "meadow", "galaxy")
# The sliders of guides/knobs.md: knobs.js there names the files in the same way.
LAYERS, STEPS, OCTAVES = LOOKS[:6], (0.005, 0.01, 0.02, 0.04), (1, 3, 5)
CHANNELS = {"mixed0": 256, "mixed1": 288, "mixed2": 288, **dict.fromkeys((f"mixed{i}" for i in range(3, 8)), 768)}
SHOWN = 12  # channels of a layer
RECIPES = ("layers", "iterations", "step", "octaves")


def start(folder: pathlib.Path, name: str, width: int) -> Image.Image:
    """Return one of the pictures of the gallery, or the sample, at some width."""
    picture = kerasdream.sample() if name == "sample" else Image.open(folder / "gallery" / "pictures" / f"{name}.jpg")
    return picture.resize((width, width * 2 // 3), Image.Resampling.LANCZOS)


def looks(folder: pathlib.Path, network: dict[str, Any]) -> None:
    """Each look on each kind of picture."""
    starts = [start(folder, name, 360) for name in STARTS]
    dreams = [kerasdream.dream(picture, preset=preset, **network) for preset in PRESETS for picture in starts]
    labels = [f"{preset}, {name}" for preset in ("as it is", *PRESETS) for name in STARTS]
    keep(montage([*starts, *dreams], labels, columns=len(STARTS), cell=200), folder / "guides/pictures/looks.webp")


def knobs(folder: pathlib.Path, network: dict[str, Any]) -> None:
    """A picture for each place of the sliders."""
    picture, output = start(folder, "castle", 288), folder / "guides" / "pictures" / "knobs"
    for layer, step, octaves in itertools.product(LAYERS, STEPS, OCTAVES):
        path = output / f"{layer}-{step}-{octaves}.webp"
        if not path.exists():
            dreamt = kerasdream.dream(
                picture, layer, step=step, num_octave=octaves, jitter=16, max_loss=None, **network
            )
            keep(dreamt, path, 17_000)


def noise(folder: pathlib.Path, network: dict[str, Any]) -> None:
    """Dreams from noise, layer by layer."""
    steady: dict[str, Any] = {
        "jitter": 32,
        "num_octave": 4,
        "octave_scale": 1.5,
        "iterations": 30,
        "step": 0.015,
        "max_loss": None,
    }
    dreams = [kerasdream.dream("noise:300x200", name, **steady, **network) for name in LOOKS[:6]]
    keep(montage(dreams, LOOKS[:6], columns=3, cell=300), folder / "guides/pictures/noise.webp")


def seed_experiments(folder: pathlib.Path, network: dict[str, Any]) -> None:
    """The recipes on the castle."""
    picture = start(folder, "castle", 384)
    for name in RECIPES:
        settings = sweeps_of(name, "inception_v3")[0]
        with tempfile.TemporaryDirectory() as work:
            sheet = kerasdream.sweep(picture, **settings, **network, output=pathlib.Path(work) / "sweep").sheets()[0]
        sheet.thumbnail((1240, 1240), Image.Resampling.LANCZOS)
        keep(sheet, folder / "guides" / "pictures" / f"castle-{name}.webp")


def layers(folder: pathlib.Path, network: dict[str, Any]) -> None:
    """What some channels of each layer look for, and a dream on it."""
    picture = start(folder, "sample", 384)
    for name, count in CHANNELS.items():
        sheet_path, dream_path = (folder / "layers" / f"{name}{part}.webp" for part in ("", "-dream"))
        if not sheet_path.exists():
            shown = [round((number + 0.5) * count / SHOWN) for number in range(SHOWN)]
            objectives = [f"{name}:{channel}" for channel in shown]
            drawn = kerasdream.visualize(objectives, size=96, steps=64, **network)
            keep(montage(drawn, [str(channel) for channel in shown], columns=6), sheet_path, 30_000)
        if not dream_path.exists():
            step = 0.01 if name in ("mixed0", "mixed1") else 0.02  # which larger steps burn out
            dreamt = kerasdream.dream(picture, name, step=step, jitter=32, num_octave=4, max_loss=None, **network)
            keep(dreamt, dream_path, 30_000)
        keras.utils.clear_session()


PAGES: dict[str, Callable[[pathlib.Path, dict[str, Any]], None]] = {
    "looks": looks,
    "noise": noise,
    "seed_experiments": seed_experiments,
    "layers": layers,
    "knobs": knobs,
}


def main() -> None:
    """Make the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docs", type=pathlib.Path)
    parser.add_argument("--weights", required=True, help="InceptionV3 without its top")
    parser.add_argument("--only", default=",".join(PAGES), help="some of " + ", ".join(PAGES))
    options = parser.parse_args()
    for name in options.only.split(","):
        PAGES[name](options.docs, {"model": "inception_v3", "weights": options.weights})


if __name__ == "__main__":
    main()
