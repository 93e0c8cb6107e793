"""How good mini is, held against its teacher InceptionV3 and judged by MobileNetV2.

    python scripts/benchmarks/mini_quality.py --teacher=inception_v3_notop.weights.h5 \\
        --judge=mobilenet_v2.weights.h5 --images=photographs/ --output=mini-quality/

Prints one table and writes it, with the sheets to look at, into the output folder. The pictures are those of
`mini_held_out.txt`, which training has not seen.
"""

import argparse
import itertools
import json
import pathlib
import re
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import kerasdream
from kerasdream import presets
from kerasdream.model import inception, mini, weights
from kerasdream.model.features import Features
from kerasdream.model.mini.network import BLOCKS
from kerasdream.settings import ObjectiveLike

LAYERS = list(BLOCKS)
DEFAULT = {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}
SCENES = [  # no animal in them
    "alp",
    "cliff",
    "coral_reef",
    "geyser",
    "lakeside",
    "promontory",
    "sandbar",
    "seashore",
    "valley",
    "volcano",
    "breakwater",
    "castle",
    "church",
    "cliff_dwelling",
    "dam",
    "dock",
    "monastery",
    "pier",
    "stone_wall",
    "viaduct",
]
LOOKS = ("keras", "arches", "eyes", "fur", "webs")
ALIKE = (*LOOKS, "towers")
ANIMALS = slice(0, 398)
ARTEFACTS = [904, 905, 885, 611, 794]  # window screen, window shade, velvet, jigsaw puzzle, shower curtain


def square(path: pathlib.Path, side: int) -> np.ndarray:
    """The centre square of a photograph."""
    image = Image.open(path).convert("RGB")
    scale = side / min(image.size)
    image = image.resize((max(side, round(image.width * scale)), max(side, round(image.height * scale))))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.crop((left, top, left + side, top + side)))


