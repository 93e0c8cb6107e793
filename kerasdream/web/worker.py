"""The worker: the one thread that dreams. It owns the networks and takes jobs in turn."""

import threading
import time
import traceback
import warnings
from collections.abc import Callable

from PIL import Image

from kerasdream.dreamer import Dreamer, DreamerCache
from kerasdream.errors import ConfigError, DreamError, DreamWarning, OutputError
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise_size, sample
from kerasdream.objectives import Guide
from kerasdream.process_memory import memory_released
from kerasdream.resolution import resolve_config
from kerasdream.result import DreamResult
from kerasdream.web.films import GROWTH_SIDE, THUMB_SIDE, jpeg, smaller, write_film, write_webp
from kerasdream.web.progress import Progress
from kerasdream.web.sketches import Sketches
from kerasdream.web.store import Job, Store, Value
from kerasdream.web.views import CANCELLED, DONE, FAILED, FINISHED, QUEUED, RUNNING, Settings
from kerasdream.web.watch import Watch

WARM = 3  # dreamers that stay
PATIENCE = 3  # starts of a dream that ended the studio, after which it waits for all others and a while
GRACE = 30.0  # seconds of that while, in which it can be cancelled
TIDY_EVERY = 3600.0  # seconds
REMEMBERED = 200  # jobs whose progress is kept
SUSPECT = "The studio ended {} times while it dreamt this. It is tried again in half a minute; Cancel gives it up."
UNREADABLE = "The settings of this dream can no longer be read from the database. Choose them again."


