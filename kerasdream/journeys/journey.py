"""A journey from its settings to its film."""

import dataclasses
import hashlib
import json
import os
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import keras
import numpy as np

import kerasdream
from kerasdream.ascent.step import Preprocess
from kerasdream.config import DEFAULTS, KNOBS, files_named
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, DreamInterrupted, InputImageError, suggest, warn
from kerasdream.image import files
from kerasdream.journeys.film import Film, Frame, as_image, fit
from kerasdream.journeys.keyframes import Clock, read_keyframes
from kerasdream.journeys.morph import objective_track
from kerasdream.journeys.recipes import settings_of_recipe
from kerasdream.journeys.timeline import MOVES, PLAIN, SHARPNESS, Timeline
from kerasdream.objectives import Expression
from kerasdream.pixels import PictureLike
from kerasdream.progress import progress_line
from kerasdream.resolution import open_picture
from kerasdream.types import Array
from kerasdream.video.comment import read_comment
from kerasdream.video.work_folder import WorkFolder, beside
from kerasdream.video.writer import check_film, open_writer

Callback: TypeAlias = Callable[[Frame], None]
MOST_FRAMES = 1_000_000
# Where neither the user nor a preset says otherwise: a little dream in each frame adds up.
STEADY: dict[str, Any] = {"iterations": 4, "step": 0.008, "num_octave": 3, "jitter": 32, "max_loss": None}


@dataclasses.dataclass(frozen=True)
class JourneyResult:
    """A journey that was made: the path of its film, how many frames it has, its settings, and the time it took."""

    path: pathlib.Path
    frames: int
    settings: dict[str, Any]
    seconds: float


def journey(
    image: PictureLike = None,
    layers: Any = None,
    *,
    output: files.StrPath = "journey.mp4",
    overwrite: bool = False,
    recipe: str | None = None,
    keyframes: files.StrPath | None = None,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    callback: Callback | None = None,
    verbose: bool | str = "auto",
    **settings: Any,
) -> JourneyResult:
    """Dream a film in which each frame is the one before, moved and dreamt anew.

    `image` is a picture of any kind, "noise:320x240", or a list of pictures, from one of which to the next the journey
    leads; without one, the sample. `settings` are `frames`, `fps`, `loop` (the last frame leads into the first),
    `hold_colors` (to those of the first frame), `sharpness` (how strong fine detail is held, times that of the
    picture; None: as the dream makes it), `side` (the longer one, in pixels, at most), the moves `zoom`, `angle`,
    `x`, `y`, `center_x`, `center_y` and `original` (the share of the picture that returns), and the knobs of a dream.
    Moves, and knobs that are not compiled in, take keyframes, "0: 1.02, 120 smooth: 1.05" or
    "1 + 0.02*sin(2*pi*t/48)", also from a CSV or JSON file, `keyframes`; so do `layers`, "0: mixed3, 120: mixed5", and
    their weights, {"mixed3": "0: 1, 120: 0"}. `recipe` names ready settings.

    The frames wait in a folder beside the output; the same call goes on after a kill. `callback` gets each Frame.
    Returns a JourneyResult. Raises ConfigError, OutputError and so on before the first frame; on Ctrl-C
    DreamInterrupted, whose `.result` tells where the film so far lies.

    >>> kerasdream.journey("sky.jpg", "mixed3", frames=3, zoom=1.03, model="mini", output="sky.webp").frames
    3
    """
    began = time.perf_counter()
    named = {"layers": layers, "model": model}
    given = {name: value for name, value in named.items() if value is not None} | settings
    plan = JourneyPlan.of(given, recipe, keyframes)
    target = check_film(output, overwrite=overwrite)
    if callback is not None and not callable(callback):
        raise ConfigError(f"callback={callback!r} was given; a function of a Frame was expected.")
    progress_line(verbose, 0)  # a wrong `verbose` is told at once
    pictures = plan.pictures(kerasdream.sample() if image is None else image)
    key = plan.record() | {"pictures": digest(pictures), "version": kerasdream.__version__}
    work = WorkFolder(target, key, overwrite=True)
    if work.begun_anew:
        warn(f"{str(work.folder)!r} held frames of other settings; they are made anew.")

    def result(path: pathlib.Path) -> JourneyResult:
        write_film(work, path, plan, overwrite or path != target)
        return JourneyResult(path, work.done, plan.record(), time.perf_counter() - began)

    try:
        if work.done < plan.clock.frames:
            make_frames(plan.film(pictures, preprocess), work, callback, verbose)
    except KeyboardInterrupt:
        interrupt = DreamInterrupted("The journey was interrupted; the same call goes on from here.")
        if work.done:
            interrupt.result = result(beside(target, "partial"))
        raise interrupt from None
    made = result(target)
    work.remove()
    return made


