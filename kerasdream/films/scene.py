"""The dreams of a scene: each frame dreamt with what the one before has left."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from kerasdream.config import DreamConfig
from kerasdream.dreamer import Dreamer, has_one_color
from kerasdream.film_config import FilmConfig
from kerasdream.films.carry import Carried, carry
from kerasdream.films.flow import Motion
from kerasdream.image.blend import load_mask
from kerasdream.types import Array

LATER_STEPS = 0.2  # how many steps a later dream takes, as a share of the first one's
LATER_STEP = 0.7  # their size, in those of the first one
CUT = 0.5  # share of a frame without an origin, from which on it begins a scene


@dataclasses.dataclass(frozen=True)
class SceneState:
    """What the next frame needs of the one before: the frame, its dream, and the steps of the scene's first."""

    pixels: Array
    carried: Carried
    steps: tuple[int, ...]

    def arrays(self) -> dict[str, Array]:
        """Return all but the frame as arrays, to be kept in a file."""
        return {"dreamt": self.carried.dreamt, "effort": self.carried.effort, "steps": np.array(self.steps)}

    @classmethod
    def of(cls, pixels: Array, arrays: Mapping[str, Array]) -> "SceneState | None":
        """Return the state of a frame from its arrays; None where there are none."""
        if not arrays:
            return None
        return cls(pixels, Carried(arrays["dreamt"], arrays["effort"]), tuple(arrays["steps"].tolist()))


class SceneDreamer:
    """Dreams the frames of a film in turn. Levels go from 0 to 255, in floats throughout.

    >>> scene = SceneDreamer(Dreamer(model="mini", iterations=2), FilmConfig())
    >>> frame = np.asarray(kerasdream.sample().resize((96, 64)), np.float32)
    >>> scene.dream(frame, None).shape
    (64, 96, 3)
    """

    def __init__(self, dreamer: Dreamer, film: FilmConfig):
        """`dreamer` dreams what `film` says is new in each frame."""
        # The dream in full travels; strength and colours are seen to when a frame is shown.
        self.config = dreamer.config
        self.dreamer = with_config(dreamer, dreamer.config.replace(strength=1.0, keep_color=False))
        self.film = film
        self.state: SceneState | None = None

    def dream(self, frame: Array, motion: Motion | None) -> Array:
        """Return a frame (H, W, 3) dreamt; `motion` says how it came out of the one before, None that it is new."""
        state = self.state
        if has_one_color(frame):
            self.state = None  # there is nothing to dream; the next frame begins anew
            return frame
        if state is None or self.film.mode == "each" or is_cut(motion):
            self.state = self.first(frame)
        elif motion is None:
            mixed = state.carried.dreamt + self.film.blend * (frame - state.carried.dreamt)
            self.state = self.first(mixed)
        else:
            carried = self.next(state, frame, motion)
            self.state = SceneState(frame, carried, state.steps)
        return self.state.carried.dreamt

    def first(self, frame: Array) -> SceneState:
        """Return a scene's beginning: a frame dreamt with all steps."""
        dreamt, steps = dream_levels(self.dreamer, frame)
        return SceneState(frame, Carried(dreamt, np.ones(frame.shape[:2], np.float32)), steps)

    def next(self, state: SceneState, frame: Array, motion: Motion) -> Carried:
        """Return a later frame: the dream carried along, and a shorter dream where it needs one."""
        mask = mask_for(frame, self.config)
        start = carry(state.carried, state.pixels, frame, motion, self.film.renewal, mask)
        if not start.needs_dream:
            return start.as_it_is()
        later = later_config(self.dreamer.config, state.steps)
        dreamt, steps = dream_levels(with_config(self.dreamer, later), start.levels)
        return start.add(dreamt, LATER_STEP * sum(steps) / max(1, sum(state.steps)))


def mask_for(frame: Array, config: DreamConfig) -> Array | None:
    """Return the mask of a dream in the size of a frame, where there is one."""
    size = frame.shape[0], frame.shape[1]
    return None if config.mask is None else load_mask(config.mask, size, config.max_pixels)


def is_cut(motion: Motion | None) -> bool:
    """Return whether a frame that came so out of another begins a scene of its own."""
    return motion is not None and motion.lost > CUT


def with_config(dreamer: Dreamer, config: DreamConfig) -> Dreamer:
    """Return a Dreamer with other settings that are not compiled in."""
    return Dreamer.from_compiled(dreamer.compiled.with_config(config))


def later_config(config: DreamConfig, steps: tuple[int, ...]) -> DreamConfig:
    """Return the settings of a later dream in a scene whose first took so many steps at each size.

    >>> later = later_config(DreamConfig(iterations=20, step=0.01), (20, 20, 5))
    >>> later.iterations, round(later.step, 6), later.max_loss
    ((4, 4, 1), 0.007, None)
    """
    taken = (1,) * (config.num_octave - len(steps)) + steps  # sizes that are too small for the network come first
    iterations = tuple(max(1, round(LATER_STEPS * count)) for count in taken)
    step = (
        tuple(LATER_STEP * one for one in config.step) if isinstance(config.step, tuple) else LATER_STEP * config.step
    )
    # max_loss would end it at once: what is dreamt already is above it.
    return config.replace(iterations=iterations, step=step, max_loss=None)


def dream_levels(dreamer: Dreamer, levels: Array) -> tuple[Array, tuple[int, ...]]:
    """Return levels from 0 to 255 dreamt, not rounded, and how many steps that took at each size."""
    result = dreamer.run(np.clip(levels, 0, 255).astype(np.float32) / np.float32(255), verbose=False)
    return result.image * np.float32(255), tuple(map(len, result.losses))
