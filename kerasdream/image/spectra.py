"""Mean spectra of pictures: how much of each frequency they hold, by its length and direction.

Kept is a small polar table for each of the three decorrelated colours, which serves pictures of any size.
"""

import dataclasses
import os
import pathlib
from collections.abc import Iterable

import numpy as np
from PIL import Image

from kerasdream.array_file import read_arrays
from kerasdream.errors import ConfigError, InputImageError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.pixels import PictureLike, pictures_in
from kerasdream.types import Array

# How the colours of natural pictures vary together: the root of their covariance over ImageNet, as Lucid uses it.
COLOR_BASIS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOR_BASIS /= np.linalg.norm(COLOR_BASIS, axis=0).max()
SIDE = 256  # of the squares whose spectra are taken
RINGS, ANGLES = 24, 12  # of the table
FREQUENCIES = np.geomspace(1 / SIDE, 0.5**0.5, RINGS)  # cycles per pixel, of its rings
EDGE = 0.02  # of black and white: a sigmoid never reaches them
SHIPPED = pathlib.Path(__file__).with_name("spectrum.npz")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """The mean magnitude of every frequency, for pictures of any size.

    >>> found = kerasdream.spectrum([np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)])
    >>> found.save("mine.npz")
    PosixPath('mine.npz')
    >>> kerasdream.visualize("mixed2:3", method="maco", spectrum="mine.npz", model="mini", size=64, steps=4)
    <PIL.Image.Image ...>
    """

    table: Array  # (3, RINGS, ANGLES): natural logarithms of magnitudes; angles from 0 to a half turn

    def __repr__(self) -> str:
        return f"<Spectrum: {RINGS} rings of {ANGLES} angles>"

    def magnitude(self, size: int) -> Array:
        """Return the magnitudes (3, size, size) of the Fourier coefficients of a square picture."""
        ring, angle = polar(size)
        place = np.interp(np.log(ring), np.log(FREQUENCIES), np.arange(RINGS))
        low = np.minimum(place.astype(int), RINGS - 2)
        turn = angle / np.pi * ANGLES
        left = np.floor(turn).astype(int)
        between_rings, between_angles = place - low, turn - left
        table = np.zeros((3, size, size))
        for row, share in ((low, 1 - between_rings), (low + 1, between_rings)):
            for column, part in ((left, 1 - between_angles), (left + 1, between_angles)):
                table += self.table[:, row, column % ANGLES] * share * part
        magnitudes: Array = np.exp(table).astype(np.float32)
        return magnitudes

    def save(self, path: files.StrPath, *, overwrite: bool = False) -> pathlib.Path:
        """Write the spectrum into a file (.npz); OutputError where the name is taken and `overwrite` is not given."""
        target = pathlib.Path(path)
        files.check_target(target, overwrite=overwrite, endings=(".npz",))
        files.write_whole(target, lambda file: np.savez(file, table=self.table.astype(np.float16)), overwrite)
        return target

    @classmethod
    def load(cls, path: files.StrPath) -> "Spectrum":
        """Read what `save` wrote; ConfigError where there is no such file, or it holds something else."""
        (table,) = read_arrays(path, ["table"], "spectrum", "Spectrum.save")
        if table.shape != (3, RINGS, ANGLES) or table.dtype.kind != "f" or not np.isfinite(table).all():
            raise ConfigError(
                f"The spectrum in {os.fspath(path)!r} is {table.dtype} of shape {table.shape}; finite numbers of shape "
                f"{(3, RINGS, ANGLES)} were expected."
            )
        return cls(table.astype(np.float32))


def polar(size: int) -> tuple[Array, Array]:
    """Return length and direction (size, size) of each frequency of a square picture; the constant counts as one wave.

    >>> ring, angle = polar(4)
    >>> ring[0].tolist(), angle[:3, 0].round(2).tolist()
    ([0.25, 0.25, 0.5, 0.25], [0.0, 1.57, 1.57])
    """
    frequency = np.fft.fftfreq(size)
    rows, columns = np.meshgrid(frequency, frequency, indexing="ij")
    return np.maximum(np.hypot(rows, columns), 1.0 / size), np.arctan2(rows, columns) % np.pi


def spectrum(pictures: files.StrPath | Iterable[PictureLike]) -> Spectrum:
    """Measure the mean spectrum of a folder, or of a list of paths, PIL images or arrays.

    Of each the middle square is taken, and counts alike. With it `visualize(..., method="maco")` draws pictures that
    have the frequencies of one's own. Raises ConfigError where there is no picture, InputImageError for what is none.

    >>> kerasdream.spectrum(["sky.jpg", "forest.jpg"])
    <Spectrum: 24 rings of 12 angles>
    """
    if isinstance(pictures, str | os.PathLike):
        pictures = pictures_in(pictures)
    total, count = np.zeros((3, SIDE, SIDE)), 0
    for image in pictures:
        square = middle_square(image)
        if np.ptp(square, axis=(0, 1)).max() > 1 / 255:  # a plain picture has no spectrum
            magnitude = magnitude_of(square)
            total, count = total + magnitude / magnitude.mean(), count + 1
    if not count:
        raise ConfigError("No picture with anything in it was given; a folder or a list of them was expected.")
    return Spectrum(ring_means(total / count))


def middle_square(image: PictureLike) -> Array:
    """Return the middle square of a picture (SIDE, SIDE, 3), from 0 to 1."""
    pixels = Picture.of(image, None).pixels
    if len(pixels) != 1:
        raise InputImageError(f"A batch of {len(pixels)} pictures was given; single ones were expected.")
    height, width = pixels.shape[1:3]
    side, levels = min(height, width), np.asarray(pixels[0], np.float32).round().clip(0, 255).astype(np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(levels[top : top + side, left : left + side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32) / 255


def magnitude_of(square: Array) -> Array:
    """Return the magnitudes (3, SIDE, SIDE) of a square, in the decorrelated colours before the sigmoid."""
    inside = EDGE + (1 - 2 * EDGE) * square
    waves = np.log(inside / (1 - inside)) @ np.linalg.inv(COLOR_BASIS.T)
    window = np.hanning(SIDE)[:, None] * np.hanning(SIDE)  # its edges do not meet
    waves = (waves - waves.mean((0, 1))) * window[..., None]
    magnitudes: Array = np.abs(np.fft.fft2(waves.transpose(2, 0, 1)))
    return magnitudes


def ring_means(magnitude: Array) -> Array:
    """Return the table of a spectrum: means of magnitudes (3, SIDE, SIDE) around each of its places."""
    ring, angle = polar(SIDE)
    place = np.interp(np.log(ring), np.log(FREQUENCIES), np.arange(RINGS))
    turn = angle / np.pi * ANGLES
    table = np.zeros((3, RINGS, ANGLES), np.float32)
    for row, frequency in enumerate(FREQUENCIES):
        reach = max(1.0, 8 / (frequency * SIDE))  # the shortest frequencies are few, and lie far apart
        for column in range(ANGLES):
            apart = np.abs(turn - column)
            near = np.maximum(1 - np.minimum(apart, ANGLES - apart) / reach, 0)
            weight = np.exp(-0.5 * ((place - row) / 0.5) ** 2) * near
            weight[0, 0] = 0
            table[:, row, column] = np.log((magnitude * weight).sum((1, 2)) / weight.sum())
    return table
