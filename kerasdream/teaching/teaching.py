"""A teaching under way: its rounds, what it has reached, and what came of it."""

import dataclasses
import hashlib
import json
import os
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from kerasdream.ascent.current_backend import current_backend
from kerasdream.errors import warn
from kerasdream.model.card import ModelCard
from kerasdream.progress import progress_line
from kerasdream.result import versions
from kerasdream.teaching.checkpoint import Checkpoint, Progress
from kerasdream.teaching.classes import BACKGROUND, PictureClass
from kerasdream.teaching.config import TeachConfig
from kerasdream.teaching.dreams import DreamsOfNow
from kerasdream.teaching.kinds import split_into_kinds
from kerasdream.teaching.lessons import Lessons
from kerasdream.teaching.network import freeze_below, network, take_weights
from kerasdream.teaching.trainer import Trainer
from kerasdream.types import Array

ROUNDS = 30  # of a teaching: after each the held-out pictures are looked at, and all is kept
PATIENCE = 400  # steps without a better score, after which it ends early
CONFUSED = 0.3  # share of a class that is taken for another one, and is told
ADVICE = "Give pictures that differ more, or more minutes; or put both into one folder."


class TeachMoment(NamedTuple):
    """What a callback gets after each round."""

    step: int
    seconds: float
    share: float  # of the minutes, or the steps
    error: float  # on held-out pictures with noise
    accuracy: float  # share of held-out pictures that are recognised
    model: keras.Model


