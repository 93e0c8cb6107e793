"""The worker: the one thread that dreams. It owns the networks and takes jobs in turn."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Protocol

from kerasdream.errors import ConfigError, DreamError, OutputError
from kerasdream.process_memory import memory_released
from kerasdream.web.dreaming import Dreaming
from kerasdream.web.filming import Filming, FilmWatch
from kerasdream.web.job import Job, Value
from kerasdream.web.progress import Progress
from kerasdream.web.sketches import Sketches
from kerasdream.web.store import Store
from kerasdream.web.views import CANCELLED, DONE, DREAM, FAILED, FINISHED, QUEUED, RUNNING, Settings
from kerasdream.web.walls import Walls
from kerasdream.web.welcome import Welcome

PATIENCE = 3  # starts of a dream that ended the studio, after which it waits for all others and a while
GRACE = 30.0  # seconds of that while, in which it can be cancelled
TIDY_EVERY = 3600.0  # seconds
REMEMBERED = 200  # jobs whose progress is kept
SUSPECT = "The studio ended {} times while it dreamt this. It is tried again in half a minute; Cancel gives it up."
UNREADABLE = "The settings of this dream can no longer be read from the database. Choose them again."


class Background(Protocol):
    """What is made when no dream waits; `asked_at` is when it was last asked for."""

    asked_at: float

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Make one thing, unless `should_stop` says otherwise, and return whether there was one to make."""


