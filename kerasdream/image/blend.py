"""A dream and its original made one picture: masks, strength, and the colours kept."""

from typing import Any

import numpy as np
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image.picture import GREY, Picture
from kerasdream.image.tiles import strips
from kerasdream.pixels import Pixels

ASPECT = 0.02  # how much a mask's proportions may differ from the picture's


def as_picture(image: str | Pixels, max_pixels: int) -> Picture:
    """The picture that a setting names or holds."""
    if isinstance(image, Pixels):
        return Picture.of(np.frombuffer(image.data, np.uint8).reshape(image.size), max_pixels)
    return Picture.of(image, max_pixels)


def mask_of(image: str | Pixels, size: tuple[int, int], max_pixels: int) -> np.ndarray:
    """A mask's lightness, 0 to 1, as (height, width), scaled to the picture's size where it differs."""
    picture = as_picture(image, max_pixels)
    height, width = picture.pixels.shape[1:3]
    if abs(height * size[1] / (width * size[0]) - 1) > ASPECT:
        raise InputImageError(
            f"The mask {image!s} is {height} x {width} pixels and the picture {size[0]} x {size[1]}; the same "
            "proportions were expected."
        )
    light = np.empty((height, width), np.float32)
    for rows in strips(picture.pixels.shape):
        light[rows] = picture.pixels[0, rows] @ GREY / 255.0
    if 0 < light.max() <= 1.01 / 255:  # a mask of the numbers 0 and 1, not of levels up to 255
        light = light * 255.0
    if (height, width) != size:
        light = np.asarray(Image.fromarray(light).resize(size[::-1], Image.Resampling.BILINEAR))
    return np.clip(light, 0.0, 1.0)


def blend(dreamt: np.ndarray, original: np.ndarray, strength: float, keep_color: bool) -> np.ndarray:
    """Pixels (N, H, W, 3) of the dream, with its lightness only where colours are kept, and as strong as asked.

    >>> blend(np.full((1, 1, 1, 3), 60.0), np.array([[[[10.0, 20.0, 30.0]]]]), strength=0.5, keep_color=False).ravel()
    array([35., 40., 45.])
    """
    if keep_color:  # the same change to red, green and blue leaves both colour differences as they were
        dreamt = original + ((dreamt - original) @ GREY)[..., None]
    return dreamt if strength == 1.0 else original + strength * (dreamt - original)


def untouched_by(mask: np.ndarray | None, moved: np.ndarray, shape: tuple[int, ...]) -> Any:
    """Which pixels (N, H, W) come back exactly as they went in: all of a picture that did not move, and the black."""
    still = np.broadcast_to(~moved[:, None, None], shape[:3])
    return still if mask is None else still | (mask == 0)
