"""The study itself: dream every picture on every layer, and let a judge say what it sees before and after."""

import os
import pathlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasdream.ascent.step import Preprocess
from kerasdream.batches.picture_group import dream_group
from kerasdream.dreamer import Dreamer, compile_objective
from kerasdream.errors import ConfigError, DreamError, DreamWarning, InputImageError, NonFiniteError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise
from kerasdream.model.classes import category_of
from kerasdream.objectives import Objective, objective
from kerasdream.resolution import build_network, resolve_config
from kerasdream.settings import ObjectiveLike
from kerasdream.studies import report
from kerasdream.studies.figures import Summary
from kerasdream.studies.judge import Judge, verdict_of
from kerasdream.studies.pictures import Paths, find_pictures, read_square, side_by_side
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Example, Records
from kerasdream.studies.training_shares import training_shares


class Study:
    """A study under way: `steps()` takes it on, batch by batch; `summary()` says what the records show by now.

    >>> layers = ["mixed2", "mixed4"]
    >>> study = kerasdream.Study("photos/", layers, output="study/", model="mini")  # doctest: +SKIP
    >>> study  # doctest: +SKIP
    Study('study', 2 layers, 200 pictures)
    >>> for done, total in study.steps():  # doctest: +SKIP
    ...     print(done, "of", total)
    """

    def __init__(
        self,
        images: Paths | None,
        layers: Sequence[ObjectiveLike],
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
        report.check_extra()
        check_whole_numbers(noises=(noises, 0), size=(size, 64), batch=(batch, 1))
        if limit is not None:
            check_whole_numbers(limit=(limit, 1))
        self.objectives = objectives_of(layers)
        self.size, self.batch = size, batch
        paths = find_pictures(images, limit)
        if not paths and not noises:
            raise ConfigError("There is nothing to dream on: a folder with pictures, or noises=16, was expected.")
        self.training = training_shares(training_counts)
        terms = {term: 1.0 for objective in self.objectives.values() for term, _ in objective.terms}
        self.config = resolve_config(Objective(tuple(terms.items())), model, preprocess, {"max_loss": None} | settings)
        check_judge(judge, self.config.model, same_judge)
        self.judge = Judge(judge, judge_weights, judge_preprocess)
        self.dreamers = self.make_dreamers(model, preprocess, control)
        self.folder = pathlib.Path(output)
        files.make_folder(self.folder)
        self.records = Records(self.folder / "study.db", self.as_dict(judge_weights))
        self.records.forget_faults()  # what could not be read may be there now
        self.records.add_pictures(PHOTO, map(str, paths))
        self.records.add_pictures(NOISE, (f"noise {number}" for number in range(noises)))
        self.total = self.records.number_of_pictures()

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r}, {len(self.objectives)} layers, {self.total} pictures)"

    def as_dict(self, judge_weights: str) -> dict[str, Any]:
        """Return the settings that all pictures and layers share; a second run must have the same."""
        dream = self.config.as_dict() | {"weights": os.path.basename(self.config.weights), "layers": None}
        judge = {"judge": self.judge.network.name, "judge_weights": os.path.basename(judge_weights)}
        return {"dream": dream, "size": self.size, **judge}

    @property
    def conditions(self) -> list[str]:
        """Return the conditions under which pictures are judged: before, after, and in the control."""
        return [BEFORE, *self.dreamers]

    def make_dreamers(
        self, model: str | keras.Model | None, preprocess: Preprocess | None, control: bool
    ) -> dict[str, dict[str, Dreamer]]:
        """Return a dreamer for each layer, on the network and, for the control, on one with its weights shuffled."""
        network, preprocess = build_network(self.config, model, preprocess)
        networks = {AFTER: network}
        if control:
            own = isinstance(model, keras.Model)
            networks[CONTROL] = keras.models.clone_model(network) if own else build_network(self.config, model, None)[0]
            shuffle_weights(networks[CONTROL], network)
        return {
            condition: {
                name: Dreamer.from_compiled(compile_objective(self.config.replace(layers=layers), one, preprocess))
                for name, layers in self.objectives.items()
            }
            for condition, one in networks.items()
        }

    def steps(self) -> Iterator[tuple[int, int]]:
        """Judge every picture, untouched and dreamt on every layer; yields (pictures that are done, all pictures).

        What an earlier run left is not done again, except for the batch that it was at.
        """
        last = 0
        while batch := self.records.pictures(last, self.batch):
            last = batch[-1][0]
            self.judge_batch([(number, source, name) for number, source, name, error in batch if not error])
            yield last, self.total

    def judge_batch(self, batch: Sequence[tuple[int, str, str]]) -> None:
        """Dream and judge the pictures of a batch, layer by layer, as far as they are not judged yet."""
        numbers = [number for number, _, _ in batch]
        pairs = [("", BEFORE), *((layer, name) for layer in self.objectives for name in self.conditions[1:])]
        missing = {pair: lacking for pair in pairs if (lacking := self.records.missing(numbers, *pair))}
        if not missing:
            return
        squares = {
            number: square for number, source, name in batch if (square := self.read(number, source, name)) is not None
        }
        if not squares:
            return
        before = dict(zip(squares, self.judge(np.stack(list(squares.values()))), strict=True))
        for (layer, condition), lacking in missing.items():
            here = {number: squares[number] for number in lacking if number in squares}
            if condition == BEFORE:
                verdicts = [verdict_of(number, before[number], 0.0) for number in here]
                self.records.add_verdicts(layer, condition, verdicts)
            elif dreams := self.dream(condition, layer, here):
                self.judge_dreams(layer, condition, here, dreams, before)

    def judge_dreams(
        self,
        layer: str,
        condition: str,
        squares: Mapping[int, np.ndarray],
        dreams: Mapping[int, np.ndarray],
        before: Mapping[int, np.ndarray],
    ) -> None:
        """Judge the dreams of a batch on one layer, and keep the verdicts and the strongest examples."""
        after = dict(zip(dreams, self.judge(np.stack(list(dreams.values()))), strict=True))
        verdicts, examples = [], []
        best = self.records.best(layer)
        for number, probabilities in after.items():
            square, dream = squares[number], dreams[number]
            change = float(np.abs(dream.astype(np.float32) - square).mean())
            verdicts.append(verdict_of(number, probabilities, change))
            first = int(probabilities.argmax())
            category, probability = category_of(first), float(probabilities[first])
            is_new = category != category_of(int(before[number].argmax()))
            if condition == AFTER and is_new and probability > best.get(category, 0.0):
                best[category] = probability
                examples.append(Example(category, number, first, probability, side_by_side(square, dream)))
        self.records.add_verdicts(layer, condition, verdicts, examples)

    def dream(self, condition: str, layer: str, squares: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Return the dreams of a batch; a picture whose dream fails is noted and left out, the others are dreamt."""
        if not squares:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DreamWarning)  # of a picture in which a layer finds nothing
            results = dream_group(self.dreamers[condition][layer], [Picture.of(square) for square in squares.values()])
        dreams = {}
        for number, result in zip(squares, results, strict=True):
            if isinstance(result, NonFiniteError):
                self.records.add_fault(number, f"{layer}, {condition}: {result}")
            elif isinstance(result, DreamError):
                raise result
            else:
                dreams[number] = result.image
        return dreams

    def read(self, number: int, source: str, name: str) -> np.ndarray | None:
        """Return the middle square of a picture, at the study's size; None, and a note, where it cannot be read."""
        if source == NOISE:
            return np.asarray(noise((self.size, self.size), int(name.split()[1])))
        try:
            return read_square(name, self.size, self.config.max_pixels)
        except InputImageError as fault:
            self.records.add_fault(number, str(fault))
            return None

    def summary(self) -> Summary:
        """Return what the records show: see docs/study.md."""
        from kerasdream.studies.summary import summarize  # needs SciPy, of the extra

        return summarize(self.records, list(self.objectives), self.conditions, self.training)


def study(
    images: Paths | None, layers: Sequence[ObjectiveLike], *, output: str | os.PathLike[str], **settings: Any
) -> Summary:
    """Dream every picture on every layer, let an independent judge look before and after, and report what it saw.

    `images` is a folder, a path, or a list of them; `noises` so many starts from noise. The `judge` is a named model
    with its classifier, or a keras.Model that tells ImageNet's classes apart. `control` dreams everything again on the
    same network with its weights shuffled. Pictures are cut to squares of `size`. Other settings are those of
    `Dreamer`; `max_loss` is None unless it is given. Into the folder `output` go `study.db`, `summary.json` and
    `report.html`; a second call goes on where one ended. Needs the extra `study`.

    Returns the summary. Raises ConfigError, InputImageError, ModelError or OutputError before anything is dreamt.

    >>> layers = ["mixed2", "mixed4", "mixed6"]
    >>> found = kerasdream.study("photos/", layers, output="study/")  # doctest: +SKIP
    >>> found["sources"]["photo"]["layers"][0]["found"]  # doctest: +SKIP
    []
    """
    under_way = Study(images, layers, output=output, **settings)
    for _ in under_way.steps():
        pass
    return report.write(under_way.records, under_way.summary(), under_way.folder)


def check_judge(judge: str | keras.Model, dreams: str, same: bool) -> None:
    """Raise ConfigError where the network that dreams would judge itself."""
    name = judge if isinstance(judge, str) else judge.name
    if name == dreams and not same:
        raise ConfigError(
            f"The judge {name!r} is the network that dreams, and would find what it put there. Name another judge, "
            "or say same_judge=True."
        )


def shuffle_weights(network: keras.Model, like: keras.Model) -> None:
    """Give a network the weights of another with the values of each kernel shuffled: all of their sizes, no order."""
    rng = np.random.default_rng(0)
    network.set_weights(
        [
            rng.permutation(weights.ravel()).reshape(weights.shape) if weights.ndim > 1 else weights
            for weights in like.get_weights()
        ]
    )


def objectives_of(layers: Sequence[ObjectiveLike]) -> dict[str, Objective]:
    """Return the objectives by their text, in the order that was given.

    >>> list(objectives_of(["mixed2", {"mixed4": 2.0}]))
    ['mixed2', 'mixed4*2.0']
    """
    if isinstance(layers, str) or not isinstance(layers, Sequence) or not layers:
        raise ConfigError(f"layers={layers!r} was given; a list was expected, such as ['mixed2', 'mixed4'].")
    return {str(one.without_folders()): one for one in map(objective, layers)}


def check_whole_numbers(**numbers: tuple[object, int]) -> None:
    """Raise ConfigError for what is no whole number, or less than its least value."""
    for name, (value, low) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ConfigError(f"{name}={value!r} was given; a whole number, {low} or more, was expected.")
