"""Films read frame by frame: what ffmpeg reads, animated GIF and WebP, or a folder of pictures."""

import os
import pathlib
import re
from collections.abc import Generator, Iterator
from fractions import Fraction

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError, InputImageError
from kerasdream.image import files, limits
from kerasdream.pixels import SUFFIXES
from kerasdream.types import Array, Size
from kerasdream.video.container import ContainerScan, container_frames, scan_container
from kerasdream.video.timing import timing

ANIMATED = {".gif": Fraction(1, 100), ".webp": Fraction(1, 1000), ".png": Fraction(1, 1000), ".apng": Fraction(1, 1000)}
FOLDER_RATE = Fraction(24)  # frames a second of a folder of pictures
UNTIMED = 100  # milliseconds that a frame is shown that does not say how long, as browsers do


class FrameReader:
    """A film to be read: iterate for its frames (H, W, 3 or 4) of bytes, as often as you like.

    `counts` says for how many of the `fps` frames a second each of them is shown; mostly 1.
    """

    has_audio = False

    def __init__(self, path: pathlib.Path, size: Size, fps: Fraction, counts: list[int]):
        """`size` is (height, width)."""
        self.path, self.size, self.fps, self.counts = path, size, fps, counts

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[Array]:
        return self.frames()

    def frames(self) -> Generator[Array, None, None]:
        """Yield the frames; closing it frees what it reads from."""
        raise NotImplementedError


class ContainerReader(FrameReader):
    """A film that ffmpeg reads: upright, in 8 bits."""

    def __init__(self, path: pathlib.Path, scan: ContainerScan):
        super().__init__(path, scan.size, *timing(scan.times, scan.last, scan.unit))
        self.scan, self.has_audio = scan, scan.has_audio

    def frames(self) -> Generator[Array, None, None]:
        return container_frames(self.path, self.scan.decoder, self.scan.alpha)


class AnimationReader(FrameReader):
    """An animated GIF, WebP or PNG."""

    def __init__(self, path: pathlib.Path, max_pixels: int | None):
        unit = ANIMATED[path.suffix.lower()]
        with files.readable(repr(str(path))), Image.open(path, formats=("GIF", "WEBP", "PNG")) as image:
            limits.check_size(image.size, max_pixels, repr(str(path)))
            lengths = []
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
                milliseconds = image.info.get("duration", 0) or UNTIMED
                lengths.append(max(1, round(Fraction(milliseconds) / 1000 / unit)))
            self.alpha = image.has_transparency_data
            size = image.height, image.width
        times = np.cumsum([0, *lengths[:-1]]).tolist()
        super().__init__(path, size, *timing(times, lengths[-1], unit))

    def frames(self) -> Generator[Array, None, None]:
        with files.readable(repr(str(self.path))), Image.open(self.path, formats=("GIF", "WEBP", "PNG")) as image:
            for number in range(len(self)):
                image.seek(number)
                yield np.asarray(image.convert("RGBA" if self.alpha else "RGB"))


class FolderReader(FrameReader):
    """A folder of pictures of one size, in the order of the numbers in their names."""

    def __init__(self, path: pathlib.Path, fps: Fraction, max_pixels: int | None):
        self.max_pixels = max_pixels
        self.pictures = sorted(
            (one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.name[0] != "."),
            key=by_number,
        )
        if not self.pictures:
            raise InputImageError(f"The folder {str(path)!r} holds no pictures; the frames of a film were expected.")
        first = files.decode(self.pictures[0], max_pixels)
        self.alpha = first.has_transparency_data
        super().__init__(path, (first.height, first.width), fps, [1] * len(self.pictures))

    def frames(self) -> Generator[Array, None, None]:
        for picture in self.pictures:
            image = files.decode(picture, self.max_pixels)
            if (image.height, image.width) != self.size:
                raise InputImageError(
                    f"{str(picture)!r} is {image.height} x {image.width} and the first frame {self.size[0]} x "
                    f"{self.size[1]}; frames of one size were expected."
                )
            yield np.asarray(image.convert("RGBA") if self.alpha else files.as_rgb(image))


def by_number(path: pathlib.Path) -> list[tuple[int, str]]:
    """Return what sorts names by the numbers in them: 9 before 10.

    >>> sorted([pathlib.Path("f10.png"), pathlib.Path("f9.png")], key=by_number)[0].name
    'f9.png'
    """
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def open_reader(
    path: files.StrPath, *, fps: Fraction | float | None = None, max_pixels: int | None = None
) -> FrameReader:
    """Return a film to be read. `fps` is the rate of a folder of pictures, 24 frames a second where none is given.

    Raises InputImageError for what is no film, or has frames of more than `max_pixels`; ConfigError for a rate where
    the film has its own.

    >>> reader = open_reader("photos", fps=25)
    >>> len(reader), reader.size, reader.fps
    (2, (128, 192), Fraction(25, 1))
    """
    film = pathlib.Path(path)
    if film.is_dir():
        return FolderReader(film, FOLDER_RATE if fps is None else Fraction(fps).limit_denominator(1001), max_pixels)
    if fps is not None:
        raise ConfigError(
            f"fps={fps} was given for {os.fspath(path)!r}; that is for a folder of pictures. Leave it out."
        )
    files.check_regular(path)
    if film.suffix.lower() in ANIMATED:
        return AnimationReader(film, max_pixels)
    return ContainerReader(film, scan_container(film, max_pixels))
