"""Pictures of discs and of bars, which a network learns to tell apart in a few steps."""

import pathlib

import numpy as np
from PIL import Image

from kerasdream.teaching.classes import PictureClass
from kerasdream.teaching.picture import Picture


def disc(number: int) -> Image.Image:
    """A light disc on a dark ground, at its own place."""
    rng = np.random.default_rng([1, number])
    y, x = np.mgrid[:120, :120]
    inside = (x - rng.uniform(40, 80)) ** 2 + (y - rng.uniform(40, 80)) ** 2 < rng.uniform(20, 35) ** 2
    return colored(inside, rng)


def bars(number: int) -> Image.Image:
    """Light upright bars on a dark ground, of their own width."""
    rng = np.random.default_rng([2, number])
    _, x = np.mgrid[:120, :120]
    return colored((x + rng.uniform(0, 40)) % rng.uniform(20, 40) < 9, rng)


def colored(inside: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Two colours with some grain."""
    dark, light = rng.uniform(0, 90, 3), rng.uniform(150, 250, 3)
    pixels = np.where(inside[..., None], light, dark) + rng.normal(0, 5, (*inside.shape, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def fill(folder, draw, count):
    """Write so many pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        draw(number).save(folder / f"{number:02d}.png")


def class_of(name, draw, count=10):
    pictures = [Picture.of(draw(number), pathlib.Path(f"{number}.png"), 96) for number in range(count)]
    return PictureClass(name, pictures, list(range(count)))
