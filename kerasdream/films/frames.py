"""The frames of a film dreamt one after the other, for those who have frames and want frames."""

from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple, Unpack

import keras
import numpy as np

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, InputImageError
from kerasdream.film_config import FILM_KNOBS, FilmConfig, FilmSettings
from kerasdream.films.flow import Motion, find_motion
from kerasdream.films.pipeline import prefetch
from kerasdream.films.scene import SceneDreamer, SceneState
from kerasdream.image.blend import blend, load_mask, unchanged_pixels
from kerasdream.image.picture import Picture
from kerasdream.pixels import PictureLike
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Array


class Frame(NamedTuple):
    """A frame of a film: the picture that came, its levels (H, W, 3), and how it came out of the one before."""

    picture: Picture
    levels: Array
    motion: Motion | None


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


def with_motion(
    pictures: Iterable[PictureLike], config: DreamConfig, mode: str, before: Array | None
) -> Iterator[Frame]:
    """Yield frames with the motion that led to them, where the mode asks for it; `before` is the one before."""
    size = None if before is None else before.shape
    for image in pictures:
        picture = Picture.of(image, config.max_pixels)
        if len(picture.pixels) != 1:
            raise InputImageError(f"A batch of {len(picture.pixels)} pictures was given as frame; one was expected.")
        levels = np.asarray(picture.pixels[0], np.float32)
        if levels.shape != (size or levels.shape):
            raise InputImageError(
                f"A frame of {levels.shape[0]} x {levels.shape[1]} pixels follows one of {size}; one size was expected."
            )
        motion = find_motion(before, levels) if mode == "flow" and before is not None else None
        yield Frame(picture, levels, motion)
        before, size = levels, levels.shape


def dream_frames(
    pictures: Iterable[PictureLike], scene: SceneDreamer, before: Array | None = None
) -> Generator[tuple[PictureLike, SceneState | None], None, None]:
    """Yield each frame dreamt, in the kind that came, with what the next one needs.

    While one is dreamt, the flow of the next is found in another thread.
    """
    ready = prefetch(with_motion(pictures, scene.config, scene.film.mode, before))
    try:
        for frame in ready:
            dreamt = scene.dream(frame.levels, frame.motion)
            yield shown(dreamt, frame, scene.config), scene.state
    finally:
        ready.close()


def shown(dreamt: Array, frame: Frame, config: DreamConfig) -> PictureLike:
    """Return a dreamt frame as it is shown: in the kind that came, with the strength and colours asked for."""
    size = dreamt.shape[0], dreamt.shape[1]
    mask = None if config.mask is None else load_mask(config.mask, size, config.max_pixels)
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
    return (image for image, _ in dream_frames(source, SceneDreamer(dreamer, film)))
