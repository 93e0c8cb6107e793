"""Filming: how the worker makes films and journeys, frame by frame, and what it keeps of them."""

import importlib.util
import os
import pathlib
import shutil
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError
from kerasdream.film_config import FILM_KNOBS, FilmConfig
from kerasdream.films.film import film
from kerasdream.films.progress import FilmMoment
from kerasdream.image import files
from kerasdream.journeys.film import Frame
from kerasdream.journeys.journey import JourneyPlan, journey
from kerasdream.journeys.timeline import MOVES, PLAIN
from kerasdream.types import Array
from kerasdream.video.reader import open_reader
from kerasdream.web.dreaming import Dreaming
from kerasdream.web.film_intake import film_in, frames_of
from kerasdream.web.films import THUMB_SIDE, has_ffmpeg, jpeg, smaller, write_webp
from kerasdream.web.job import Job, Value
from kerasdream.web.progress import Progress
from kerasdream.web.settings import check_range, settings_of_look
from kerasdream.web.store import Store
from kerasdream.web.views import FILM, Settings

STYLE = ("gradient_blur", "blur_growth", "blur_kind", "gradient_scales", "keep_color", "seed")  # of a journey's dreams
PACE = ("step", "iterations", "num_octave", "jitter", "strength")  # knobs that a journey may set for each frame
MOST_FRAMES, LONGEST_SIDE, SIDE = 480, 768, 512
FASTEST = 60  # frames a second
NO_FILMS = 'Films need the extra "video" where the studio runs: pip install "kerasdream[video]".'


class GivenUpError(Exception):
    """A film that is not gone on with now."""


class FilmWatch:
    """The callback of a film: keeps its progress and its preview, and ends it where it should end.

    `after_frame` is called after each frame; `ending` says whether the studio ends.
    """

    def __init__(self, progress: Progress, after_frame: Callable[[], None], ending: Callable[[], bool]):
        self.progress, self.after_frame, self.ending = progress, after_frame, ending
        self.first, self.began = 0, 0.0

    def __call__(self, number: int, count: int, picture: Array) -> None:
        """Note a frame, by its number from 1."""
        progress, now = self.progress, time.perf_counter()
        if not self.first:
            self.first, self.began = number, now
        progress.step, progress.iterations, progress.num_octave = number - 1, count, 1
        progress.done = number / count
        if number > self.first:
            progress.left = (now - self.began) / (number - self.first) * (count - number)
        self.show(picture)

    def show(self, picture: Array) -> None:
        """Show a picture, and end the film where it should end."""
        self.progress.show(jpeg(Image.fromarray(picture)))
        self.after_frame()
        if self.progress.cancelled or self.ending():
            raise GivenUpError
        if self.progress.stopped:
            raise KeyboardInterrupt  # what Ctrl-C does: the frames so far become a film