class Teaching:
    """A teaching under way, from its checkpoint on where there is one."""

    def __init__(
        self,
        classes: Sequence[PictureClass],
        config: TeachConfig,
        target: pathlib.Path,
        dreams: str | os.PathLike[str] | None,
    ):
        self.config = config
        self.precision = config.precision
        if config.precision == "auto":
            self.precision = "bfloat16" if current_backend().has_bfloat16() else "float32"
        self.counts = {one.name: len(one.pictures) for one in classes}
        fingerprint = fingerprint_of(classes, config)
        if flat := len(classes) == 1:
            classes = split_into_kinds(classes[0], self.network(1), config.side, config.seed)
            self.counts = {one.name: len(one.pictures) for one in classes}
        self.lessons = Lessons(classes, config, flat)
        self.trainer = Trainer(self.network(len(self.lessons.names)), self.lessons, config)
        self.checkpoint = Checkpoint(target.with_suffix(".teaching.npz"), fingerprint)
        self.progress, self.best = Progress(), self.trainer.learnt()
        if found := self.checkpoint.load():
            self.progress, arrays = found
            self.best = arrays[: len(self.best)]
            self.trainer.restore(arrays[len(self.best) :])
        self.dreams = None if dreams is None else DreamsOfNow(self.trainer.model, self.lessons.names, dreams)

    def network(self, classes: int) -> keras.Model:
        """Return the base with a head, as it begins."""
        keras.utils.set_random_seed(self.config.seed)
        model = network(self.config.base, classes, self.precision)
        take_weights(model, self.config.base, self.config.weights)
        freeze_below(model, self.config.taught)
        return model

    @property
    def share(self) -> float:
        """How large a share of the minutes, or of the steps, is done."""
        done = self.progress.steps / self.config.steps if self.config.steps else 0.0
        return done if self.config.steps else self.progress.seconds / (60 * self.config.minutes)

    def run(self, callback: Callable[[TeachMoment], None] | None, verbose: bool | str) -> None:
        """Learn until the time is over, or the held-out pictures are recognised no better."""
        line = progress_line(verbose, self.config.steps or round(60 * self.config.minutes))
        progress, before = self.progress, self.progress.seconds
        began, round_, accuracy = time.monotonic(), int(ROUNDS * self.share), 0.0
        try:
            while self.share < 1 and progress.steps < progress.best_step + PATIENCE:
                error = self.trainer.step(progress.steps, self.share)
                progress.steps += 1
                progress.seconds = before + time.monotonic() - began
                if line:
                    done = progress.steps if self.config.steps else round(progress.seconds)
                    line.update(done, f"step {progress.steps}, error {error:.2f}, {accuracy:.0%} recognised")
                if int(ROUNDS * self.share) > round_:
                    round_ = int(ROUNDS * self.share)
                    accuracy = self.end_round(callback)
                    progress.seconds = before + time.monotonic() - began
        except KeyboardInterrupt:
            self.keep()
            raise
        finally:
            if line:
                line.close()
        if self.dreams:
            self.dreams.dream(progress.steps, 1.0)
        self.trainer.restore(self.best)

    def end_round(self, callback: Callable[[TeachMoment], None] | None) -> float:
        """Look at the held-out pictures, keep all, and dream; returns the share that is recognised."""
        score, progress = self.trainer.score(), self.progress
        if score.error < progress.best:
            progress.best, progress.best_step, self.best = score.error, progress.steps, self.trainer.learnt()
        self.keep()
        if self.dreams:
            self.dreams.dream(progress.steps, self.share)
        if callback:
            moment = TeachMoment(progress.steps, progress.seconds, self.share, *score[::-1], self.trainer.model)
            callback(moment)
        return score.accuracy

    def keep(self) -> None:
        """Write the checkpoint."""
        self.checkpoint.save(self.progress, self.best + self.trainer.state())

    def card(self) -> ModelCard:
        """Return what the model knows."""
        lessons, confusion = self.lessons, self.confusion()
        counted = [number for number, name in enumerate(lessons.names) if name in self.counts or lessons.flat]
        right, held_out = np.diag(confusion)[counted].sum(), confusion[counted].sum()
        settings = {name: value for name, value in dataclasses.asdict(self.config).items() if name != "base"}
        return ModelCard(
            classes=lessons.names,
            counts=self.counts,
            accuracy=float(right / held_out),
            recognised={lessons.names[number]: int(confusion[number, number]) for number in counted},
            held_out={lessons.names[number]: int(confusion[number].sum()) for number in counted},
            base=self.config.base,
            settings=settings | {"weights": os.path.basename(self.config.weights)},
            steps=self.progress.steps,
            seconds=round(self.progress.seconds, 1),
            versions=versions(),
        )

    def confusion(self) -> Array:
        """Return how many held-out pictures of each class (rows) are taken for each class (columns)."""
        lessons = self.lessons
        taken = self.trainer.probabilities(lessons.held_out).argmax(1)
        counts = np.zeros((len(lessons.names),) * 2, int)
        np.add.at(counts, (lessons.held_out_labels, taken), 1)
        return counts

    def warn_of_confusion(self) -> None:
        """Warn of classes that are taken for others."""
        confusion, names = self.confusion(), self.lessons.names
        for number, row in enumerate(confusion):
            wrong = np.where(np.arange(len(row)) == number, 0, row)
            if names[number] in self.counts and wrong.max() > CONFUSED * row.sum():
                other = names[int(wrong.argmax())]
                if self.lessons.flat and other != BACKGROUND:
                    continue  # kinds that nobody has named
                warn(
                    f"{names[number]!r} is hardly told from {other!r}: {wrong.max()} of its {row.sum()} held-out "
                    f"pictures are taken for that. {ADVICE}"
                )

    def plain_model(self) -> keras.Model:
        """Return the network in float32, of Keras's own layers."""
        model = network(self.config.base, len(self.lessons.names))
        model.set_weights(self.trainer.model.get_weights())
        return model


def fingerprint_of(classes: Sequence[PictureClass], config: TeachConfig) -> str:
    """Return what tells a teaching from others: its pictures and settings, whatever time it may take."""
    named = [(one.name, [(picture.path.name, picture.thumb.round(2).tobytes().hex()) for picture in one.pictures])
             for one in classes]  # fmt: skip
    settings = {**dataclasses.asdict(config), "minutes": None, "steps": None}
    return hashlib.sha256(json.dumps([named, settings]).encode()).hexdigest()