def views(picture: np.ndarray, tile: int = 160) -> np.ndarray:
    """What the judge looks at: the whole picture and overlapping tiles, each 224 x 224."""
    image = Image.fromarray(picture)
    boxes = [(0, 0, image.width, image.height)]
    for top in range(0, image.height - tile + 1, tile // 2):
        boxes += [(left, top, left + tile, top + tile) for left in range(0, image.width - tile + 1, tile // 2)]
    return np.stack([np.asarray(image.crop(box).resize((224, 224))) for box in boxes]) / 127.5 - 1


def judged(judge: keras.Model, picture: np.ndarray) -> np.ndarray:
    """Mean probabilities of the 1000 classes over all views."""
    return judge.predict(views(picture), batch_size=16, verbose=0).mean(0)


def dreams_of_things(judge: keras.Model, dreamer: Any, pictures: dict[str, np.ndarray]) -> dict[str, float]:
    """The judge's probability of animals and of artefacts, before and after."""
    before = [judged(judge, picture) for picture in pictures.values()]
    after = [judged(judge, dreamer.run(picture).image) for picture in pictures.values()]
    animals = [float(np.mean([p[ANIMALS].sum() for p in ps])) for ps in (before, after)]
    return {
        "animals before": animals[0],
        "animals after": animals[1],
        "animals rise": animals[1] - animals[0],
        "artefacts after": float(np.mean([p[ARTEFACTS].sum() for p in after])),
    }


def gradients(features: Features, layer: str) -> Callable[[Any], tuple[Any, Any]]:
    """Activations of a layer and the gradient of their mean square."""
    numbers = {name: tuple(map(tf.constant, arrays)) for name, arrays in features.weights().items()}

    @tf.function
    def both(image: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            a = features(image, numbers)[layer]
            score = tf.reduce_sum(tf.reduce_mean(tf.square(a), [1, 2, 3]))
        return a, tape.gradient(score, image)

    return both


def fidelity(teacher: keras.Model, student: keras.Model, pictures: np.ndarray) -> dict[str, list[float]]:
    """Explained variance and cosine of the gradient, per layer."""
    explained, cosines = [], []
    for layer in LAYERS:
        of_teacher, of_student = (gradients(Features(model, [layer]), layer) for model in (teacher, student))
        error = total = squares = cosine = 0.0
        mean: Any = 0.0
        count = 0
        for start in range(0, len(pictures), 4):
            image = tf.constant(pictures[start : start + 4] / 127.5 - 1, tf.float32)
            (t, gt), (s, gs) = of_teacher(image), of_student(image)
            t, s = t.numpy().astype(np.float64), s.numpy()
            error += np.sum((t - s) ** 2)
            squares += np.sum(t**2)
            mean = mean + t.sum((0, 1, 2))
            count += t[..., 0].size
            dot = tf.reduce_sum(gt * gs, [1, 2, 3])
            norms = tf.norm(tf.reshape(gt, [len(gt), -1]), axis=1) * tf.norm(tf.reshape(gs, [len(gs), -1]), axis=1)
            cosine += float(tf.reduce_sum(dot / (norms + 1e-12)))
        total = squares - np.sum(mean**2) / count  # variance about the mean of each channel
        explained.append(1 - error / total)
        cosines.append(cosine / len(pictures))
    return {"explained variance": explained, "gradient cosine": cosines}


def settings_of(look: str) -> dict[str, Any]:
    """The settings of a preset, layers and all."""
    return {"layers": DEFAULT} | presets.settings(look, "mini")


def rises(teacher: keras.Model, dream: np.ndarray, picture: np.ndarray) -> dict[str, np.ndarray]:
    """How much each channel's mean square has risen by a dream, as the teacher sees it, per layer."""
    features = keras.Function(teacher.inputs, [teacher.get_layer(layer).output for layer in LAYERS])
    after, before = (features([(p[None] / 127.5 - 1).astype(np.float32)]) for p in (dream, picture))
    strength = [[np.mean(np.square(a), (0, 1, 2)) for a in activations] for activations in (after, before)]
    return {layer: a - b for layer, a, b in zip(LAYERS, *strength, strict=True)}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))


def frame_width(dream: np.ndarray, picture: np.ndarray, least: float) -> int:
    """How many pixels at the border have changed by less than so many levels."""
    change = np.abs(dream.astype(float) - picture).mean(-1)
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in change.shape)
    distance = np.minimum.outer(rows, columns).ravel()
    by_distance = np.bincount(distance, change.ravel()) / np.bincount(distance)
    return int(np.argmax(by_distance >= least))


Seen = dict[str, dict[str, list[Any]]]  # by look and by who dreamt: something of each picture


def dreams_seen(teacher: keras.Model, student: keras.Model, pictures: list[np.ndarray]) -> tuple[Seen, Seen]:
    """What rises in each look's dreams by mini, by the teacher, and by it with another seed and one level of noise.

    And how wide a frame they leave undreamt: changed less than half as much as the teacher's dream is on average.
    """
    noise = np.random.default_rng(0).integers(-1, 2, pictures[0].shape)
    seen: Seen = {}
    frames: Seen = {}
    for look in ALIKE:
        settings = settings_of(look)
        dreamers = {
            "mini": kerasdream.Dreamer(model=student, **settings),
            "teacher": kerasdream.Dreamer(model=teacher, **settings),
            "teacher again": kerasdream.Dreamer(model=teacher, **settings, seed=1),
        }
        seen[look], frames[look] = {name: [] for name in dreamers}, {name: [] for name in dreamers}
        for picture in pictures:
            noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
            dreams = {
                name: dreamer.run(noisy if name == "teacher again" else picture).image
                for name, dreamer in dreamers.items()
            }
            least = np.abs(dreams["teacher"].astype(float) - picture).mean() / 2
            for name, dream in dreams.items():
                seen[look][name].append(rises(teacher, dream, picture))
                frames[look][name].append(frame_width(dream, picture, least))
    return seen, frames


def agreement(seen: Seen) -> dict[str, Any]:
    """Whether the teacher sees the same channels rise in mini's dreams as in its own; each layer followed counts once.

    The ceiling is the teacher against itself.
    """
    table: dict[str, Any] = {}
    for name in ("mini", "teacher again"):
        by_look = {}
        for look in LOOKS:
            followed = [layer for layer in LAYERS if re.search(rf"\b{layer}\b", str(settings_of(look)["layers"]))]
            pairs = list(zip(seen[look][name], seen[look]["teacher"], strict=True))
            by_look[look] = [np.mean([cosine(mine[layer], its[layer]) for mine, its in pairs]) for layer in followed]
        table[f"agreement, {name}"] = {look: float(np.mean(each)) for look, each in by_look.items()}
        table[f"agreement, {name}, of all layers"] = float(np.mean(np.concatenate(list(by_look.values()))))
    mine, ceiling = (table[f"agreement, {name}, of all layers"] for name in ("mini", "teacher again"))
    return table | {"agreement of its ceiling": mine / ceiling}


def likeness(seen: Seen, name: str) -> float:
    """How much alike the looks are: the mean cosine, over pairs of them, of what rises at mixed4."""
    pairs = itertools.combinations(seen.values(), 2)
    cosines = [
        cosine(a["mixed4"], b["mixed4"]) for one, other in pairs for a, b in zip(one[name], other[name], strict=True)
    ]
    return float(np.mean(cosines))


def never_explodes(pictures: np.ndarray, steps: tuple[float, ...] = (0.01, 0.03, 0.1)) -> dict[str, float]:
    """The largest ratio of last to first loss over 100 iterations, for each single layer and the default ones."""
    worst = {}
    every: list[ObjectiveLike] = [*LAYERS, DEFAULT]
    for layers in every:
        name = layers if isinstance(layers, str) else "default"
        for step in steps:
            dreamer = kerasdream.Dreamer(layers, model="mini", step=step, iterations=100, num_octave=1, max_loss=None)
            losses = dreamer.run(pictures).losses[0]
            worst[f"{name} {step:g}"] = float((losses[-1] / losses[0]).max())
    return worst


def teacher_rises(teacher: keras.Model, dreamer: Any, pictures: list[np.ndarray]) -> float:
    """How many times the teacher's own loss of a picture mini's dream of it has."""
    judge = kerasdream.Dreamer(DEFAULT, model=teacher, iterations=1, num_octave=1, max_loss=None)
    return float(np.mean([judge.run(dreamer.run(p).image).losses[0][0] / judge.run(p).losses[0][0] for p in pictures]))


def timed(dreamer: Any, picture: np.ndarray) -> list[float]:
    """Seconds of each step of a dream but the first."""
    stamps: list[float] = []
    dreamer.run(picture, callback=lambda _: stamps.append(time.perf_counter()))
    return np.diff(stamps).tolist()


def step_times(teacher: keras.Model, rounds: int = 8) -> tuple[float, float]:
    """Seconds of one default step at 512 x 512, mini's and the teacher's, in turn; medians."""
    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    settings: dict[str, Any] = {"iterations": 6, "num_octave": 1, "max_loss": None}
    dreamers = [kerasdream.Dreamer(DEFAULT, model=model, **settings) for model in ("mini", teacher)]
    for dreamer in dreamers:
        timed(dreamer, picture)
    rows = [[np.median(timed(dreamer, picture)) for dreamer in dreamers] for _ in range(rounds)]
    mine, its = np.median(rows, 0)
    return float(mine), float(its)


def hard_pictures() -> np.ndarray:
    """What exploded early students: nearly plain white, grey and black, noise, and hard stripes; 192 x 192."""
    rng = np.random.default_rng(0)
    nearly = [np.clip(level + rng.integers(-1, 2, (192, 192, 3)), 0, 255) for level in (255, 128, 0)]
    stripes = np.repeat(np.repeat(rng.integers(0, 2, (12, 12, 3)) * 255, 16, 0), 16, 1)
    return np.stack([*nearly, rng.integers(0, 256, (192, 192, 3)), stripes]).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("teacher", "judge", "images", "output"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--sky", type=pathlib.Path, help="one more picture to dream")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    teacher = inception.read(options.teacher, LAYERS)
    student = mini.read()
    judge = keras.applications.MobileNetV2(weights=None)
    weights.load(judge, options.judge)
    names = (pathlib.Path(__file__).parent / "mini_held_out.txt").read_text().split()
    dreamer = kerasdream.Dreamer(model="mini")

    scenes = {n: np.asarray(Image.open(options.images / n).convert("RGB")) for n in names if n[10:-4] in SCENES}
    if options.sky:
        scenes["sky"] = np.asarray(Image.open(options.sky).convert("RGB"))
    table: dict[str, Any] = dreams_of_things(judge, dreamer, scenes)
    print(table, flush=True)
    table |= fidelity(teacher, student, np.stack([square(options.images / n, 320) for n in names]))
    table["mean explained variance"] = float(np.mean(table["explained variance"]))
    table["mean gradient cosine"] = float(np.mean(table["gradient cosine"]))
    print({k: np.round(v, 3).tolist() for k, v in table.items()}, flush=True)
    seen, frames = dreams_seen(teacher, student, [square(options.images / n, 320) for n in names[10::20]])
    table |= agreement(seen)
    for name in ("mini", "teacher"):
        table[f"looks alike, {name}"] = likeness(seen, name)
        table[f"undreamt frame, {name}"] = {look: float(np.mean(widths[name])) for look, widths in frames.items()}
    photos = np.stack([square(options.images / n, 192) for n in names[::34]])
    table["rises"] = never_explodes(np.concatenate([photos, hard_pictures()]))
    table["largest rise"] = max(table["rises"].values())
    table["teacher's loss rises"] = teacher_rises(teacher, dreamer, list(scenes.values())[:10])
    table["seconds a step, mini"], table["seconds a step, teacher"] = step_times(teacher)
    table["share of the teacher's time"] = table["seconds a step, mini"] / table["seconds a step, teacher"]

    for name, value in table.items():
        if isinstance(value, dict):
            print(f"{name:40}", {key: round(one, 3) for key, one in value.items()})
        else:
            print(f"{name:40} {np.round(value, 3).tolist()}")
    (options.output / "mini_quality.json").write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
