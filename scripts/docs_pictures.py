"""Make the pictures of README and docs, all of them real dreams of the sample picture.

python scripts/docs_pictures.py docs/images --weights=inception_v3_notop.weights.h5
"""

import argparse
import pathlib
from collections.abc import Iterable
from typing import Any

from PIL import Image

import kerasdream

GAP = 6
STRIPS: dict[str, list[dict[str, Any]]] = {
    "step": [{"step": 0.003}, {"step": 0.01}, {"step": 0.04}],
    "num_octave": [{"num_octave": 1}, {"num_octave": 3}, {"num_octave": 6}],
    "octave_scale": [{"octave_scale": 1.1}, {"octave_scale": 1.4}, {"octave_scale": 1.8}],
    "iterations": [{"iterations": 5}, {"iterations": 20}, {"iterations": 60}],
    "max_loss": [{"max_loss": 2.0}, {"max_loss": 6.0}, {"max_loss": None, "iterations": 40}],
}
LOOKS = [f"mixed{i}" for i in range(8)]


def sheet(pictures: Iterable[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows, on white."""
    tiles = list(pictures)
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for i, tile in enumerate(tiles):
        page.paste(tile, (i % columns * (width + GAP), i // columns * (height + GAP)))
    return page


def keep(page: Image.Image, path: pathlib.Path) -> None:
    """Save at the best quality that stays under 200 kB."""
    for quality in range(92, 40, -4):
        page.save(path, quality=quality)
        if path.stat().st_size < 195_000:
            break
    print(path, path.stat().st_size)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--weights", default="imagenet")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    whole = kerasdream.sample()
    detail = whole.crop((150, 60, 630, 380))
    dreamt = kerasdream.dream(whole, weights=options.weights)
    keep(sheet([whole, dreamt], 2).resize((1160, 386), Image.Resampling.LANCZOS), options.output / "before-after.jpg")
    for name, settings in STRIPS.items():
        strip = [kerasdream.dream(detail, weights=options.weights, **one) for one in settings]
        keep(sheet(strip, 3).resize((1164, 256), Image.Resampling.LANCZOS), options.output / f"{name}.jpg")
    keep(kerasdream.dream(whole, model="mini"), options.output / "mini.jpg")
    looks = [kerasdream.dream(detail, layers=name, model="mini", step=0.02, max_loss=None) for name in LOOKS]
    keep(sheet(looks, 4).resize((1240, 412), Image.Resampling.LANCZOS), options.output / "mini-layers.jpg")
    looks = [kerasdream.dream(detail, layers=name, weights=options.weights, step=0.02, max_loss=None) for name in LOOKS]
    keep(sheet(looks, 4).resize((1240, 412), Image.Resampling.LANCZOS), options.output / "layers.jpg")


if __name__ == "__main__":
    main()