@dataclasses.dataclass(frozen=True)
class JourneyPlan:
    """The settings of a journey, checked."""

    clock: Clock
    fps: Fraction
    timeline: Timeline
    settings: dict[str, Any]  # as they were given, the recipe's and the file's among them

    @classmethod
    def of(cls, given: Mapping[str, Any], recipe: str | None, keyframes: files.StrPath | None) -> "JourneyPlan":
        """Check the settings. Raises ConfigError."""
        settings = settings_of_recipe(recipe) | ({} if keyframes is None else read_keyframes(keyframes)) | dict(given)
        known = (*PLAIN, *MOVES, *KNOBS)
        for name in settings:
            if name not in known:
                raise ConfigError(f"There is no setting {name!r}.{suggest(name, known)} They are: {', '.join(known)}.")
        whole = PLAIN | settings
        check_count("frames", whole["frames"], MOST_FRAMES)
        if whole["side"] is not None:
            check_count("side", whole["side"], 1 << 15)
        for name in ("loop", "hold_colors"):
            if not isinstance(whole[name], bool):
                raise ConfigError(f"{name}={whole[name]!r} was given; True or False was expected.")
        SHARPNESS.check("sharpness", whole["sharpness"])
        fps = frame_rate(whole["fps"])
        clock = Clock(whole["frames"], float(fps))
        if settings.get("snapshots") is not None:
            raise ConfigError("A journey keeps no snapshots; leave them out.")
        return cls(clock, fps, Timeline(settings, clock), settings)

    def plain(self, name: str) -> Any:
        """Return a setting that is the same in all frames, or its default."""
        return self.settings.get(name, PLAIN[name])

    def pictures(self, image: PictureLike) -> list[Array]:
        """Return the pictures of the journey, all in the size of the first. Raises InputImageError."""
        many = image if isinstance(image, list | tuple) else [image]
        if not many:
            raise InputImageError("No picture was given; one or more were expected.")
        pictures: list[Array] = []
        limit, seed = (self.timeline.knobs(0).get(n, self.settings.get(n, DEFAULTS[n])) for n in ("max_pixels", "seed"))
        for one in many:
            picture = open_picture(one, limit, seed)
            shown = picture.as_pillow(picture.source)
            pictures.append(fit(files.as_rgb(shown), self.plain("side"), pictures[0] if pictures else None))
        return pictures

    def film(self, pictures: Sequence[Array], preprocess: Preprocess | None) -> Film:
        """Build the network, and return what makes the frames. Raises ConfigError, LayerError and so on."""
        knobs = {name: value for name, value in self.settings.items() if name in KNOBS}
        layers, model = knobs.pop("layers", None), knobs.pop("model", None)
        morph = objective_track(layers, self.clock)
        steady = STEADY if "preset" not in knobs else {}
        constant = steady | knobs | self.timeline.knobs(0)
        dreamer = Dreamer(layers if morph is None else morph.objective, model=model, preprocess=preprocess, **constant)
        for frame in range(self.clock.frames):
            self.timeline.config(dreamer.config, frame)
        plain = {"loop": self.plain("loop"), "hold": self.plain("hold_colors"), "sharpness": self.plain("sharpness")}
        return Film(pictures, dreamer, self.timeline, morph, **plain)

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON holds them. Of paths, only the names."""
        return {name: recorded(name, value) for name, value in self.settings.items()}


def make_frames(film: Film, work: WorkFolder, callback: Callback | None, verbose: bool | str) -> None:
    """Make the frames that are still missing."""
    done = work.done
    picture, first = work.state.get("picture"), work.state.get("first")  # loops lead back to the first
    line, began = progress_line(verbose, film.frames), time.perf_counter()
    try:
        for number, dreamt in enumerate(film.frames_from(done, picture, first), done):
            image, first = as_image(dreamt), dreamt if first is None else first
            work.add([image], {"picture": dreamt, "first": first})
            if line:
                pace = (time.perf_counter() - began) / (number + 1 - done)
                line.update(number + 1, f"{1 / pace:.2f} frames/s, {pace * (film.frames - number - 1):.0f} s left")
            if callback:
                callback(Frame(number, film.frames, image))
    finally:
        if line:
            line.close()


def write_film(work: WorkFolder, path: pathlib.Path, plan: JourneyPlan, overwrite: bool) -> None:
    """Write the frames that are done as a film, with the settings inside."""
    height, width = work.frame(1).shape[:2]
    comment = json.dumps({"journey": plan.record()})
    with open_writer(path, plan.fps, (height, width), overwrite=overwrite, comment=comment) as writer:
        for number in range(1, work.done + 1):
            writer.write(work.frame(number))


def settings_of_journey(path: files.StrPath, *, files: bool = False) -> dict[str, Any]:
    """Read the settings in the film of a journey: `journey("other.jpg", **settings_of_journey("journey.mp4"))`.

    Where they name files (a mask, a guide, weights), `files=True` lets them be opened; without it InputImageError says
    which they are. So it does for a film that holds no settings, or those of no journey.

    >>> _ = kerasdream.journey("sky.jpg", "mixed3", frames=2, zoom=1.03, model="mini", output="sky.webp")
    >>> settings_of_journey("sky.webp")
    {'layers': 'mixed3', 'model': 'mini', 'frames': 2, 'zoom': 1.03}
    """
    what = repr(os.fspath(path))
    try:
        settings = json.loads(read_comment(path))["journey"]
        clock = JourneyPlan.of(settings, None, None).clock
        track = objective_track(settings.get("layers"), clock)
        named = files_named(settings | ({} if track is None else {"layers": track.objective}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise InputImageError(
            f"{what} holds no settings of a journey ({fault}). A film that `kerasdream journey` wrote was expected."
        ) from None
    if unopened := [] if files else [file for ones in named.values() for file in ones]:
        raise InputImageError(
            f"The settings in {what} name files: {', '.join(unopened)}. With files=True (--from_files) they are opened."
        )
    return dict(settings)


def recorded(name: str, value: Any) -> Any:
    """Return a setting as JSON holds it."""
    if isinstance(value, keras.Model):
        return str(value.name)
    if name in ("mask", "weights"):
        return os.path.basename(str(value))
    if isinstance(value, Expression):
        return KNOBS["layers"].check("layers", value).without_folders().as_dict()
    if isinstance(value, Mapping):
        return {str(key): recorded("", one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [recorded("", one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | None) else str(value)


def check_count(name: str, value: object, most: int) -> None:
    """Raise ConfigError for what is no whole number from 1 on."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ConfigError(f"{name}={value!r} was given; a whole number from 1 to {most} was expected.")


def frame_rate(value: Any) -> Fraction:
    """Return frames a second exactly: 24, 29.97, "30000/1001". Raises ConfigError for anything else.

    >>> frame_rate("30000/1001"), frame_rate(12.5)
    (Fraction(30000, 1001), Fraction(25, 2))
    """
    try:
        fps = Fraction(value).limit_denominator(1_000_000)
        if isinstance(value, bool) or not 0 < fps <= 1000:
            raise ValueError
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise ConfigError(
            f"fps={value!r} was given; a number above 0, such as 24 or '30000/1001', was expected."
        ) from None
    return fps


def digest(pictures: Sequence[Array]) -> str:
    """Return digits that differ where any picture does."""
    hashed = hashlib.sha256()
    for picture in pictures:
        hashed.update(repr(picture.shape).encode() + picture.tobytes())
    return hashed.hexdigest()[:16]
