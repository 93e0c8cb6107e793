"""What a network learns from: batches of pictures with their classes, and pictures held out."""

from collections.abc import Sequence

import numpy as np

from kerasdream.teaching import augmentation, background
from kerasdream.teaching.classes import BACKGROUND, PictureClass
from kerasdream.teaching.config import TeachConfig
from kerasdream.teaching.picture import Picture
from kerasdream.types import Array

HALF = 127.5  # levels in a unit of -1 to 1
BACKGROUND_SHARE = 0.2  # of a batch, at least


class Lessons:
    """Batches drawn from (seed, step) alone, and the held-out pictures, of the classes and of the background."""

    def __init__(self, classes: Sequence[PictureClass], config: TeachConfig, flat: bool = False):
        """Split the pictures. Those of one flat folder must differ from their own pieces, too."""
        self.config, self.flat = config, flat
        splits = [
            one.split(config.held_out, np.random.default_rng([config.seed, number]))
            for number, one in enumerate(classes)
        ]
        self.names = [one.name for one in classes]
        self.pictures: list[list[Picture]] = [learnt for learnt, _ in splits]
        if BACKGROUND not in self.names:
            self.names.append(BACKGROUND)
        self.background = self.names.index(BACKGROUND)
        squares = [picture.square(config.side) for _, out in splits for picture in out]
        labels = [number for number, (_, out) in enumerate(splits) for _ in out]
        rng = np.random.default_rng([config.seed, 1_000_000])
        empty = [self.nothing(rng) for _ in range(max(4, len(squares) // len(classes)))]
        self.held_out: Array = np.stack(squares + empty)
        self.held_out_labels: Array = np.array(labels + [self.background] * len(empty), np.int32)
        self.of_background = np.arange(len(self.held_out)) >= len(squares)

    def batch(self, step: int) -> tuple[Array, Array]:
        """Return the pictures (N, side, side, 3) of a step, from about 0 to 255, and the numbers of their classes."""
        rng, count = np.random.default_rng([self.config.seed, 2, step]), self.config.batch
        empty = max(1, round(count * max(BACKGROUND_SHARE, 1 / len(self.names))))
        labels = rng.permutation(np.arange(count - empty) + step) % len(self.pictures)
        crops = [augmentation.crop(any_of(self.pictures[label], rng), self.config.side, rng) for label in labels]
        crops += [self.nothing(rng) for _ in range(empty)]
        pixels = augmentation.recolored(np.stack(crops), rng)
        return (
            augmentation.noisy(pixels, self.config.noise * HALF, rng),
            np.array([*labels, *[self.background] * empty], np.int32),
        )

    def nothing(self, rng: np.random.Generator) -> Array:
        """Return a picture of the background."""
        kind = rng.integers(3 if self.flat else 2)
        if kind == 0:
            return background.drawn(self.config.side, rng)
        pictures = self.pictures[rng.integers(len(self.pictures))]
        pixels = augmentation.crop(any_of(pictures, rng), self.config.side, rng)
        return background.without_phase(pixels, rng) if kind == 1 else background.shuffled(pixels, rng)

    def noisy_held_out(self) -> Array:
        """Return the held-out pictures with the same noise every time."""
        rng = np.random.default_rng([self.config.seed, 3])
        return augmentation.noisy(self.held_out, self.config.noise * HALF, rng)


def any_of(pictures: Sequence[Picture], rng: np.random.Generator) -> Picture:
    """Return one of the pictures."""
    return pictures[int(rng.integers(len(pictures)))]
