"""One picture to learn from: read small, and looked at for what would teach nothing."""

import dataclasses
import functools
import pathlib

import numpy as np
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image import files
from kerasdream.types import Array

KEPT = 1.25  # shorter side that is kept, over that of the pictures in training
LONGEST = 3.0  # a longer side is cut to so many times the shorter
MARGIN = 0.25  # of the longer side, mirrored around: a turned crop may reach over the edge
PLAIN = 2.0  # deviation, in levels, under which a picture shows nothing
COLORLESS = 3.0  # mean difference of colours, in levels, under which a picture is grey
THUMB = 12


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A picture in RGB with a mirrored margin around it."""

    path: pathlib.Path
    padded: Image.Image
    margin: int

    @classmethod
    def of(cls, image: Image.Image, path: pathlib.Path, side: int) -> "Picture":
        """Shrink a picture so that crops of `side` pixels can be taken of it.

        >>> Picture.of(Image.new("RGB", (400, 300)), pathlib.Path("sky.jpg"), 128).size
        (213, 160)
        """
        width, height = image.size
        longest = int(LONGEST * min(width, height))
        left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
        image = image.crop((left, top, left + min(width, longest), top + min(height, longest)))
        scale = KEPT * side / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        pixels = np.asarray(files.to_rgb(image).resize(size, Image.Resampling.LANCZOS))
        margin = int(MARGIN * max(size))
        pads = ((margin, margin), (margin, margin), (0, 0))
        return cls(path, Image.fromarray(np.pad(pixels, pads, "symmetric")), margin)

    @classmethod
    def read(cls, path: pathlib.Path, side: int, max_pixels: int) -> "Picture":
        """Read a file; InputImageError where it is no picture, or is of one plain colour."""
        picture = cls.of(files.decode(path, max_pixels), path, side)
        if np.asarray(picture.whole, np.float32).std((0, 1)).max() < PLAIN:
            raise InputImageError(f"{str(path)!r} is of one plain colour.")
        return picture

    @property
    def size(self) -> tuple[int, int]:
        """Width and height without the margin."""
        return self.padded.width - 2 * self.margin, self.padded.height - 2 * self.margin

    @property
    def whole(self) -> Image.Image:
        """The picture without its margin."""
        width, height = self.size
        return self.padded.crop((self.margin, self.margin, self.margin + width, self.margin + height))

    def square(self, side: int) -> Array:
        """Return the middle square (side, side, 3), levels from 0 to 255."""
        width, height = self.size
        short = min(width, height)
        left, top = (width - short) // 2, (height - short) // 2
        cut = self.whole.crop((left, top, left + short, top + short))
        return np.asarray(cut.resize((side, side), Image.Resampling.LANCZOS), np.float32)

    @functools.cached_property
    def thumb(self) -> Array:
        """A few pixels of the whole picture, of mean 0 and length 1: alike where pictures are."""
        small = np.asarray(self.whole.resize((THUMB, THUMB), Image.Resampling.BOX), np.float32).ravel()
        small -= small.mean()
        normed: Array = small / max(float(np.linalg.norm(small)), 1e-6)
        return normed

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours."""
        pixels = np.asarray(self.whole, np.float32)
        return bool((pixels.max(-1) - pixels.min(-1)).mean() < COLORLESS)
