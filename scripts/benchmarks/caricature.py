"""Measure whether another network finds the class of a photograph in its caricature, drawn from noise.

The control is the caricature of the same activations with the channels in shuffled order.

    python scripts/benchmarks/caricature.py photographs/ --weights=inception_v3_notop.weights.h5 \\
        --judge=mobilenet_v2.weights.h5 --sheet=caricatures.png
"""

import argparse
import pathlib
import zlib

import keras
import numpy as np
from PIL import Image

from kerasdream import Caricature
from kerasdream.image.montage import montage
from kerasdream.model.classes import imagenet
from kerasdream.objectives.context import Octave
from kerasdream.types import Array
from kerasdream.visualization import Visualizer

CLASSES = (88, 130, 207, 281, 340, 466, 779, 851, 947, 985)  # macaw, flamingo, ... : those of the first trial
SIDE = 224


class Shuffled(Caricature):
    """A caricature of the same activations, with the channels in another order."""

    def __str__(self) -> str:
        return f"shuffled({super().__str__()})"

    def octave_input(self, octave: Octave, previous: Array | None) -> Array:
        activations = super().octave_input(octave, previous)
        order = np.random.default_rng(zlib.crc32(str(self.picture).encode())).permutation(activations.shape[-1])
        return activations[..., order]


def ranks(judge: keras.Model, pictures: list[Image.Image], classes: list[int]) -> list[int]:
    """Return the place of each class in what the judge says of its picture, from 0."""
    seen = np.stack([np.asarray(picture.resize((SIDE, SIDE)), np.float32) for picture in pictures]) / 127.5 - 1
    said = judge.predict(seen, verbose=0)
    return [int((row > row[number]).sum()) for row, number in zip(said, classes, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=pathlib.Path, help="one for each class of ImageNet, in their order by name")
    parser.add_argument("--weights", default="imagenet", help="of InceptionV3")
    parser.add_argument("--judge", default="imagenet", help="weights of MobileNetV2 with its classes")
    parser.add_argument("--classes", type=lambda text: [int(one) for one in text.split(",")], default=list(CLASSES))
    parser.add_argument("--layers", default="mixed6+mixed7", help="summed with +; with commas, each by itself")
    parser.add_argument("--steps", type=int, default=192)
    parser.add_argument("--power", type=float, default=1.0)
    parser.add_argument("--sheet", type=pathlib.Path, help="picture to write")
    options = parser.parse_args()
    paths = [sorted(options.photographs.iterdir())[number] for number in options.classes]
    judge = keras.applications.MobileNetV2(weights=options.judge)
    names = [imagenet()[number] for number in options.classes]
    rows = [[Image.open(path).convert("RGB") for path in paths]]
    for kind in (Caricature, Shuffled):
        found = np.zeros(len(paths), bool)
        for layers in options.layers.split(","):
            terms = [[kind(layer, path, options.power) for layer in layers.split("+")] for path in paths]
            wanted = [sum(several[1:], several[0]) for several in terms]
            network = {"model": "inception_v3", "weights": options.weights}
            drawn = Visualizer(wanted, size=SIDE, steps=options.steps, **network).run(False)
            places = ranks(judge, drawn, options.classes)
            found |= np.array(places) < 5
            hits = sum(place < 5 for place in places)
            print(f"{kind.__name__} {layers}: {hits} of {len(paths)} among the first five;", end=" ")
            print(*(f"{name} {place + 1}" for name, place in zip(names, places, strict=True)), sep=", ", flush=True)
            rows.append(drawn)
        print(f"{kind.__name__}: {found.sum()} of {len(paths)} in one of {options.layers}", flush=True)
    if options.sheet:
        montage([picture for row in rows for picture in row], names * len(rows), columns=len(paths)).save(options.sheet)


if __name__ == "__main__":
    main()
