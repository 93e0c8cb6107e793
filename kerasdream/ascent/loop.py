"""The loop over sizes: climb, grow, put back the detail that the smaller size lost."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kerasdream.config import DreamConfig
from kerasdream.errors import NonFiniteError


class Place(NamedTuple):
    """Where in a climb a step is taken: the octave among all of num_octave, the step in it, the original's size."""

    octave: int
    number: int
    original: Any


Step = Callable[[Any, np.ndarray, Place], tuple[Any, np.ndarray, np.ndarray]]


def resize(image: Any, shape: tuple[int, int]) -> Any:
    """Bilinear with half-pixel centres and no antialiasing: what `tf.image.resize` does by default."""
    return ops.image.resize(image, shape, interpolation="bilinear", antialias=False)


class Climb:
    """One dream under way: iterate over `steps()` to take them, ask `picture()` for the whole of it at any time.

    `step(image, sizes, place)` gives the moved image, and the loss and slope of each picture as numpy arrays.
    `still` marks pictures of the batch to leave as they are. `numbers` are those of the shapes among all octaves.
    """

    def __init__(
        self,
        original: Any,
        shapes: list[tuple[int, int]],
        config: DreamConfig,
        step: Step,
        still: np.ndarray,
        numbers: list[int] | None = None,
    ):
        self.config, self.step, self.shapes, self.original = config, step, shapes, original
        self.originals = [resize(original, shape) for shape in shapes]
        self.image = self.originals[0]
        self.numbers = list(range(len(shapes))) if numbers is None else numbers
        self.octave = 0
        self.losses: list[list[np.ndarray]] = []
        self.still = still
        self.moved = np.zeros(len(still), bool)

    def steps(self) -> Iterator[int]:
        """Take every step of every octave; yields the number of the step within its octave."""
        for octave in range(len(self.shapes)):
            if octave:
                self.image = self.grown(self.image, octave - 1)
            self.octave = octave
            self.losses.append([])
            yield from self.climb_octave()

    def iterations(self, octave: int) -> int:
        """The steps of an octave."""
        return self.config.at("iterations", self.numbers[octave])

    def climb_octave(self) -> Iterator[int]:
        """Steps at one size, until each picture has passed `max_loss` or nothing moves any more."""
        octave = self.numbers[self.octave]
        sizes = np.where(self.still, 0.0, self.config.at("step", octave)).astype(np.float32)
        for number in range(self.iterations(self.octave)):
            image, loss, slope = self.step(self.image, sizes, Place(octave, number, self.originals[self.octave]))
            going = sizes > 0
            if not np.isfinite([loss[going], slope[going]]).all():
                what, value = ("gradient", slope) if np.isfinite(loss[going]).all() else ("loss", loss)
                first = next(one for one in value[going] if not np.isfinite(one))
                raise NonFiniteError(
                    f"The {what} of the dream became {first} in octave {self.octave + 1} at step {number + 1}; "
                    "finite numbers were expected."
                )
            self.image = image
            self.losses[-1].append(np.where(going, loss, np.nan))
            self.moved |= going & (slope > 0)
            # The step that passed max_loss is kept, as in the Keras example.
            if self.config.max_loss is not None:
                sizes[loss > self.config.max_loss] = 0.0
            yield number
            if not (sizes[slope > 0] > 0).any():
                return

    def detailed(self, image: Any, octave: int) -> Any:
        """The image with what the original shows at this octave and could not show at the one before."""
        if octave == 0 or self.config.detail != "kept":
            return image
        return image + (self.originals[octave] - resize(self.originals[octave - 1], self.shapes[octave]))

    def grown(self, image: Any, octave: int) -> Any:
        """The image that ended an octave, as the next octave takes it up."""
        shape = self.shapes[octave + 1]
        if self.config.detail == "added":
            return self.originals[octave + 1] + resize(image - self.originals[octave], shape)
        return resize(self.detailed(image, octave), shape)

    def picture(self) -> Any:
        """The dream so far at the picture's own size, through the octaves that are still to come."""
        image, last = self.image, len(self.shapes) - 1
        for octave in range(self.octave, last):
            image = self.grown(image, octave)
        image, own = self.detailed(image, last), tuple(self.original.shape[1:3])
        return image if own == self.shapes[last] else resize(image, own)
