"""The loop over sizes: climb, grow, put back the detail that the smaller size lost."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kerasdream.config import DreamConfig
from kerasdream.errors import NonFiniteError
from kerasdream.image.pyramid import resize_rows
from kerasdream.image.tiles import allocate, strips


class Place(NamedTuple):
    """Where in a climb a step is taken: the octave among all of num_octave, the step in it, the original's size."""

    octave: int
    number: int
    original: Callable[[], np.ndarray]


Step = Callable[[Any, np.ndarray, Place], tuple[Any, np.ndarray, np.ndarray]]


class Climb:
    """One dream under way: iterate over `steps()` to take them, ask `picture()` for the whole of it at any time.

    `pixels` (N, H, W, 3) go from 0 to 255, the image that climbs from -1 to 1. `step(image, sizes, place)` gives the
    moved image, which is an array or a tensor, and the loss and slope of each picture as arrays. `still` marks pictures
    of the batch to leave as they are. `numbers` are those of the shapes among all octaves. What is done between the
    octaves is done strip by strip: no picture is too large for it.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        shapes: list[tuple[int, int]],
        config: DreamConfig,
        step: Step,
        still: np.ndarray,
        numbers: list[int] | None = None,
    ):
        self.config, self.step, self.shapes, self.pixels = config, step, shapes, pixels
        self.image: Any = self.original(0)
        self.numbers = list(range(len(shapes))) if numbers is None else numbers
        self.octave = 0
        self.losses: list[list[np.ndarray]] = []
        self.still = still
        self.moved = np.zeros(len(still), bool)

    def steps(self) -> Iterator[int]:
        """Take every step of every octave; yields the number of the step within its octave."""
        for octave in range(len(self.shapes)):
            if octave:
                self.image = self.grown(on_host(self.image), octave - 1)
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
            place = Place(octave, number, functools.partial(self.original, self.octave))
            image, loss, slope = self.step(self.image, sizes, place)
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

    def original(self, octave: int) -> np.ndarray:
        """The original at the size of an octave."""
        return self.built(self.shapes[octave], lambda rows: self.original_rows(octave, rows))

    def original_rows(self, octave: int, rows: slice) -> np.ndarray:
        """Some rows of the original at the size of an octave."""
        return resize_rows(self.pixels, self.shapes[octave], rows) / np.float32(127.5) - np.float32(1.0)

    def built(self, shape: tuple[int, int], rows_of: Callable[[slice], np.ndarray], *sources: np.ndarray) -> np.ndarray:
        """An image of that size, strip by strip; `sources` are the arrays that it is made of."""
        image = allocate((len(self.pixels), *shape, 3))
        for rows in strips(image.shape, image, *sources):
            image[:, rows] = rows_of(rows)
        return image

    def detailed(self, image: np.ndarray, octave: int) -> np.ndarray:
        """The image with what the original shows at this octave and could not show at the one before."""
        if octave == 0 or self.config.detail != "kept":
            return image
        smaller, shape = self.original(octave - 1), self.shapes[octave]

        def rows_of(rows: slice) -> np.ndarray:
            return image[:, rows] + (self.original_rows(octave, rows) - resize_rows(smaller, shape, rows))

        return self.built(shape, rows_of, image, smaller)

    def grown(self, image: np.ndarray, octave: int) -> np.ndarray:
        """The image that ended an octave, as the next octave takes it up."""
        if self.config.detail != "added":
            return self.stretched(self.detailed(image, octave), self.shapes[octave + 1])
        here, shape = self.shapes[octave], self.shapes[octave + 1]
        added = self.built(here, lambda rows: image[:, rows] - self.original_rows(octave, rows), image)
        return self.built(
            shape, lambda rows: self.original_rows(octave + 1, rows) + resize_rows(added, shape, rows), added
        )

    def stretched(self, image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """The image at another size."""
        return self.built(shape, lambda rows: resize_rows(image, shape, rows), image)

    def picture(self) -> np.ndarray:
        """The dream so far at the picture's own size, through the octaves that are still to come."""
        image, last = on_host(self.image), len(self.shapes) - 1
        for octave in range(self.octave, last):
            image = self.grown(image, octave)
        image, own = self.detailed(image, last), tuple(self.pixels.shape[1:3])
        return image if own == self.shapes[last] else self.stretched(image, own)


def on_host(image: Any) -> np.ndarray:
    """A tensor as an array; an array, which may be a large one on disk, as it is."""
    return image if isinstance(image, np.ndarray) else ops.convert_to_numpy(image)
