"""The watch over a dream: its progress, its preview and its growth, step by step."""

import time
from collections.abc import Callable

from PIL import Image

from kerasdream.config import DreamConfig
from kerasdream.result import Moment
from kerasdream.web.films import GROWTH_SIDE, jpeg, smaller
from kerasdream.web.growth import KeptMoment, thinned
from kerasdream.web.progress import Progress
from kerasdream.web.strokes import Stroke

PREVIEW_EVERY = 0.6  # seconds
FRAMES = 24  # of the film that is kept of each dream, and moments


class Watch:
    """The callback of a dream: keeps its progress, its preview and its growth, and ends it where it should end.

    `after_step` is called after each step, whatever else is due. With `grows` off neither film nor moments are kept.
    Of a `stroke` the preview shows the whole picture.
    """

    def __init__(
        self,
        config: DreamConfig,
        progress: Progress,
        after_step: Callable[[], None],
        ending: Callable[[], bool],
        *,
        grows: bool = True,
        stroke: Stroke | None = None,
    ):
        self.config, self.progress, self.after_step, self.ending = config, progress, after_step, ending
        self.grows, self.stroke, self.film = grows, stroke, list[Image.Image]()
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
        way = (moment.octave + (moment.step + 1) / moment.iterations) / moment.num_octave
        due = self.grows and len(self.film) < FRAMES * way
        if now - self.previewed > PREVIEW_EVERY or moment.step == 0 or due or progress.stopped:
            picture = moment.picture()
            self.previewed = now
            progress.show(jpeg(self.stroke.painted(picture) if self.stroke else picture))
            if due:
                self.keep(moment, picture)
        self.after_step()
        if self.over() or progress.stopped:
            moment.stop()

    def keep(self, moment: Moment, picture: Image.Image) -> None:
        """Keep a frame of the film, and the moment, as large as the dream is at this octave."""
        self.film.append(smaller(picture, GROWTH_SIDE))
        above = moment.num_octave - 1 - moment.octave - self.config.octaves_above
        scale = min(1.0, self.config.octave_scale**-above)
        width, height = (max(1, int(side * scale)) for side in picture.size)
        picture = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        kept = KeptMoment.of(picture, moment.octave, moment.step, round(moment.loss, 4))
        self.progress.keep(thinned([*self.progress.moments, kept]))

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
