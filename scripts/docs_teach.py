"""Make the sheet of docs/teach.md: what a network dreams of things before it is taught them, and on the way.

    python scripts/docs_teach.py docs/images --steps_per_minute=516

A machine that has other work to do takes longer for the same steps; 516 a minute are those of two quiet cores.
"""

import argparse
import pathlib
import tempfile

import numpy as np
from docs_webp import keep
from draw_worlds import draw, draw_all
from PIL import Image

import kerasdream
from kerasdream.image.montage import montage
from kerasdream.image.sample import noise
from kerasdream.teaching.dreams import LOOK, ClassDreamer
from kerasdream.teaching.network import network, take_weights

SHOWN = {"eyes": 1, "leaves": 2, "spirals": 4}  # numbers of classes, in the order of their names
MINUTES = {"20 seconds": 1 / 3, "1 minute": 1.0, "3 minutes": 3.0}
SIDE = 176


def row_of(model: object) -> list[Image.Image]:
    """Dreams of the worlds that are shown, from noise."""
    dreamer, start = ClassDreamer(model, **LOOK), noise((SIDE, SIDE), 0)
    return [dreamer.dream(number, start) for number in SHOWN.values()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps_per_minute", type=int, default=516)
    parser.add_argument("--output", type=pathlib.Path, help="keep the model here, too")
    arguments = parser.parse_args()
    untaught = network("mini", 7)
    take_weights(untaught, "mini", "imagenet")
    columns = {
        "one of 40 pictures": [draw(world, 1, 0).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for world in SHOWN],
        "before": row_of(untaught),
    }
    moments = list(MINUTES.items())

    def look(moment: kerasdream.TeachMoment) -> None:
        print(moment[:-1], flush=True)
        while moments[1:] and moment.step >= moments[0][1] * arguments.steps_per_minute:
            columns[moments.pop(0)[0]] = row_of(moment.model)

    with tempfile.TemporaryDirectory() as folder:
        draw_all(pathlib.Path(folder) / "worlds", count=40, seed=1)
        output = arguments.output or pathlib.Path(folder) / "worlds.keras"
        steps = int(max(MINUTES.values()) * arguments.steps_per_minute)
        print(kerasdream.teach(pathlib.Path(folder) / "worlds", output=output, steps=steps, callback=look))
        columns[moments[0][0]] = row_of(str(output))
    pictures = [np.asarray(pictures[i]) for i in range(len(SHOWN)) for pictures in columns.values()]
    labels = [""] * (len(pictures) - len(columns)) + list(columns)
    keep(montage(pictures, labels, columns=len(columns)), arguments.folder / "teach.webp")


if __name__ == "__main__":
    main()
