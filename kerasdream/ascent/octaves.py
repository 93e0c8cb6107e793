"""The loop over octaves: take the steps of one, enlarge the picture, put back the detail that the smaller one lost."""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.plan import DreamPlan
from kerasdream.ascent.sampling import StepIndex
from kerasdream.ascent.stepper import StepResult
from kerasdream.config import DreamConfig, at_octave
from kerasdream.errors import NonFiniteError
from kerasdream.image.pyramid import resize_rows
from kerasdream.image.tiles import allocate, strips
from kerasdream.types import Array, Size, Tensor

TakeStep = Callable[[Tensor, Array, StepIndex, Callable[[], Array]], StepResult]


class OctaveLoop:
    """A dream under way: iterate over `steps()` to take them, ask `picture()` for the whole of it at any time.

    Pixels (N, H, W, 3) go from 0 to 255, the image that is dreamt from -1 to 1. What is done between the octaves is
    done strip by strip: no picture is too large for it.
    """

    def __init__(self, pixels: Array, plan: DreamPlan, config: DreamConfig, take_step: TakeStep, frozen: Array):
        """`pixels` are padded as planned; `frozen` marks pictures of the batch to leave as they are."""
        self.config, self.take_step, self.pixels, self.frozen = config, take_step, pixels, frozen
        self.numbers, self.shapes = list(plan.octaves), list(plan.octaves.values())
        self.image: Tensor = self.original(0)
        self.octave = 0
        self.losses: list[list[Array]] = []
        self.changed = np.zeros(len(frozen), bool)

    def steps(self) -> Iterator[int]:
        """Take every step of every octave; yields the number of the step within its octave.

        An octave ends early where each picture has passed `max_loss`, or nothing changes any more.
        """
        for octave, number in enumerate(self.numbers):
            if octave:
                self.image = self.enlarged(to_numpy(self.image), octave - 1)
            self.octave = octave
            self.losses.append([])
            step_sizes = np.where(self.frozen, 0.0, at_octave(self.config.step, number)).astype(np.float32)
            original = functools.partial(self.original, octave)
            for step in range(self.iterations(octave)):
                result = self.take_step(self.image, step_sizes, StepIndex(number, step), original)
                self.record(result, step_sizes > 0, step)
                # The step that passed max_loss is kept, as in the Keras example.
                if self.config.max_loss is not None:
                    step_sizes[result.loss > self.config.max_loss] = 0.0
                yield step
                if not (step_sizes[result.mean_absolute > 0] > 0).any():
                    break

    def record(self, result: StepResult, active: Array, step: int) -> None:
        """Keep the result of a step for the active pictures; NonFiniteError where it is not finite."""
        loss, mean_absolute = result.loss, result.mean_absolute
        if not np.isfinite([loss[active], mean_absolute[active]]).all():
            what, values = ("loss", loss) if not np.isfinite(loss[active]).all() else ("gradient", mean_absolute)
            first = next(value for value in values[active] if not np.isfinite(value))
            raise NonFiniteError(
                f"The {what} of the dream became {first} in octave {self.octave + 1} at step {step + 1}; "
                "finite numbers were expected."
            )
        self.image = result.image
        self.losses[-1].append(np.where(active, loss, np.nan))
        self.changed |= active & (mean_absolute > 0)

    def iterations(self, octave: int) -> int:
        """Return the steps of an octave."""
        return at_octave(self.config.iterations, self.numbers[octave])

    def total_steps(self) -> int:
        """Return the steps of all octaves, where none ends early."""
        return sum(map(self.iterations, range(len(self.shapes))))

    def steps_before(self) -> int:
        """Return the steps of the octaves before this one, where none ended early."""
        return sum(map(self.iterations, range(self.octave)))

    def original(self, octave: int) -> Array:
        """Return the original at the size of an octave."""
        return self.in_strips(self.shapes[octave], lambda rows: self.original_rows(octave, rows))

    def original_rows(self, octave: int, rows: slice) -> Array:
        """Return some rows of the original at the size of an octave."""
        image: Array = resize_rows(self.pixels, self.shapes[octave], rows) / np.float32(127.5) - np.float32(1.0)
        return image

    def in_strips(self, shape: Size, rows_of: Callable[[slice], Array], *sources: Array) -> Array:
        """Make an image of that size strip by strip; `sources` are the arrays that it is made of."""
        image = allocate((len(self.pixels), *shape, 3))
        for rows in strips(image.shape, image, *sources):
            image[:, rows] = rows_of(rows)
        return image

    def with_detail(self, image: Array, octave: int) -> Array:
        """Return the image with what the original shows at this octave and could not show at the one before."""
        if octave == 0 or self.config.detail != "kept":
            return image
        smaller, shape = self.original(octave - 1), self.shapes[octave]

        def rows_of(rows: slice) -> Array:
            detailed: Array = image[:, rows] + (self.original_rows(octave, rows) - resize_rows(smaller, shape, rows))
            return detailed

        return self.in_strips(shape, rows_of, image, smaller)

    def enlarged(self, image: Array, octave: int) -> Array:
        """Return the image that ended an octave as the next octave begins with it."""
        if self.config.detail != "added":
            return self.resize(self.with_detail(image, octave), self.shapes[octave + 1])
        here, shape = self.shapes[octave], self.shapes[octave + 1]
        added = self.in_strips(here, lambda rows: image[:, rows] - self.original_rows(octave, rows), image)
        return self.in_strips(
            shape, lambda rows: self.original_rows(octave + 1, rows) + resize_rows(added, shape, rows), added
        )

    def resize(self, image: Array, shape: Size) -> Array:
        """Return the image at another size."""
        return self.in_strips(shape, lambda rows: resize_rows(image, shape, rows), image)

    def picture(self) -> Array:
        """Return the dream so far at the picture's own size, taken through the octaves that are still to come."""
        image, last = to_numpy(self.image), len(self.shapes) - 1
        for octave in range(self.octave, last):
            image = self.enlarged(image, octave)
        image, size = self.with_detail(image, last), self.pixels.shape[1:3]
        return image if size == self.shapes[last] else self.resize(image, (size[0], size[1]))
