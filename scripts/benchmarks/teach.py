"""Measure teaching: what held-out pictures and a judge that had no part in it say, before and after.

    python scripts/benchmarks/teach.py worlds OUT/ --steps=5160 --judge_weights=mobilenet_v2.weights.h5 \\
        --photographs=imagenet-sample/
    python scripts/benchmarks/teach.py photographs OUT/ --steps=5160 --judge_weights=mobilenet_v2.weights.h5 \\
        --photographs=imagenet-sample/

`worlds` draws six kinds of things (scripts/draw_worlds.py), teaches mini, and lets a judge look at dreams from noise
and in a landscape: MobileNetV2's features with a head that was trained on other drawings, and on photographs as nothing
of the kind. `photographs` groups a photograph of each ImageNet class into five categories, and MobileNetV2 judges.
Each goes on where it ended. `--steps` stands for minutes: a quiet machine of two cores takes about 516 a minute.
"""

import argparse
import os
import pathlib
import sys
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
from PIL import Image

import kerasdream
from kerasdream.ascent.step import preprocess_images
from kerasdream.image.sample import noise
from kerasdream.model import zoo
from kerasdream.model.classes import category_of, wordnet_ids
from kerasdream.settings import Settings
from kerasdream.teaching import background
from kerasdream.teaching.augmentation import crop, noisy, recolored
from kerasdream.teaching.dreams import LOOK, ClassDreamer
from kerasdream.teaching.network import network, take_weights
from kerasdream.teaching.picture import Picture

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from draw_worlds import WORLDS, draw, draw_all

SIDE = 192  # of a dream
JUDGED = 160  # side of what the judge of the worlds looks at
SOFT: Settings = {**LOOK, "step": 0.012, "iterations": 40, "gradient_blur": 1.5}  # nearer to a drawing
CATEGORIES = {"dogs": "dogs", "birds": "birds", "buildings": "structures", "vehicles": "vehicles", "food": "food"}
NOTHING = "nothing"


def square(image: Image.Image, side: int) -> np.ndarray:
    """The middle of a picture as bytes."""
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    cut = image.convert("RGB").crop((left, top, left + short, top + short))
    return np.asarray(cut.resize((side, side), Image.Resampling.LANCZOS))


def starts(photographs: pathlib.Path, names: Sequence[str] = ()) -> np.ndarray:
    """Pictures to dream in: noise, the sample, and photographs by name."""
    found = [square(Image.open(photographs / name), SIDE) for name in names]
    return np.stack([np.asarray(noise((SIDE, SIDE), 0)), square(kerasdream.sample(), SIDE), *found])


def untaught(classes: int) -> keras.Model:
    """Mini with a head that has learnt nothing."""
    keras.utils.set_random_seed(0)
    model = network("mini", classes)
    take_weights(model, "mini", "imagenet")
    return model


def classifier(weights: str) -> Callable[[np.ndarray], np.ndarray]:
    """MobileNetV2's probabilities of ImageNet's classes in pictures of bytes."""
    model = zoo.build("mobilenet_v2", weights, 0, top=True)
    prepare = zoo.preprocess_of("mobilenet_v2")

    def probabilities(pictures: np.ndarray) -> np.ndarray:
        grown = [np.asarray(Image.fromarray(one).resize((224, 224), Image.Resampling.BICUBIC)) for one in pictures]
        return np.asarray(model.predict(preprocess_images(prepare, np.stack(grown) / 127.5 - 1.0), verbose=0))

    return probabilities


class Judge:
    """Tells six drawn worlds and nothing of the kind apart, by MobileNetV2's features."""

    def __init__(self, weights: str, photographs: pathlib.Path, count: int = 80):
        whole = zoo.build("mobilenet_v2", weights, 0, top=True)
        self.features = keras.applications.MobileNetV2(
            weights=None, include_top=False, pooling="avg", input_shape=(JUDGED, JUDGED, 3)
        )
        self.features.set_weights(whole.get_weights()[:-2])
        self.names = [*WORLDS, NOTHING]
        rng = np.random.default_rng(7)
        pictures = [(draw(world, 99, number), label) for label, world in enumerate(WORLDS) for number in range(count)]
        paths = sorted(photographs.iterdir())
        pictures += [(Image.open(paths[i]).convert("RGB"), len(WORLDS)) for i in range(0, len(paths), 5)]
        read = [(Picture.of(image, pathlib.Path(), JUDGED), label) for image, label in pictures]
        pixels = np.stack([crop(picture, JUDGED, rng) for picture, _ in read])
        pixels = np.concatenate([pixels, np.stack([background.drawn(JUDGED, rng) for _ in range(count)])])
        labels = np.array([label for _, label in read] + [len(WORLDS)] * count)
        pixels = noisy(recolored(pixels, rng), 40.0, rng)
        keras.utils.set_random_seed(1)
        self.head = keras.Sequential([keras.Input((1280,)), keras.layers.Dense(len(self.names), "softmax")])
        self.head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
        self.head.fit(self.seen(pixels), labels, epochs=60, batch_size=64, verbose=0)
        fresh = np.stack([square(draw(world, 98, i), JUDGED) for world in WORLDS for i in range(10)])
        self.accuracy = float((self(fresh) == np.repeat(range(len(WORLDS)), 10)).mean())

    def seen(self, pixels: np.ndarray) -> np.ndarray:
        """The features of pictures of levels."""
        return np.asarray(self.features.predict(np.clip(pixels, 0, 255) / 127.5 - 1.0, verbose=0))

    def __call__(self, pictures: np.ndarray, names: int = 7) -> np.ndarray:
        """The number of what each picture shows, among the first so many names."""
        small = np.stack([square(Image.fromarray(one.astype(np.uint8)), JUDGED) for one in pictures])
        return self.head.predict(self.seen(small.astype(np.float32)), verbose=0)[:, :names].argmax(1)


