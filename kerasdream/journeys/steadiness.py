"""What keeps a journey from drifting: its colours and its fine detail are held to the first picture's."""

import math
from collections.abc import Sequence

import numpy as np

from kerasdream.types import Array

BANDS = 3  # of fine detail: about 2, 4 and 8 pixels
KERNEL = np.array([1, 4, 6, 4, 1], np.float32) / 16
FAINTEST = 0.02  # deviation of a band, of a picture from 0 to 1, that may always be reached
FAINTEST_FROM_NOISE = 0.035  # the same of a journey from noise: about that of photographs
SHAPELESS = 0.01  # noise has less deviation than this in what is larger than the bands, and more in the finest
CONTRAST = 0.15  # deviation of colours that a journey from noise grows to
GROWTH = 1.05  # and how many times it grows in a frame
MOST = 2.0  # times that a dream's fine detail is strengthened where it is too weak


def colors_of(picture: Array) -> Array:
    """Return mean and deviation of each channel of a picture, (2, C).

    >>> colors_of(np.array([[[0.0], [4.0]]])).tolist()
    [[2.0], [2.0]]
    """
    return np.stack([picture.mean((0, 1)), picture.std((0, 1))])


def grown_colors(colors: Array, frame: int) -> Array:
    """Return mean and deviation of colours (2, C) after so many frames in which contrast grew, up to CONTRAST.

    >>> grown_colors(np.array([[0.5], [0.1]]), 1).ravel().round(3).tolist()
    [0.5, 0.105]
    """
    mean, deviation = colors
    return np.stack([mean, np.clip(CONTRAST, deviation, deviation * GROWTH ** min(frame, 100))])


def is_shapeless(picture: Array) -> bool:
    """Return whether a picture has fine detail and nothing larger, as noise has.

    >>> noise = np.random.default_rng(0).normal(0.5, 0.1, (64, 64, 3))
    >>> is_shapeless(noise), is_shapeless(noise + np.linspace(0, 0.1, 64)[:, None, None]), is_shapeless(0 * noise)
    (True, False, False)
    """
    bands, left = split_bands(picture)
    return bool(left.std((0, 1)).max() < SHAPELESS < bands[0].std())


def hold_colors(picture: Array, mean: Array, deviation: Array) -> Array:
    """Return a picture whose channels have this mean and deviation.

    >>> hold_colors(np.array([[[0.0], [4.0]]]), np.array([1.0]), np.array([0.5])).ravel().tolist()
    [0.5, 1.5]
    """
    own = picture.std((0, 1))
    gain = np.where(own > 1e-6, deviation / np.maximum(own, 1e-6), 1.0)
    held: Array = ((picture - picture.mean((0, 1))) * gain + mean).astype(picture.dtype)
    return held


def split_bands(picture: Array) -> tuple[list[Array], Array]:
    """Return the bands of fine detail of a picture (H, W, C), the finest first, and what is left.

    >>> bands, left = split_bands(np.eye(8)[..., None])
    >>> bool(np.allclose(sum(bands) + left, np.eye(8)[..., None]))
    True
    """
    bands = []
    for number in range(BANDS):
        smoother = blurred(picture, 2**number)
        bands.append(picture - smoother)
        picture = smoother
    return bands, picture


def blurred(picture: Array, spacing: int) -> Array:
    """Return a picture smoothed by a kernel of five pixels that lie so far apart; beyond its edges it is mirrored."""
    for axis in (0, 1):
        margins = [(0, 0)] * 3
        margins[axis] = (2 * spacing, 2 * spacing)
        padded, side = np.pad(picture, margins, mode="symmetric"), picture.shape[axis]
        places = [np.arange(number * spacing, number * spacing + side) for number in range(5)]
        picture = np.add.reduce(
            [weight * padded.take(place, axis) for weight, place in zip(KERNEL, places, strict=True)]
        )
    return picture


def detail_levels(picture: Array, times: float, faintest: float = FAINTEST) -> list[float]:
    """Return the deviation that each band is held at: so many times that of a picture, or at least of `faintest`."""
    return [times * max(float(band.std()), faintest) for band in split_bands(picture)[0]]


def hold_detail(picture: Array, before: Array, levels: Sequence[float] | Array) -> Array:
    """Return a dreamt picture whose bands are as strong as `levels`, where the dream can make them so.

    A band that is too strong is weakened. In one that is too weak, what the dream has added to the picture `before` it
    is added more strongly, MOST times at most: what was there already is sharpened by nothing, so no edge gets a halo.

    >>> checks, nothing = np.indices((8, 8)).sum(0)[..., None] % 2.0, np.full((8, 8, 1), 0.5)
    >>> [round(float(hold_detail(one, nothing, [0.25] * 3).std()), 2) for one in (checks, 0.3 * checks, 0.01 * checks)]
    [0.26, 0.25, 0.01]
    """
    (bands, held), (earlier, _) = split_bands(picture), split_bands(before)
    for band, old, level in zip(bands, earlier, levels, strict=True):
        deviation = float(band.std())
        if deviation >= level:
            held = held + band * (level / deviation)
        else:
            held = held + old + (band - old) * gain_to(level, old, band - old)
    return np.asarray(held, picture.dtype)


def gain_to(level: float, band: Array, added: Array) -> float:
    """Return how many times what was added must be added to a band for its deviation to be `level`: 1 to MOST."""
    power, common = float(added.var()), float(np.mean((band - band.mean()) * (added - added.mean())))
    missing = level**2 - float(band.var())
    if power < 1e-12:
        return 1.0
    gain = (math.sqrt(max(0.0, common**2 + power * missing)) - common) / power
    return min(MOST, max(1.0, gain))
