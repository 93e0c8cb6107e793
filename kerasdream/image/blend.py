"""A dream and its original made one picture: masks, strength, and the colours kept."""

import numpy as np
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image.picture import GREY, Picture
from kerasdream.image.tiles import strips
from kerasdream.pixels import Pixels
from kerasdream.types import Array, Size

ASPECT = 0.02  # how much a mask's proportions may differ from the picture's


def load_picture(image: str | Pixels, max_pixels: int) -> Picture:
    """Return the picture that a setting names by its path, or holds.

    Raises InputImageError where it cannot be read or has more than `max_pixels`.
    """
    if isinstance(image, Pixels):
        return Picture.of(np.frombuffer(image.data, np.uint8).reshape(image.size), max_pixels)
    return Picture.of(image, max_pixels)


def load_mask(image: str | Pixels, size: Size, max_pixels: int) -> Array:
    """Return a mask's lightness, from 0 to 1, as (height, width), scaled to the size of the picture.

    Raises InputImageError where it cannot be read, or has other proportions than the picture.
    """
    picture = load_picture(image, max_pixels)
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


def blend(dreamt: Array, original: Array, strength: float | Array, keep_color: bool) -> Array:
    """Return the mix of a dream and its original, pixels (N, H, W, 3).

    `strength` is the share of the dream, everywhere or for each pixel (N, H, W, 1). With `keep_color` only its
    lightness is taken, and the original's colours.

    >>> blend(np.full((1, 1, 1, 3), 60.0), np.array([[[[10.0, 20.0, 30.0]]]]), strength=0.5, keep_color=False).ravel()
    array([35., 40., 45.])
    """
    if keep_color:  # the same change to red, green and blue leaves both colour differences as they were
        dreamt = original + ((dreamt - original) @ GREY)[..., None]
    if isinstance(strength, float) and strength == 1.0:
        return dreamt
    mixed: Array = original + strength * (dreamt - original)
    return mixed


def unchanged_pixels(mask: Array | None, changed: Array, shape: tuple[int, ...]) -> Array:
    """Return which pixels (N, H, W) of pictures of that shape come back exactly as they went in.

    These are all of a picture that was not `changed` (N), and those where the mask (H, W) is black.

    >>> unchanged_pixels(np.array([[0.0, 0.5]]), np.array([True, False]), (2, 1, 2, 3)).tolist()
    [[[True, False]], [[True, True]]]
    """
    whole = np.broadcast_to(~changed[:, None, None], shape[:3])
    return whole if mask is None else whole | (mask == 0)
