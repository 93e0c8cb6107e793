"""The study itself: dream every picture on every layer, and let a judge look before and after."""

import csv
import io
import os
import pathlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasdream.ascent.step import Preprocess, preprocess_images
from kerasdream.dreamer import Dreamer, compile_objective
from kerasdream.errors import ConfigError, DreamWarning, InputImageError, ModelError, NonFiniteError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise
from kerasdream.model import zoo
from kerasdream.model.classes import IMAGENET, categories, category_of, wordnet_ids
from kerasdream.objectives import Objective, objective
from kerasdream.resolution import build_network, resolve_config
from kerasdream.studies import report
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Example, Look, Records
from kerasdream.studies.summary import summary

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif")
TOP = 5  # guesses kept of each look
EXAMPLE_SIDE = 160  # pixels


class Judge:
    """A classifier that looks at pictures.

    >>> Judge("mobilenet_v2")(np.zeros((1, 256, 256, 3), "uint8")).shape
    (1, 1000)
    """

    def __init__(self, judge: str | keras.Model, weights: str = "imagenet", preprocess: Preprocess | None = None):
        self.preprocess = preprocess
        if isinstance(judge, str):
            self.network = zoo.build(judge, weights, 0, top=True)
            self.preprocess = zoo.preprocess_of(judge)
        else:
            self.network = judge
        shape = tuple(self.network.output_shape) if isinstance(self.network.output_shape, tuple) else ()
        if len(shape) != 2 or shape[-1] != IMAGENET:
            raise ModelError(
                f"The judge {self.network.name!r} gives {self.network.output_shape}; a classifier with its top was "
                f"expected, which gives (None, {IMAGENET}) for ImageNet's classes."
            )
        self.side = self.network.input_shape[1] or 224

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """The probability of each class in each picture (N, H, W, 3) of bytes."""
        side = (self.side, self.side)
        resized = [np.asarray(Image.fromarray(one).resize(side, Image.Resampling.BILINEAR)) for one in pictures]
        image = ops.convert_to_tensor(np.stack(resized).astype(np.float32) / np.float32(127.5) - np.float32(1.0))
        given = ops.convert_to_numpy(preprocess_images(self.preprocess, image))
        shown = np.asarray(self.network.predict_on_batch(given), np.float64)
        if np.allclose(shown.sum(-1), 1.0, atol=1e-2) and (shown >= 0).all():
            return shown / shown.sum(-1, keepdims=True)
        shown = np.exp(shown - shown.max(-1, keepdims=True))
        return shown / shown.sum(-1, keepdims=True)


