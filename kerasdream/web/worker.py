"""The one thread that dreams: it owns the networks, takes jobs in turn, and shows how far it is."""

import dataclasses
import io
import threading
import time
import traceback
import warnings
from typing import Any

from PIL import Image

from kerasdream.dreamer import Dreamer, DreamerCache
from kerasdream.errors import DreamError, DreamWarning, OutputError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise_size, sample
from kerasdream.objectives import Guide, Layer
from kerasdream.resolution import resolve_config
from kerasdream.result import DreamResult, Moment
from kerasdream.visualization import Visualizer
from kerasdream.web.store import CANCELLED, DONE, FAILED, QUEUED, RUNNING, THUMB_SIDE, Job, Store

WARM = 3  # dreamers that stay
PREVIEW_SIDE, PREVIEW_EVERY = 900, 0.6  # pixels, seconds
GROWTH_SIDE, FRAMES = 480, 24  # of the film that is kept of each dream
SKETCH: dict[str, Any] = {"size": 128, "steps": 96}  # of what a channel looks for
MOST_LOSSES = 300  # that are shown
PATIENCE = 3  # starts of a dream that ended the studio, after which it waits for all others and a while
GRACE = 30.0  # seconds of that while, in which it can be cancelled
TIDY_EVERY = 3600.0  # seconds
MOST_SKETCHES = 40  # that may wait
NO_ROOM = "The disk of this machine is nearly full; the dream begins when there is room."
SUSPECT = "The studio ended {} times while it dreamt this. It is tried again in half a minute; Cancel gives it up."
FINISHED = (DONE, FAILED, CANCELLED)