class Worker:
    """Takes jobs from a store and dreams them; `models` are the models at hand, each with its own settings.

    `publish` is called with the id of a job whose progress has changed, and with none where the queue has; `announce`
    with what was made in the background. `welcomes`: a dream of the sample is made where there is none.

    >>> import pathlib, tempfile
    >>> worker = Worker(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> worker.start()
    >>> worker.stop()
    """

    def __init__(
        self,
        store: Store,
        models: dict[str, Settings],
        publish: Callable[..., None] = lambda *ids: None,
        announce: Callable[[dict[str, object]], None] = lambda notice: None,
        *,
        welcomes: bool = False,
    ):
        self.store, self.publish = store, publish
        self.dreaming = Dreaming(store, models)
        self.filming = Filming(store, self.dreaming)
        self.progress: dict[str, Progress] = {}
        self.sketches = Sketches(store, models, announce)
        self.walls = Walls(store, models, announce)
        self.background: list[Background] = [self.walls, self.sketches]
        if welcomes:
            self.background.insert(0, Welcome(store, self.dreaming, announce))
        # `asked` tells those in the background that a dream waits, `wake` the worker that there is anything to do.
        self.wake, self.asked, self.ending = threading.Event(), threading.Event(), threading.Event()
        self.began = self.tidied = time.monotonic()
        self.thread = threading.Thread(target=self.run, name="dreams", daemon=True)

    def start(self) -> None:
        """Begin with whatever waits."""
        self.thread.start()

    def stop(self) -> None:
        """End after the step in hand; the job it was at runs again at the next start."""
        self.ending.set()
        self.asked.set()
        self.wake.set()
        self.thread.join(60)

    def call(self) -> None:
        """Say that a job waits: what is made in the background is given up for it."""
        self.asked.set()
        self.wake.set()
        self.publish()

    def progress_of(self, job: Job) -> Progress:
        """Return how far a job is."""
        return self.progress.get(job.id) or Progress(state=job.state, error=job.error)

    def cancel(self, id: str) -> None:
        """End a job and throw it away: at once where it waits, after its step where it runs."""
        if self.store.job(id).state in FINISHED:
            return
        progress = self.progress.setdefault(id, Progress())
        progress.cancelled = True
        if self.store.update(id, CANCELLED, only=(QUEUED,)):
            progress.state = CANCELLED
            self.publish()

    def end_early(self, id: str) -> bool:
        """End a job after its step, and keep it; False where it does not run."""
        if self.store.job(id).state != RUNNING:
            return False
        self.progress.setdefault(id, Progress()).stopped = True
        return True

    def run(self) -> None:
        """Take jobs until the studio ends."""
        last = ""
        while not self.ending.is_set():
            self.wake.clear()
            self.asked.clear()
            try:
                self.take_next()
            except Exception as fault:  # such as a full disk: the studio goes on when it can
                if last != repr(fault):  # what goes on is printed once
                    traceback.print_exc()
                last = repr(fault)
                self.ending.wait(2.0)

    def take_next(self) -> None:
        """Take a job, else make something in the background, else wait."""
        if waiting := self.store.waiting():
            job = min(waiting, key=lambda job: job.starts >= PATIENCE)
            if obstacle := self.store.obstacle():
                self.postpone(job, obstacle)
            elif job.starts >= PATIENCE and time.monotonic() - self.began < GRACE:
                self.postpone(job, SUSPECT.format(job.starts))
            else:
                self.take(job)
        elif time.monotonic() - self.tidied > TIDY_EVERY:
            self.store.tidy()
            self.tidied = time.monotonic()
        elif self.store.obstacle() or not any(one.work(self.is_called) for one in self.by_last_asked()):
            self.wake.wait(5.0)

    def by_last_asked(self) -> list[Background]:
        """Return what is made in the background: first what was asked for last, as somebody looks at it now."""
        return sorted(self.background, key=lambda one: -one.asked_at)

    def is_called(self) -> bool:
        """Return whether what is made in the background should be given up."""
        return self.asked.is_set() or self.ending.is_set()

    def postpone(self, job: Job, reason: str) -> None:
        """Say why the first in the queue waits, and look again soon."""
        progress = self.progress.setdefault(job.id, Progress())
        progress.state, progress.error = QUEUED, reason
        self.publish(job.id)
        self.wake.wait(2.0)

    @memory_released()
    def take(self, job: Job) -> None:
        """Make one job; whatever goes wrong is kept with it, and the next one is taken."""
        progress = self.progress.setdefault(job.id, Progress())
        if not self.store.update(job.id, RUNNING, only=(QUEUED, RUNNING)):
            return
        progress.begin(RUNNING)
        self.publish()
        try:
            self.dream(job, progress)
        except DreamError as fault:
            if not isinstance(fault, OutputError) or not self.store.obstacle():
                self.end(job, progress, FAILED, error=str(fault))  # else it is dreamt again when that is gone
        except Exception as fault:  # a fault of ours must not end the studio
            traceback.print_exc()
            reason = f"Something went wrong in the studio: {type(fault).__name__}: {fault}"
            self.end(job, progress, FAILED, error=reason)
        finally:
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Forget the progress of the first of those that have ended, where there are too many."""
        if len(self.progress) > REMEMBERED:
            ended = (id for id, one in list(self.progress.items()) if one.state in FINISHED)
            self.progress.pop(next(ended, ""), None)

    def dream(self, job: Job, progress: Progress) -> None:
        """Make the dream itself; it ends where it was cancelled, and is not ended where the studio ends."""
        if not job.settings:
            raise ConfigError(UNREADABLE)

        def after_step() -> None:
            self.publish(job.id)
            if not job.urgent:
                if progress.left:
                    self.dreaming.estimates.note(job, progress.left / (1 - progress.done))
                self.let_urgent_through()

        def after_frame() -> None:
            self.publish(job.id)
            self.let_through(lambda other: other.kind == DREAM)

        if job.kind == DREAM:
            made = self.dreaming.make(job, progress, after_step, self.ending.is_set)
        else:
            made = self.filming.make(job, FilmWatch(progress, after_frame, self.ending.is_set))
        if progress.cancelled:
            self.end(job, progress, CANCELLED)
        elif made is not None:  # else it is still marked as running, and runs again
            self.end(job, progress, DONE, **made)

    def let_urgent_through(self) -> None:
        """Take the strokes that wait, between two steps of a dream."""
        if self.asked.is_set():
            self.asked.clear()
            self.let_through(lambda other: other.urgent)

    def let_through(self, goes_first: Callable[[Job], bool]) -> None:
        """Take those of the jobs that wait which go before the one in hand."""
        for job in self.store.waiting():
            if job.state == QUEUED and job.starts < PATIENCE and goes_first(job) and not self.ending.is_set():
                self.take(job)

    def end(self, job: Job, progress: Progress, state: str, **changes: Value) -> None:
        """Note how a job ended: first for good, then for those who watch."""
        error = str(changes.get("error", ""))
        self.store.update(job.id, state, (), **changes | {"error": error})
        progress.end(state, error)
        self.publish()