class Worker:
    """Takes jobs from a store and dreams them; `models` are the models at hand, each with its own settings.

    `publish` is called with the id of a job whose progress has changed, and with none where the queue has.

    >>> import pathlib, tempfile
    >>> worker = Worker(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> worker.start()
    >>> worker.stop()
    """

    def __init__(self, store: Store, models: dict[str, Settings], publish: Callable[..., None] = lambda *ids: None):
        self.store, self.models, self.publish = store, models, publish
        self.dreamers = DreamerCache(WARM)
        self.progress: dict[str, Progress] = {}
        self.sketches = Sketches(store, models)
        self.wake, self.ending = threading.Event(), threading.Event()
        self.began = self.tidied = time.monotonic()
        self.thread = threading.Thread(target=self.run, name="dreams", daemon=True)

    def start(self) -> None:
        """Begin with whatever waits."""
        self.thread.start()

    def stop(self) -> None:
        """End after the step in hand; the job it was at runs again at the next start."""
        self.ending.set()
        self.wake.set()
        self.thread.join(60)

    def progress_of(self, job: Job) -> Progress:
        """Return how far a job is."""
        return self.progress.get(job.id) or Progress(state=job.state, error=job.error)

    def cancel(self, id: str) -> None:
        """End a job: at once where it waits, after its step where it runs."""
        if self.store.job(id).state in FINISHED:
            return
        progress = self.progress.setdefault(id, Progress())
        progress.cancelled = True
        if self.store.update(id, CANCELLED, only=(QUEUED,)):
            progress.state = CANCELLED
            self.publish()

    def run(self) -> None:
        """Take jobs until the studio ends."""
        last = ""
        while not self.ending.is_set():
            self.wake.clear()
            try:
                self.take_next()
            except Exception as fault:  # such as a full disk: the studio goes on when it can
                if last != repr(fault):  # what goes on is printed once
                    traceback.print_exc()
                last = repr(fault)
                self.ending.wait(2.0)

    def take_next(self) -> None:
        """Dream, else draw a sketch, else wait."""
        if waiting := self.store.waiting():
            job = min(waiting, key=lambda job: (job.starts >= PATIENCE, job.number))
            if obstacle := self.store.obstacle():
                self.postpone(job, obstacle)
            elif job.starts >= PATIENCE and time.monotonic() - self.began < GRACE:
                self.postpone(job, SUSPECT.format(job.starts))
            else:
                self.take(job)
        elif time.monotonic() - self.tidied > TIDY_EVERY:
            self.store.tidy()
            self.tidied = time.monotonic()
        elif (channel := self.sketches.next()) and not self.store.obstacle():
            self.sketches.draw(channel, self.ending.is_set)
        else:
            self.wake.wait(5.0)

    def postpone(self, job: Job, reason: str) -> None:
        """Say why the first in the queue waits, and look again soon."""
        progress = self.progress.setdefault(job.id, Progress())
        progress.state, progress.error = QUEUED, reason
        self.publish(job.id)
        self.wake.wait(2.0)

    @memory_released()
    def take(self, job: Job) -> None:
        """Dream one job; whatever goes wrong is kept with it, and the next one is taken."""
        progress = self.progress.setdefault(job.id, Progress())
        if not self.store.update(job.id, RUNNING, only=(QUEUED, RUNNING)):
            return
        progress.state, progress.error, progress.losses = RUNNING, "", []
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
            if len(self.progress) > REMEMBERED:
                del self.progress[next(iter(self.progress))]

    def dream(self, job: Job, progress: Progress) -> None:
        """Make the dream itself, with previews on the way; between its parts it ends where it was cancelled."""
        if not job.settings:
            raise ConfigError(UNREADABLE)
        dreamer = self.dreamer_of(job)
        picture = self.picture_of(job)
        watch = Watch(dreamer.config, progress, lambda: self.publish(job.id), self.ending.is_set)
        if not watch.over():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", DreamWarning)
                result = dreamer.run(picture, callback=watch, verbose=False)
            progress.note = " ".join(str(one.message) for one in caught if isinstance(one.message, DreamWarning))
        if progress.cancelled:
            self.end(job, progress, CANCELLED)
        elif not self.ending.is_set():  # else it is still marked as running, and runs again
            self.keep(job, result, watch.film)
            loss = float(result.losses[-1][-1]) if result.losses else None
            size = {"width": result.image.width, "height": result.image.height}
            progress.preview = jpeg(result.image)
            progress.previews += 1
            self.end(job, progress, DONE, seconds=result.seconds, loss=loss, **size)

    def keep(self, job: Job, result: DreamResult, film: list[Image.Image]) -> None:
        """Write the files of a dream; the picture last, so that where it is, all is."""
        start = smaller(result.picture.as_pillow(result.picture.source), GROWTH_SIDE)
        write_film([start, *film, smaller(result.image, GROWTH_SIDE)], self.store.path("dreams", job.id, ".webp"))
        write_webp(smaller(result.image, THUMB_SIDE), self.store.path("thumbs", job.id, ".webp"))
        result.save(self.store.path("dreams", job.id, ".png"), overwrite=True)

    def end(self, job: Job, progress: Progress, state: str, *, error: str = "", **changes: Value) -> None:
        """Note how a job ended: first for good, then for those who watch."""
        self.store.update(job.id, state, (), error=error, **changes)
        progress.state, progress.error, progress.left = state, error, None
        progress.done = 1.0 if state == DONE else progress.done
        self.publish()

    def picture_of(self, job: Job) -> Image.Image | str:
        """Return what a job dreams on."""
        if job.picture == "sample":
            return sample()
        return job.picture if noise_size(job.picture) else self.store.picture(job.picture)

    def dreamer_of(self, job: Job) -> Dreamer:
        """Return a dreamer with the settings of a job; what is compiled alike is kept warm."""
        settings = job.settings | self.models[job.settings["model"]]
        if job.mask:
            settings["mask"] = self.store.picture(job.mask).convert("L")
        config = resolve_config(settings.pop("layers", None), settings.pop("model"), None, settings)
        if job.guide:
            layers = config.layers.layers() if config.layers else ()
            guide = Picture.of(self.store.picture(job.guide)).source
            config = config.replace(layers=[Guide(layer, guide) for layer in layers], max_loss=None)
        return self.dreamers.get(config)