class Study:
    """A study under way: `steps()` takes it on, batch by batch; `summary()` says what the records show by now.

    >>> study = kerasdream.Study("photos/", ["mixed2", "mixed4"], output="study/")
    >>> for done, whole in study.steps():
    ...     print(done, "of", whole)
    """

    def __init__(
        self,
        images: Any,
        layers: Sequence[Any],
        *,
        output: str | os.PathLike[str],
        judge: str | keras.Model = "mobilenet_v2",
        judge_weights: str = "imagenet",
        judge_preprocess: Preprocess | None = None,
        same_judge: bool = False,
        model: str | keras.Model | None = None,
        preprocess: Preprocess | None = None,
        noises: int = 0,
        control: bool = True,
        limit: int | None = None,
        size: int = 224,
        batch: int = 8,
        training_counts: str | os.PathLike[str] | None = None,
        **settings: Any,
    ):
        """See `study`."""
        check_whole(
            noises=(noises, 0), size=(size, 64), batch=(batch, 1), **({} if limit is None else {"limit": (limit, 1)})
        )
        self.wishes = wishes_of(layers)
        self.size, self.batch = size, batch
        paths = find_pictures(images, limit)
        if not paths and not noises:
            raise ConfigError("There is nothing to dream on: a folder with pictures, or noises=16, was expected.")
        self.training = training_shares(training_counts)
        deep = Objective(tuple({term: 1.0 for wish in self.wishes.values() for term, _ in wish.terms}.items()))
        self.config = resolve_config(deep, model, preprocess, {"max_loss": None} | settings)
        self.check_judge(judge, same_judge)
        self.judge = Judge(judge, judge_weights, judge_preprocess)
        network, preprocess = build_network(self.config, model, preprocess)
        self.dreamers = {AFTER: self.dreamers_on(network, preprocess)}
        self.moments = [BEFORE, AFTER, CONTROL] if control else [BEFORE, AFTER]
        if control:
            own = isinstance(model, keras.Model)
            other = keras.models.clone_model(network) if own else build_network(self.config, model, None)[0]
            shuffle(other, network)
            self.dreamers[CONTROL] = self.dreamers_on(other, preprocess)
        self.folder = pathlib.Path(output)
        files.make_folder(self.folder)
        with_weights = {"judge": self.judge.network.name, "judge_weights": os.path.basename(judge_weights)}
        plain = self.config.as_dict() | {"weights": os.path.basename(self.config.weights), "layers": None}
        self.records = Records(self.folder / "study.db", {"dream": plain, "size": size, **with_weights})
        self.records.forget_faults()  # what could not be read may be there now
        self.records.add_pictures(PHOTO, map(str, paths))
        self.records.add_pictures(NOISE, (f"noise {number}" for number in range(noises)))

    def check_judge(self, judge: Any, same: bool) -> None:
        """ConfigError where the network that dreams would judge itself."""
        own = judge if isinstance(judge, str) else judge.name
        if own == self.config.model and not same:
            raise ConfigError(
                f"The judge {own!r} is the network that dreams, and would find what it put there. Name another judge, "
                "or say same_judge=True."
            )

    def dreamers_on(self, network: keras.Model, preprocess: Preprocess | None) -> dict[str, Dreamer]:
        """A dreamer for each layer, on one network."""
        return {
            name: Dreamer.from_compiled(compile_objective(self.config.replace(layers=wish), network, preprocess))
            for name, wish in self.wishes.items()
        }

    def steps(self) -> Iterator[tuple[int, int]]:
        """Look at every picture, untouched and dreamt on every layer; yields how many pictures are done, of how many.

        What an earlier run left is not done again but the batch that it was at.
        """
        whole, last = self.records.number_of_pictures(), 0
        while batch := self.records.pictures(last, self.batch):
            last = batch[-1][0]
            self.look_at([(number, source, name) for number, source, name, error in batch if not error])
            yield last, whole

    def look_at(self, batch: Sequence[tuple[int, str, str]]) -> None:
        """Dream and judge a batch, layer by layer."""
        numbers = [number for number, _, _ in batch]
        if not numbers:
            return
        lacking = {
            (layer, moment): missing
            for layer, moment in self.turns()
            if (missing := self.records.missing(numbers, layer, moment))
        }
        if not lacking:
            return
        pictures = {
            number: pixels for number, source, name in batch if (pixels := self.read(number, source, name)) is not None
        }
        before = {} if not pictures else dict(zip(pictures, self.judge(np.stack(list(pictures.values()))), strict=True))
        for (layer, moment), missing in lacking.items():
            here = [number for number in missing if number in pictures]
            if not here:
                continue
            untouched = np.stack([pictures[number] for number in here])
            if moment == BEFORE:
                looks = [look(number, before[number], 0.0) for number in here]
                self.records.add_looks(layer, moment, looks)
                continue
            dreamt = self.dreamt(moment, layer, here, untouched)
            here = [number for number in here if number in dreamt]
            if not here:
                continue
            untouched, after = (np.stack([one[number] for number in here]) for one in (pictures, dreamt))
            shown = self.judge(after)
            changes = np.abs(after.astype(np.float32) - untouched).mean((1, 2, 3))
            looks = [look(*one) for one in zip(here, shown, changes, strict=True)]
            was = [category_of(int(before[number].argmax())) for number in here]
            examples = self.examples(layer, here, was, shown, untouched, after) if moment == AFTER else []
            self.records.add_looks(layer, moment, looks, examples)

    def dreamt(self, moment: str, layer: str, numbers: Sequence[int], untouched: np.ndarray) -> dict[int, np.ndarray]:
        """The dreams of a batch; a picture whose dream fails is noted and left out, and holds up no other."""
        dreamer = self.dreamers[moment][layer]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DreamWarning)  # of a picture in which a layer finds nothing
            try:
                return dict(zip(numbers, dreamer.run(untouched, verbose=False).image, strict=True))
            except NonFiniteError as fault:
                if len(numbers) == 1:
                    self.records.add_fault(numbers[0], f"{layer}, {moment}: {fault}")
                    return {}
        alone = [self.dreamt(moment, layer, [one], untouched[[i]]) for i, one in enumerate(numbers)]
        return {number: image for one in alone for number, image in one.items()}

    def turns(self) -> list[tuple[str, str]]:
        """The layers and moments that a picture goes through."""
        return [("", BEFORE), *((layer, moment) for layer in self.wishes for moment in self.moments[1:])]

    def read(self, number: int, source: str, name: str) -> np.ndarray | None:
        """The middle square of a picture, at the study's size; a picture that cannot be read is noted and left out."""
        if source == NOISE:
            return np.asarray(noise((self.size, self.size), int(name.split()[1])))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DreamWarning)
                picture = Picture.of(name, self.config.max_pixels)
                image = files.as_rgb(picture.as_pillow(picture.source))
        except InputImageError as fault:
            self.records.add_fault(number, str(fault))
            return None
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return np.asarray(
            image.resize((self.size, self.size), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
        )

    def examples(
        self,
        layer: str,
        numbers: Sequence[int],
        was: Sequence[str],
        shown: np.ndarray,
        untouched: np.ndarray,
        dreamt: np.ndarray,
    ) -> list[Example]:
        """The dreams of a batch that have become of a category, and show it better than all before them."""
        best, found = self.records.best(layer), []
        for number, old, probabilities, one, other in zip(numbers, was, shown, untouched, dreamt, strict=True):
            top = int(probabilities.argmax())
            category, sure = category_of(top), float(probabilities[top])
            if category != old and sure > best.get(category, 0.0):
                best[category] = sure
                found.append(Example(category, number, top, sure, side_by_side(one, other)))
        return found

    def summary(self) -> dict[str, Any]:
        """What the records show: see docs/study.md."""
        return summary(self.records, list(self.wishes), self.moments, self.training)


def study(images: Any, layers: Sequence[Any], *, output: str | os.PathLike[str], **settings: Any) -> dict[str, Any]:
    """Dream every picture on every layer, let an independent judge look before and after, and report what it saw.

    `images` is a folder, a path, or a list of them; `noises` so many starts from noise. The `judge` is a named model
    with its classifier, or a keras.Model that tells ImageNet's classes apart. `control` dreams everything again on the
    same network with its weights shuffled. Pictures are cut to squares of `size`. Other settings are those of
    `Dreamer`; `max_loss` is None unless it is given. Into the folder `output` go `study.db`, `summary.json` and
    `report.html`; a second call goes on where one ended. Needs the extra `study`. Returns the summary.

    >>> found = kerasdream.study("photos/", ["mixed2", "mixed4", "mixed6"], output="study/")
    >>> found["sources"]["photo"]["layers"][0]["found"]
    []
    """
    report.check_plots()
    under_way = Study(images, layers, output=output, **settings)
    for _ in under_way.steps():
        pass
    return report.write(under_way.records, under_way.summary(), under_way.folder)


def look(number: int, probabilities: np.ndarray, change: float) -> Look:
    """What is kept of the judge's look at one picture."""
    top = np.argsort(-probabilities, kind="stable")[:TOP]
    known = probabilities[probabilities > 0]
    entropy = float(-(known * np.log2(known)).sum())
    return Look(number, top.tolist(), probabilities[top].tolist(), entropy, float(change))


def shuffle(network: keras.Model, like: keras.Model) -> None:
    """Give a network the weights of another with the numbers of each kernel shuffled: all of their sizes, no order."""
    rng = np.random.default_rng(0)
    network.set_weights(
        [
            rng.permutation(weights.ravel()).reshape(weights.shape) if weights.ndim > 1 else weights
            for weights in like.get_weights()
        ]
    )


def side_by_side(before: np.ndarray, after: np.ndarray) -> bytes:
    """A small JPEG of a picture and its dream."""
    page = Image.new("RGB", (2 * EXAMPLE_SIDE + 4, EXAMPLE_SIDE), "white")
    for left, pixels in ((0, before), (EXAMPLE_SIDE + 4, after)):
        page.paste(Image.fromarray(pixels).resize((EXAMPLE_SIDE, EXAMPLE_SIDE), Image.Resampling.LANCZOS), (left, 0))
    file = io.BytesIO()
    page.save(file, "JPEG", quality=80)
    return file.getvalue()


def wishes_of(layers: Any) -> dict[str, Objective]:
    """The objectives by their text, in the order that was given."""
    if isinstance(layers, str) or not isinstance(layers, Sequence) or not layers:
        raise ConfigError(f"layers={layers!r} was given; a list was expected, such as ['mixed2', 'mixed4'].")
    return {str(wish.without_folders()): wish for wish in map(objective, layers)}


def check_whole(**numbers: tuple[Any, int]) -> None:
    """ConfigError for what is no whole number, or too small."""
    for name, (value, low) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ConfigError(f"{name}={value!r} was given; a whole number, {low} or more, was expected.")


def find_pictures(images: Any, limit: int | None) -> list[pathlib.Path]:
    """The pictures of folders and paths, sorted; of many, `limit` evenly spread."""
    if images is None:
        return []
    paths: list[pathlib.Path] = []
    for name in [images] if isinstance(images, str | os.PathLike) else list(images):
        path = pathlib.Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise ConfigError(
                    f"The folder {str(path)!r} holds no picture; files ending in {', '.join(SUFFIXES)} were expected."
                )
            paths += inside
        elif not path.exists():
            raise InputImageError(f"There is no picture or folder {str(path)!r}.")
        else:
            paths.append(path)
    paths = list(dict.fromkeys(path.resolve() for path in paths))  # one name, from wherever it is called
    if limit is None or limit >= len(paths):
        return paths
    return [paths[number * len(paths) // limit] for number in range(limit)]


def training_shares(counts: str | os.PathLike[str] | None) -> dict[str, float]:
    """The share of each category in training: of all classes, or of the pictures that a CSV file counts."""
    weights = np.ones(IMAGENET)
    if counts is not None:
        weights = read_counts(counts)
    names = [category_of(number) for number in range(IMAGENET)]
    return {
        category: float(sum(w for w, name in zip(weights, names, strict=True) if name == category) / weights.sum())
        for category in categories()
    }


def read_counts(path: str | os.PathLike[str]) -> np.ndarray:
    """The pictures of each class that a CSV file counts: rows of a class, by number or WordNet id, and its count."""
    ids = {name: number for number, name in enumerate(wordnet_ids())}
    weights = np.zeros(IMAGENET)
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                name = row[0].strip() if row else ""
                number = ids.get(name, int(name) if name.isdecimal() else -1)
                if 0 <= number < IMAGENET:
                    weights[number] += float(row[1])
    except (OSError, ValueError, IndexError) as fault:
        raise ConfigError(
            f"The training counts {str(path)!r} cannot be read: {fault}. Rows such as n02123045,1300 were expected."
        ) from fault
    if not weights.sum() or (weights < 0).any():
        raise ConfigError(
            f"{str(path)!r} counts no pictures. Rows of a class, by WordNet id or number, and its count were expected."
        )
    return weights
