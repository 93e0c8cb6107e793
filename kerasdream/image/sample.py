"""Pictures to start from: the sample that ships with the package, drawn by scripts/draw_sample.py, and noise."""

import importlib.resources
import re

import numpy as np
from PIL import Image

from kerasdream.image import files
from kerasdream.types import Size


def sample() -> Image.Image:
    """Return the sample picture, to dream on at once.

    >>> sample().size
    (768, 512)
    """
    with importlib.resources.files("kerasdream.image").joinpath("sample.jpg").open("rb") as file:
        return files.decode(file, None)


def noise_size(name: object) -> Size | None:
    """Return the (height, width) that "noise" (512 x 512) or "noise:WIDTHxHEIGHT" asks for, or None for another name.

    >>> noise_size("noise:640x480")
    (480, 640)
    """
    found = re.fullmatch(r"noise(?::([1-9]\d{0,5})x([1-9]\d{0,5}))?", str(name))
    return (int(found[2] or 512), int(found[1] or 512)) if found else None


def noise(size: Size, seed: int) -> Image.Image:
    """Return faint coloured noise around grey, the classic start of a dream without a picture.

    >>> noise((480, 640), seed=0).size
    (640, 480)
    """
    grain = np.random.default_rng(seed).normal(128.0, 12.0, (*size, 3))
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
