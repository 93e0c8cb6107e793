"""The watch over a dream: its progress, its preview and its film, step by step."""

import time
from collections.abc import Callable

from PIL import Image

from kerasdream.config import DreamConfig
from kerasdream.result import Moment
from kerasdream.web.films import GROWTH_SIDE, jpeg, smaller
from kerasdream.web.progress import Progress

PREVIEW_EVERY = 0.6  # seconds
FRAMES = 24  # of the film that is kept of each dream


class Watch:
    """The callback of a dream: keeps its progress, its preview and its film, and ends it where it should end."""

    def __init__(
        self, config: DreamConfig, progress: Progress, publish: Callable[[], None], ending: Callable[[], bool]
    ):
        self.config, self.progress, self.publish, self.ending = config, progress, publish, ending
        self.film: list[Image.Image] = []
        self.began = self.first = 0.0  # at the first step: what comes before it happens once
        self.previewed = 0.0

    def over(self) -> bool:
        """Return whether the dream should end."""
        return self.progress.cancelled or self.ending()

    def __call__(self, moment: Moment) -> None:
        """Note a step."""
        now, progress = time.perf_counter(), self.progress
        progress.octave, progress.num_octave = moment.octave, moment.num_octave
        progress.step, progress.iterations = moment.step, moment.iterations
        progress.losses.append(round(moment.loss, 4))
        self.estimate(moment, now)
        due = len(self.film) < FRAMES * progress.done
        if now - self.previewed > PREVIEW_EVERY or moment.step == 0 or due:
            picture = moment.picture()
            progress.preview, self.previewed = jpeg(picture), now
            progress.previews += 1
            if due:
                self.film.append(smaller(picture, GROWTH_SIDE))
        self.publish()
        if self.over():
            moment.stop()

    def estimate(self, moment: Moment, now: float) -> None:
        """Work out how much is done, and how long the rest takes: a size costs as much more as it has pixels."""
        progress, whole = self.progress, self.config.num_octave
        costs = [self.config.octave_scale ** (2 * i) for i in range(whole)][-moment.num_octave :]
        at = sum(costs[: moment.octave]) + costs[moment.octave] * (moment.step + 1) / moment.iterations
        progress.done = at / sum(costs)
        self.began = self.began or now
        if now > self.began:
            progress.left = (now - self.began) * (1 - progress.done) / (progress.done - self.first)
        else:
            self.first = progress.done
