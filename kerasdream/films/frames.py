"""The frames of a film dreamt one after the other, for those who have frames and want frames."""

from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple, Unpack

import keras
import numpy as np

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig
from kerasdream.dreamer import Dreamer, has_one_color
from kerasdream.errors import ConfigError, InputImageError
from kerasdream.film_config import FILM_KNOBS, FilmConfig, FilmSettings
from kerasdream.films.between import Neighbour, between
from kerasdream.films.carry import Carried
from kerasdream.films.flow import Motion, find_motion
from kerasdream.films.pipeline import prefetch
from kerasdream.films.scene import SceneDreamer, is_cut, mask_for
from kerasdream.image.blend import blend, unchanged_pixels
from kerasdream.image.picture import Picture
from kerasdream.pixels import PictureLike
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Array


class Frame(NamedTuple):
    """A frame of a film: the picture that came, its levels (H, W, 3), and how it came out of the last one dreamt."""

    picture: Picture
    levels: Array
    motion: Motion | None


class Group(NamedTuple):
    """A frame to be dreamt, and those before it that are not, each with how it came out of that one."""

    between: list[tuple[Frame, Motion]]
    last: Frame


class DreamtFrame(NamedTuple):
    """A frame with its dream in full, as it is shown, and whether nothing was carried to it."""

    source: Frame
    carried: Carried
    picture: PictureLike
    begins: bool


def film_dreamer(
    layers: ObjectiveLike | None,
    model: str | keras.Model | None,
    preprocess: Preprocess | None,
    settings: FilmSettings,
) -> tuple[Dreamer, FilmConfig]:
    """Return a Dreamer with the settings of a film that are a dream's, and those that are not."""
    own: Any = {name: value for name, value in settings.items() if name in FILM_KNOBS}
    dreams: Any = {name: value for name, value in settings.items() if name not in FILM_KNOBS}
    film = FilmConfig(**own)
    if dreams.get("snapshots") is not None:
        raise ConfigError("A film keeps no snapshots; each of its frames is kept. Leave snapshots out.")
    return Dreamer(layers, model=model, preprocess=preprocess, **dreams), film


def groups(
    pictures: Iterable[PictureLike], config: DreamConfig, film: FilmConfig, before: Array | None
) -> Iterator[Group]:
    """Yield the frames up to each that is dreamt; `before` is the last that was.

    Every frame that begins a scene is dreamt, the last one before it, and those of one colour and their next.
    """
    waiting: list[Frame] = []
    size = None if before is None else before.shape
    for image in pictures:
        picture, levels = checked(image, config, size)
        motion = find_motion(before, levels) if film.mode == "flow" and before is not None else None
        if is_cut(motion) and waiting:  # or motion too fast to be followed over several frames
            yield group(waiting)
            before, waiting = waiting[-1].levels, []
            motion = find_motion(before, levels)
        waiting.append(Frame(picture, levels, motion))
        alone = before is None or motion is None or is_cut(motion) or has_one_color(levels) or has_one_color(before)
        if alone or len(waiting) == film.cadence:
            yield group(waiting)
            before, waiting = levels, []
        size = levels.shape
    if waiting:
        yield group(waiting)


def checked(image: PictureLike, config: DreamConfig, size: tuple[int, ...] | None) -> tuple[Picture, Array]:
    """Return a frame as a picture and its levels; InputImageError where it is none, or of another size."""
    picture = Picture.of(image, config.max_pixels)
    if len(picture.pixels) != 1:
        raise InputImageError(f"A batch of {len(picture.pixels)} pictures was given as frame; one was expected.")
    levels = np.asarray(picture.pixels[0], np.float32)
    if levels.shape != (size or levels.shape):
        raise InputImageError(
            f"A frame of {levels.shape[0]} x {levels.shape[1]} pixels follows one of {size}; one size was expected."
        )
    return picture, levels


def group(frames: list[Frame]) -> Group:
    """Return frames as those between and the one that is dreamt."""
    *others, last = frames
    return Group([(frame, find_motion(last.levels, frame.levels)) for frame in others], last)


def dream_frames(
    pictures: Iterable[PictureLike], scene: SceneDreamer, before: Array | None = None
) -> Generator[list[DreamtFrame], None, None]:
    """Yield the frames dreamt, in the kind that came: each that is dreamt together with those between.

    While some are dreamt, the flow of the next is found in another thread.
    """
    ahead = 2 if scene.film.cadence == 1 else 1
    ready = prefetch(groups(pictures, scene.config, scene.film, before), ahead)
    try:
        for group in ready:
            yield dream_group(group, scene)
    finally:
        ready.close()


def dream_group(group: Group, scene: SceneDreamer) -> list[DreamtFrame]:
    """Return the frames of a group dreamt."""
    old, last = scene.state, group.last
    dreamt = scene.dream(last.levels, last.motion)
    new = scene.state
    done = []
    for place, (frame, motion) in enumerate(group.between, 1):
        share = place / (len(group.between) + 1)
        sides = [(old, frame.motion, 1 - share), (new, motion, share)]
        neighbours = [
            Neighbour(state, way, part) for state, way, part in sides if state is not None and way is not None
        ]
        carried = between(frame.levels, neighbours, mask_for(frame.levels, scene.config))
        done.append(DreamtFrame(frame, carried, shown(carried.dreamt, frame, scene.config), False))
    carried = Carried(dreamt, np.ones(dreamt.shape[:2], np.float32)) if new is None else new.carried
    begins = old is None or new is None or is_cut(last.motion)
    done.append(DreamtFrame(last, carried, shown(dreamt, last, scene.config), begins))
    return done


def shown(dreamt: Array, frame: Frame, config: DreamConfig) -> PictureLike:
    """Return a dreamt frame as it is shown: in the kind that came, with the strength and colours asked for."""
    mask = mask_for(dreamt, config)
    mixed = blend(dreamt[None], frame.levels[None], config.strength, config.keep_color)
    unchanged = unchanged_pixels(mask, np.array([True]), (1, *dreamt.shape))
    return frame.picture.restore(mixed, unchanged)


def frames(
    source: Iterable[PictureLike],
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    **settings: Unpack[FilmSettings],
) -> Iterator[PictureLike]:
    """Dream the frames of a film as they come; each comes out in the kind that went in.

    `source` yields pictures of one size, such as arrays (H, W, 3); a thread takes them a few frames ahead. The other
    arguments are those of `film`. Returns an iterator, which never holds more than those few frames. Raises
    ConfigError, ModelError or LayerError at once, and InputImageError at the frame that is none.

    >>> moving = (np.roll(np.asarray(kerasdream.sample().resize((96, 64))), 2 * t, 1) for t in range(3))
    >>> [frame.shape for frame in kerasdream.frames(moving, "mixed3", model="mini", iterations=2)]
    [(64, 96, 3), (64, 96, 3), (64, 96, 3)]
    """
    dreamer, film = film_dreamer(layers, model, preprocess, settings)
    if film.passes > 1:
        raise ConfigError("passes=2 was given; a second pass begins at the end, which an iterator never has. Use film.")
    return (frame.picture for group in dream_frames(source, SceneDreamer(dreamer, film)) for frame in group)
