"""The frames of a journey: each is the one before, moved and dreamt anew."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.sampling import StepIndex
from kerasdream.ascent.stepper import Stepper
from kerasdream.dreamer import Dreamer, DreamSource
from kerasdream.journeys.keyframes import smooth
from kerasdream.journeys.loop import Loop
from kerasdream.journeys.morph import ObjectiveTrack
from kerasdream.journeys.motion import transform
from kerasdream.journeys.steadiness import (
    FAINTEST,
    FAINTEST_FROM_NOISE,
    colors_of,
    detail_levels,
    grown_colors,
    hold_colors,
    hold_detail,
    is_shapeless,
)
from kerasdream.journeys.timeline import Timeline
from kerasdream.types import Array


class Film:
    """What the frames of a journey are made of. Pictures (H, W, 3) are floats from 0 to 1."""

    def __init__(
        self,
        pictures: Sequence[Array],
        dreamer: Dreamer,
        timeline: Timeline,
        morph: ObjectiveTrack | None,
        *,
        loop: bool,
        hold: bool,
        sharpness: float | None,
    ):
        self.pictures, self.dreamer, self.timeline, self.morph = pictures, dreamer, timeline, morph
        self.closes, self.holds, self.frames = loop, hold, timeline.clock.frames
        self.colors, self.blooms = [colors_of(picture) for picture in pictures], is_shapeless(pictures[0])
        self.levels: list[Array] | None = None
        if sharpness is not None:
            faintest = FAINTEST_FROM_NOISE if self.blooms else FAINTEST
            self.levels = [np.array(detail_levels(one, sharpness, faintest)) for one in pictures]
        self.gains = np.ones(0)
        if morph is not None and morph.stages:
            self.gains = self.measure_gains(morph)

    def measure_gains(self, morph: ObjectiveTrack) -> Array:
        """Return what makes the gradients of all stages as strong as the first one's, on the first picture."""
        compiled, strengths = self.dreamer.compiled, []
        source = DreamSource.open(self.pictures[0], compiled)
        image = source.padded_pixels() / np.float32(127.5) - np.float32(1.0)
        with self.dreamer.backend.on_device(compiled.config.device):
            for number in range(len(morph.stages)):
                weights = {term: 0.0 for term, _ in morph.objective.terms} | dict(morph.stages[number].terms)
                stage = compiled.with_terms(np.array(list(weights.values()), np.float32), {})
                stepper = Stepper(stage, source.plan, source.mask)
                step = stepper.step(image, np.zeros(1, np.float32), StepIndex(0, 0), lambda: image)
                strengths.append(float(step.mean_absolute[0]))
        known = np.array([strength if strength > 0 else np.inf for strength in strengths])
        return np.where(np.isfinite(known), (strengths[0] or 1.0) / known, 1.0)

    def frames_from(self, number: int, picture: Array | None, first: Array | None) -> Iterator[Array]:
        """Yield the pictures from a frame on; `picture` is the one before it, `first` that of frame 0."""
        loop = None
        for frame in range(number, self.frames):
            if picture is None or first is None:
                picture = first = self.dream(self.original(0), 0)
            else:
                if loop is None and self.closes:
                    loop = Loop(first, self.timeline.move, self.timeline.clock)
                picture = self.next_picture(frame, picture, first, loop)
            yield picture

    def next_picture(self, frame: int, picture: Array, first: Array, loop: Loop | None) -> Array:
        """Return the picture of a frame: the one before, moved, mixed with what returns, and dreamt."""
        height, width = picture.shape[:2]
        moved = transform(picture, self.timeline.move(frame).matrix(height, width))
        if share := self.timeline.original(frame):
            moved = moved + np.float32(share) * (self.original(frame) - moved)
        if loop is not None:
            moved = loop.draw_back(moved, frame)
        moved = np.clip(moved, 0.0, 1.0)
        dreamt = self.dream(moved, frame)
        if self.levels is not None:
            dreamt = hold_detail(dreamt, moved, self.due(self.levels, frame))
        if self.holds:
            colors = grown_colors(colors_of(first), frame) if self.blooms else colors_of(first)
            dreamt = hold_colors(dreamt, *self.due([colors, *self.colors[1:]], frame))
        if loop is not None:
            dreamt = moved + np.float32(loop.remaining(frame)) * (dreamt - moved)
        shown: Array = np.clip(dreamt, 0.0, 1.0)
        return shown

    def dream(self, picture: Array, frame: int) -> Array:
        """Return the dream of a picture, with the settings of a frame."""
        config = self.timeline.config(self.dreamer.config, frame)
        if config.strength == 0:
            return picture
        compiled: CompiledObjective = self.dreamer.compiled.with_config(config)
        if self.morph is not None:
            weights = self.morph.weights(frame, self.gains)
            compiled = compiled.with_terms(weights, self.morph.directions(frame, compiled.constants))
        dreamt: Array = Dreamer.from_compiled(compiled).run(picture, verbose=False).image
        return dreamt

    def original(self, frame: int) -> Array:
        """Return the picture that the journey began with; of several, the one that is due, or a mixture of two."""
        return self.due(self.pictures, frame)

    def due(self, values: Sequence[Array], frame: int) -> Array:
        """Return what belongs to the picture that is due at a frame, of one value for each; or a mixture of two."""
        count = len(values)
        place = frame / self.frames * count if self.closes else frame / max(1, self.frames - 1) * (count - 1)
        before = min(int(place), count - 1)
        after = (before + 1) % count if self.closes else min(before + 1, count - 1)
        share = np.float32(smooth(place - before))
        mixed: Array = values[before] + share * (values[after] - values[before])
        return mixed


@dataclasses.dataclass(frozen=True)
class Frame:
    """What a callback sees after each frame: its number from 0, how many there are, the picture (H, W, 3) of bytes."""

    number: int
    frames: int
    image: Array


def as_image(picture: Array) -> Array:
    """Return a picture of floats as bytes.

    >>> as_image(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    return np.round(picture * 255.0).astype(np.uint8)


def fit(image: Image.Image, side: int | None, like: Array | None) -> Array:
    """Return a picture as floats, no longer than `side`; where another was before, cut and scaled to its size."""
    if like is not None:
        image = cropped(image, like.shape[1], like.shape[0])
    elif side is not None and max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image.convert("RGB"), np.float32) / np.float32(255.0)


def cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle of a picture, in that size."""
    scale = min(image.width / width, image.height / height)
    left, top = (image.width - scale * width) / 2, (image.height - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return image.resize((width, height), Image.Resampling.LANCZOS, box)