def table(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lines of a table in Markdown."""
    for number, row in enumerate(rows):
        yield "| " + " | ".join(map(str, row)) + " |"
        if not number:
            yield "|" + "---|" * len(row)


def save_sheet(rows: Sequence[np.ndarray], path: pathlib.Path) -> None:
    """Write dreams, a row each."""
    Image.fromarray(np.concatenate([np.concatenate(list(row), 1) for row in rows], 0)).save(path, quality=90)


def worlds(flags: argparse.Namespace) -> None:
    """Teach the drawn worlds, and let the judge look."""
    folder, file = flags.out / "worlds", flags.out / "worlds.keras"
    if not folder.exists():
        draw_all(folder, count=40, seed=1)
    if not file.exists():
        print(
            kerasdream.teach(folder, output=file, steps=flags.steps, taught=flags.taught, rate=flags.rate, verbose=True)
        )
    judge = Judge(flags.judge_weights, flags.photographs)
    print(f"the judge recognises {judge.accuracy:.0%} of fresh drawings")
    pictures, rows, sheet = starts(flags.photographs), [["world", "before", "after"]], list[np.ndarray]()
    dreamers = [ClassDreamer(model, **SOFT) for model in (untaught(7), str(file))]
    hits, forced = np.zeros((2, 2, len(pictures)), int)
    for number, world in enumerate(sorted(WORLDS)):
        seen = []
        for condition, dreamer in enumerate(dreamers):
            dreamt = dreamer.dream(number, pictures)
            verdicts = judge(dreamt)
            hits[condition] += verdicts == judge.names.index(world)
            forced[condition] += judge(dreamt, len(WORLDS)) == judge.names.index(world)
            seen.append(", ".join(judge.names[verdict] for verdict in verdicts))
            sheet.append(dreamt)
        rows.append([world, *seen])
        print(rows[-1], flush=True)
    print("\n".join(table(rows)))
    print(f"seen as its class, of 6, in noise and in a landscape: before {hits[0]}, after {hits[1]}")
    print(f"where the judge must name a world: before {forced[0]}, after {forced[1]}")
    save_sheet(sheet, flags.out / "worlds.jpg")


def group(photographs: pathlib.Path, folder: pathlib.Path) -> None:
    """Make a folder of links for each category."""
    for number, path in enumerate(sorted(photographs.glob("n*.jpg"))):
        assert path.name.startswith(wordnet_ids()[number])
        for name, category in CATEGORIES.items():
            if category_of(number) == category:
                (folder / name).mkdir(parents=True, exist_ok=True)
                os.symlink(path.resolve(), folder / name / path.name)


def photographs(flags: argparse.Namespace) -> None:
    """Teach five categories of photographs, and let MobileNetV2 look."""
    folder, file = flags.out / "photographs", flags.out / "photographs.keras"
    if not folder.exists():
        group(flags.photographs, folder)
    if not file.exists():
        print(
            kerasdream.teach(folder, output=file, steps=flags.steps, taught=flags.taught, rate=flags.rate, verbose=True)
        )
    judge, categories = classifier(flags.judge_weights), np.array([category_of(i) for i in range(1000)])
    others = [path.name for path in sorted(flags.photographs.glob("n*.jpg"))]
    taken = {path.name for path in folder.rglob("*.jpg")}
    pictures = starts(flags.photographs, [name for name in others if name not in taken][3::150][:4])
    before, after = (ClassDreamer(model, **LOOK) for model in (untaught(6), str(file)))
    base = kerasdream.Dreamer(model="mini", **LOOK).run(pictures, verbose=False).image
    rows, sheet = [["category", "the pictures", "untaught head", "mini's own dream", "taught"]], [pictures]
    for number, name in enumerate(sorted(CATEGORIES)):
        taught = after.dream(number, pictures)
        views = (pictures, before.dream(number, pictures), base, taught)
        shares = [judge(view)[:, categories == CATEGORIES[name]].sum(1).mean() for view in views]
        rows.append([name, *(f"{share:.3f}" for share in shares)])
        print(rows[-1], flush=True)
        sheet.append(taught)
    print("\n".join(table(rows)))
    save_sheet(sheet, flags.out / "photographs.jpg")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("worlds", "photographs"))
    parser.add_argument("out", type=pathlib.Path, help="folder for pictures, models and sheets")
    parser.add_argument("--steps", type=int, default=5160)
    parser.add_argument("--taught", default="mixed4", help="lowest block that learns")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--judge_weights", required=True, help="weights file of MobileNetV2")
    parser.add_argument("--photographs", type=pathlib.Path, required=True, help="a photograph of each ImageNet class")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    globals()[arguments.what](arguments)
