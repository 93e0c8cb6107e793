"""Films and small pictures: how a dream grew, and what the page shows of it."""

import io
import pathlib
from collections.abc import Sequence

from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files
from kerasdream.video import ffmpeg
from kerasdream.video.animation import animate
from kerasdream.video.reader import open_reader
from kerasdream.video.writer import open_writer

PREVIEW_SIDE, GROWTH_SIDE, THUMB_SIDE = 900, 480, 360  # pixels
FRAME = 0.15  # seconds


def smaller(image: Image.Image, side: int) -> Image.Image:
    """Return the picture in RGB, no longer than that.

    >>> smaller(Image.new("L", (600, 400)), 300).size
    (300, 200)
    """
    image = files.as_rgb(image).copy()
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def jpeg(image: Image.Image) -> bytes:
    """Return a picture for the page, as it grows."""
    file = io.BytesIO()
    smaller(image, PREVIEW_SIDE).save(file, "JPEG", quality=82)
    return file.getvalue()


def write_webp(image: Image.Image, path: pathlib.Path) -> None:
    """Write a small picture as WebP, whole or not at all."""
    files.write_whole(path, lambda file: image.save(file, "WEBP", quality=80), overwrite=True)


def write_film(frames: Sequence[Image.Image], path: pathlib.Path) -> None:
    """Write a film as WebP; its last frame stays longest."""
    animate(frames, path, seconds=FRAME * len(frames), overwrite=True)


def convert(film: pathlib.Path, path: pathlib.Path) -> None:
    """Write a film anew in the format of another path, where that has not been done yet."""
    if path.is_file():
        return
    reader = open_reader(film)
    with open_writer(path, reader.fps, reader.size, overwrite=True) as writer:
        for frame, count in zip(reader, reader.counts, strict=True):
            writer.write(frame, count)


def has_ffmpeg() -> bool:
    """Return whether MP4 can be read and written here."""
    try:
        return bool(ffmpeg.executable())
    except OutputError:
        return False
