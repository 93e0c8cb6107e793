"""Estimates: how long what waits will take, by what was dreamt before."""

from collections.abc import Callable

from kerasdream.config import DreamConfig, at_octave
from kerasdream.errors import DreamError
from kerasdream.image.pyramid import octave_shapes
from kerasdream.types import Size
from kerasdream.web.job import Job
from kerasdream.web.views import DREAM

REMEMBERED = 200  # jobs whose work is known


class Estimates:
    """Estimates the seconds of jobs; `plan` returns the settings and the size of the picture of one.

    >>> asked = {"picture": "noise", "settings": {"model": "mini"}, "look": "", "words": ""}
    >>> job = Job(number=1, id="a", client="", created=0.0, place=1.0, **asked)
    >>> estimates = Estimates(lambda job: (DreamConfig(num_octave=1, iterations=10), (100, 100)))
    >>> estimates.note(job, seconds=5.0)
    >>> estimates.seconds(job)
    5.0
    """

    def __init__(self, plan: Callable[[Job], tuple[DreamConfig, Size]]):
        self.plan = plan
        self.pace: dict[str, float] = {}  # seconds for a pixel and step, by network
        self.work: dict[str, float] = {}  # of jobs by their ids

    def note(self, job: Job, seconds: float) -> None:
        """Note how long a job takes as a whole."""
        if work := self.work_of(job):
            self.pace[job.settings["model"]] = seconds / work

    def seconds(self, job: Job) -> float | None:
        """Return how long a job will take; None where nothing like it was dreamt since the studio started."""
        pace = self.pace.get(job.settings.get("model", ""))
        work = self.work_of(job)
        return pace * work if pace and work else None

    def work_of(self, job: Job) -> float:
        """Return the pixels of all steps of a dream; 0 for a film, or where they cannot be told."""
        if job.id not in self.work:
            if len(self.work) >= REMEMBERED:
                self.work.clear()
            try:
                self.work[job.id] = steps_in_pixels(*self.plan(job)) if job.kind == DREAM and job.settings else 0.0
            except (DreamError, KeyError, OSError):  # it will fail, and say why then
                self.work[job.id] = 0.0
        return self.work[job.id]


def steps_in_pixels(config: DreamConfig, size: Size) -> float:
    """Return the pixels of all steps of a dream.

    >>> steps_in_pixels(DreamConfig(num_octave=2, octave_scale=2.0, iterations=(10, 5)), (100, 100))
    75000.0
    """
    shapes = octave_shapes(size, config.num_octave, config.octave_scale, config.octaves_above)
    return float(sum(h * w * at_octave(config.iterations, number) for number, (h, w) in enumerate(shapes)))