class Filming:
    """Makes films and journeys with what dreams are made with."""

    def __init__(self, store: Store, dreaming: Dreaming):
        self.store, self.dreaming = store, dreaming

    def make(self, job: Job, watch: FilmWatch) -> dict[str, Value] | None:
        """Make a film and keep it; None where it was cancelled, or the studio ends: then it goes on next time."""
        target = self.store.path("films", job.id, ".mp4" if has_ffmpeg() else ".webp")
        began = time.perf_counter()
        try:
            if not target.is_file():
                (self.film if job.kind == FILM else self.journey)(job, target, watch)
        except GivenUpError:
            if watch.progress.cancelled:
                forget_frames(target)
            return None
        except KeyboardInterrupt as interrupt:
            made = getattr(interrupt, "result", None)
            part = getattr(made, "path", made)
            if not isinstance(part, pathlib.Path):
                raise ConfigError("The film was stopped before its first frame; there is nothing to keep.") from None
            os.replace(part, target)
            forget_frames(target)
        return self.keep(job, target) | {"seconds": time.perf_counter() - began, "stopped": watch.progress.stopped}

    def film(self, job: Job, target: pathlib.Path, watch: FilmWatch) -> None:
        """Dream a film that was taken in: three of its frames first, so that one sees what will come."""
        source = film_in(self.store.folder / "films", job.picture)
        if source is None:
            raise ConfigError("The film that this was asked for is no longer there. Send it again.")
        settings: Settings = job.settings | self.dreaming.models[job.settings["model"]] | job.plan
        layers, model = settings.pop("layers", None), settings.pop("model")
        if job.mask:
            settings["mask"] = self.store.picture(job.mask).convert("L")
        if not frames_folder(target).exists():
            self.show_stills(job, source, watch)

        def after(moment: FilmMoment) -> None:
            watch(moment.frame, moment.frames, moment.picture[..., :3])

        film(source, target, layers, model=model, overwrite=True, callback=after, verbose=False, **settings)

    def show_stills(self, job: Job, source: pathlib.Path, watch: FilmWatch) -> None:
        """Show the first, the middle and the last frame dreamt, side by side, as they come."""
        reader = open_reader(source)
        stills = frames_of(reader, sorted({0, len(reader) // 2, len(reader) - 1}))
        dreamer = self.dreaming.dreamer_of(job)
        for number, still in enumerate(stills):
            stills[number] = dreamer.run(still, verbose=False).image
            watch.show(np.hstack([np.asarray(one) for one in stills]))

    def journey(self, job: Job, target: pathlib.Path, watch: FilmWatch) -> None:
        """Dream a journey from a picture."""
        settings = journey_settings(job.settings, job.plan) | self.dreaming.models[job.settings["model"]]

        def after(frame: Frame) -> None:
            watch(frame.number + 1, frame.frames, frame.image)

        journey(self.dreaming.open(job), output=target, overwrite=True, callback=after, verbose=False, **settings)

    def keep(self, job: Job, target: pathlib.Path) -> dict[str, Value]:
        """Keep a frame of a film as its picture; that last, so that where it is, all is."""
        reader = open_reader(target)
        (still,) = frames_of(reader, [len(reader) // 2])
        write_webp(smaller(still, THUMB_SIDE), self.store.path("thumbs", job.id, ".webp"))
        files.save(still, self.store.path("dreams", job.id, ".png"), overwrite=True)
        return {"width": still.width, "height": still.height}


def frames_folder(target: pathlib.Path) -> pathlib.Path:
    """Return the folder where the frames of a film wait."""
    return target.with_name(f"{target.name}.frames")


def forget_frames(target: pathlib.Path) -> None:
    """Remove the frames of a film that wait."""
    shutil.rmtree(frames_folder(target), ignore_errors=True)


def journey_settings(settings: Settings, plan: Settings) -> Settings:
    """Return the settings of a journey: its own, and of its dreams what is style and layers.

    How long and how strongly a single picture is dreamt would be far too much in each frame.
    """
    look = settings_of_look(settings.get("preset", "keras"), settings["model"]) | settings
    found = {name: look[name] for name in STYLE if name in look} | {"model": settings["model"]}
    if settings.get("layers") or not plan.get("recipe"):
        found["layers"] = look["layers"]
    return found | {"side": SIDE, "frames": 120} | plan


def check_journey(asked: object, settings: Settings) -> Settings:
    """Return the plan of a journey; ConfigError where a setting is none, or more than a page may ask for.

    >>> check_journey({"zoom": 1.02, "frames": 48}, {"model": "mini"})
    {'zoom': 1.02, 'frames': 48}
    """
    known = ("recipe", *PLAIN, *MOVES, *PACE)
    if not isinstance(asked, dict):
        raise ConfigError("journey was expected as an object of names and values.")
    for name, value in asked.items():
        if name not in known:
            raise ConfigError(f"A journey has no setting {name!r:.100}; it has {', '.join(known)}.")
        if not isinstance(value, int | float | None) and name != "recipe":
            raise ConfigError(f"{name}={value!r:.100} was given; a number was expected.")
        if name in PACE:
            check_range(name, value)
    for name, most in (("frames", MOST_FRAMES), ("side", LONGEST_SIDE), ("fps", FASTEST)):
        value = asked.get(name)
        if value is not None and value > most:
            raise ConfigError(f"{name}={value} was given; {most} at most was expected.")
    plan = journey_settings(settings, asked)
    JourneyPlan.of({name: value for name, value in plan.items() if name != "recipe"}, plan.get("recipe"), None)
    return asked


def check_film(asked: object) -> Settings:
    """Return the plan of a film; ConfigError where a setting is none, or films cannot be made here.

    >>> check_film({"cadence": 2})
    {'cadence': 2}
    """
    if importlib.util.find_spec("cv2") is None:
        raise ConfigError(NO_FILMS)
    if not isinstance(asked, dict):
        raise ConfigError("film was expected as an object of names and values.")
    for name in asked:
        if name not in FILM_KNOBS:
            raise ConfigError(f"A film has no setting {name!r:.100}; it has {', '.join(FILM_KNOBS)}.")
    FilmConfig(**asked)
    return asked