@dataclasses.dataclass
class Progress:
    """How far a job is. `version` counts the changes, so that whoever shows it knows when to look again."""

    version: int = 0
    state: str = QUEUED
    octave: int = 0
    num_octave: int = 0
    step: int = 0
    iterations: int = 0
    done: float = 0.0  # of 1
    left: float | None = None  # seconds
    losses: list[float] = dataclasses.field(default_factory=list)
    preview: bytes = b""
    previews: int = 0
    error: str = ""
    note: str = ""  # what one should know of the dream
    cancelled: bool = False

    def shown(self) -> dict[str, Any]:
        """What the page may know of it."""
        hidden = ("preview", "cancelled", "version", "losses")
        some = self.losses[:: 1 + len(self.losses) // MOST_LOSSES]
        return {name: value for name, value in vars(self).items() if name not in hidden} | {"losses": some}


class Worker:
    """Jobs in, dreams out. `fixed` are settings of the machine that every dream has, such as weights.

    >>> worker = Worker(Store(pathlib.Path("studio")), {"mini": {}})
    >>> worker.start()
    """

    def __init__(self, store: Store, models: dict[str, dict[str, Any]]):
        self.store, self.models = store, models
        self.dreamers = DreamerCache(WARM)
        self.progress: dict[str, Progress] = {}
        self.sketches: dict[tuple[str, str, int], str] = {}  # what waits, or why there is none
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

    def of(self, job: Job) -> Progress:
        """How far a job is."""
        return self.progress.get(job.id) or Progress(state=job.state, error=job.error)

    def cancel(self, id: str) -> None:
        """End a job: at once where it waits, after its step where it runs."""
        if self.store.job(id).state in FINISHED:
            return
        progress = self.progress.setdefault(id, Progress())
        progress.cancelled = True
        if self.store.update(id, CANCELLED, only=(QUEUED,)):
            progress.state, progress.version = CANCELLED, progress.version + 1

    def run(self) -> None:
        """Take jobs until the studio ends."""
        while not self.ending.is_set():
            self.wake.clear()
            try:
                self.turn()
            except Exception:  # such as a full disk: the studio goes on when it can
                traceback.print_exc()
                self.ending.wait(2.0)

    def turn(self) -> None:
        """Do what is next: a dream, else a sketch, else wait."""
        if waiting := self.store.waiting():
            job = min(waiting, key=lambda job: (job.starts >= PATIENCE, job.number))
            if not self.store.room():
                self.hold(job, NO_ROOM)
            elif job.starts >= PATIENCE and time.monotonic() - self.began < GRACE:
                self.hold(job, SUSPECT.format(job.starts))
            else:
                self.take(job)
        elif time.monotonic() - self.tidied > TIDY_EVERY:
            self.store.tidy()
            self.tidied = time.monotonic()
        elif wanted := [one for one, fault in list(self.sketches.items()) if not fault]:
            self.sketch(*wanted[0])
        else:
            self.wake.wait(5.0)

    def hold(self, job: Job, reason: str) -> None:
        """Tell the first in the queue why it waits, and look again soon."""
        progress = self.progress.setdefault(job.id, Progress())
        progress.state, progress.error = QUEUED, reason
        progress.version += 1
        self.wake.wait(2.0)

    def want(self, model: str, layer: str, channel: int) -> str:
        """Have a channel drawn when no dream waits; why it cannot be, where that is known."""
        fault = self.sketches.setdefault((model, layer, channel), "")
        while len(self.sketches) > MOST_SKETCHES:
            del self.sketches[next(iter(self.sketches))]
        self.wake.set()
        return fault

    def sketch(self, model: str, layer: str, channel: int) -> None:
        """Draw what a channel looks for, and keep it."""
        wish, folder = Layer(layer, (channel,)), self.store.folder / "channels"
        try:
            files.make_folder(folder)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DreamWarning)  # a channel may be dead; then its picture is grey
                image = Visualizer([wish], model=model, **self.models[model], **SKETCH).run(verbose=False)[0]
            path = folder / sketch_name(model, layer, channel)
            files.write_whole(path, lambda file: image.save(file, "WEBP", quality=80), overwrite=True)
            self.sketches.pop((model, layer, channel), None)
        except Exception as fault:
            self.sketches[model, layer, channel] = str(fault) or type(fault).__name__

    def take(self, job: Job) -> None:
        """Dream one job; whatever goes wrong is told, and the next one is taken."""
        progress = self.progress.setdefault(job.id, Progress())
        if not self.store.update(job.id, RUNNING, only=(QUEUED, RUNNING)):
            return
        progress.state, progress.error, progress.version = RUNNING, "", progress.version + 1
        try:
            self.dream(job, progress)
        except DreamError as fault:
            if not isinstance(fault, OutputError) or self.store.room():
                self.end(job, progress, FAILED, error=str(fault))  # else it is dreamt again when the disk has room
        except Exception as fault:  # a fault of ours must not end the studio
            traceback.print_exc()
            told = f"Something went wrong in the studio: {type(fault).__name__}: {fault}"
            self.end(job, progress, FAILED, error=told)
        finally:
            if len(self.progress) > 200:
                del self.progress[next(iter(self.progress))]

    def dream(self, job: Job, progress: Progress) -> None:
        """The dream itself, with previews on the way."""
        began = first = shown = 0.0  # at the first step: what comes before it happens once
        dreamer = self.dreamer_of(job)
        film: list[Image.Image] = []

        def seen(moment: Moment) -> None:
            nonlocal began, first, shown
            now = time.perf_counter()
            whole = dreamer.config.num_octave
            progress.octave, progress.num_octave = moment.octave, moment.num_octave
            progress.step, progress.iterations = moment.step, moment.iterations
            # A size costs as many times more as it has pixels.
            costs = [dreamer.config.octave_scale ** (2 * i) for i in range(whole)][-moment.num_octave :]
            at = sum(costs[: moment.octave]) + costs[moment.octave] * (moment.step + 1) / moment.iterations
            progress.done = at / sum(costs)
            began = began or now
            if now > began:
                progress.left = (now - began) * (1 - progress.done) / (progress.done - first)
            else:
                first = progress.done
            progress.losses.append(round(moment.loss, 4))
            due = len(film) < FRAMES * progress.done
            if now - shown > PREVIEW_EVERY or moment.step == 0 or due:
                picture = moment.picture()
                progress.preview, shown = jpeg(picture), now
                progress.previews += 1
                if due:
                    film.append(smaller(picture, GROWTH_SIDE))
            progress.version += 1
            if progress.cancelled or self.ending.is_set():
                moment.stop()

        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", DreamWarning)
            result = dreamer.run(self.picture_of(job), callback=seen, verbose=False)
        progress.note = " ".join(str(one.message) for one in said if isinstance(one.message, DreamWarning))
        if self.ending.is_set() and not progress.cancelled:
            return  # it is still marked as running, and runs again
        if progress.cancelled:
            self.end(job, progress, CANCELLED)
            return
        self.keep(job, result, film)
        loss = float(result.losses[-1][-1]) if result.losses else None
        size = {"width": result.image.width, "height": result.image.height}
        progress.preview = jpeg(result.image)
        progress.previews += 1
        self.end(job, progress, DONE, seconds=result.seconds, loss=loss, **size)

    def keep(self, job: Job, result: DreamResult, film: list[Image.Image]) -> None:
        """Write the files of a dream; the picture last, so that where it is, all is."""
        start = smaller(result.picture.as_pillow(result.picture.source), GROWTH_SIDE)
        frames = [start, *film, smaller(result.image, GROWTH_SIDE)]
        small = smaller(result.image, THUMB_SIDE)
        files.write_whole(
            self.store.path("dreams", job.id, ".webp"),
            lambda file: frames[0].save(
                file, "WEBP", save_all=True, append_images=frames[1:], quality=75,
                duration=[150] * (len(frames) - 1) + [1500], loop=0,
            ),
            overwrite=True,
        )  # fmt: skip
        files.write_whole(
            self.store.path("thumbs", job.id, ".webp"),
            lambda file: small.save(file, "WEBP", quality=80),
            overwrite=True,
        )
        result.save(self.store.path("dreams", job.id, ".png"), overwrite=True)

    def end(self, job: Job, progress: Progress, state: str, **changes: Any) -> None:
        """Note how a job ended: first for good, then for those who watch."""
        self.store.update(job.id, state, **changes)
        progress.state, progress.error, progress.left = state, changes.get("error", ""), None
        progress.done = 1.0 if state == DONE else progress.done
        progress.version += 1

    def picture_of(self, job: Job) -> Any:
        """What a job dreams on."""
        if job.picture == "sample":
            return sample()
        return job.picture if noise_size(job.picture) else self.store.picture(job.picture)

    def dreamer_of(self, job: Job) -> Dreamer:
        """A dreamer with the settings of a job; what is compiled alike is kept warm."""
        settings = job.settings | self.models[job.settings["model"]]
        if job.mask:
            settings["mask"] = self.store.picture(job.mask).convert("L")
        config = resolve_config(settings.pop("layers", None), settings.pop("model"), None, settings)
        if job.guide:
            layers = config.layers.layers() if config.layers else ()
            guide = Picture.of(self.store.picture(job.guide)).source
            config = config.replace(layers=[Guide(layer, guide) for layer in layers], max_loss=None)
        return self.dreamers.get(config)


def sketch_name(model: str, layer: str, channel: int) -> str:
    """The file of a drawn channel."""
    return f"{model}-{layer.replace('/', '_')}-{channel:d}.webp"


def smaller(image: Image.Image, side: int) -> Image.Image:
    """The picture in RGB, no longer than that."""
    image = files.as_rgb(image).copy()
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def jpeg(image: Image.Image) -> bytes:
    """A picture for the page, as it grows."""
    file = io.BytesIO()
    smaller(image, PREVIEW_SIDE).save(file, "JPEG", quality=82)
    return file.getvalue()
