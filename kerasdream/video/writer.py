"""Films written frame by frame: MP4, WebM, GIF, WebP, or a folder of PNG files."""

import pathlib
from fractions import Fraction

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.types import Size
from kerasdream.video import ffmpeg
from kerasdream.video.ffmpeg import FfmpegWriter
from kerasdream.video.folder import FolderWriter, check_folder
from kerasdream.video.frame_writer import FrameWriter
from kerasdream.video.gif import GifWriter
from kerasdream.video.webp import WebpWriter

ENDINGS = (".gif", ".webp", ".mp4", ".webm")
FASTEST = {".gif": Fraction(50)}  # frames a second: browsers slow down what is faster
LARGEST = {".gif": 65535, ".webp": 16384}  # pixels of a side
MOST = Fraction(1000)  # frames a second of all others


def check_film(path: files.StrPath, *, overwrite: bool = False) -> pathlib.Path:
    """Return the path where a film may be written, or raise OutputError: called before the work.

    >>> check_film("growth.gif")
    PosixPath('growth.gif')
    """
    if not files.as_path(path).suffix:
        return check_folder(path, overwrite)
    target = files.check_target(path, overwrite=overwrite, endings=ENDINGS)
    if target.suffix.lower() in ffmpeg.FORMATS:
        ffmpeg.executable()
    return target


def open_writer(
    path: files.StrPath,
    fps: Fraction,
    size: Size,
    *,
    overwrite: bool = False,
    comment: str | None = None,
    audio_from: files.StrPath | None = None,
) -> FrameWriter:
    """Return a writer of a film of so many frames a second and of a size (height, width).

    The ending of the path says in which format; a path without one is a folder, which gets numbered PNG files.
    `comment` is kept in the file. MP4 and WebM get the sound of `audio_from`, where it has some. The film is written
    beside its path and named when it is whole. Raises OutputError where it cannot be written, ConfigError for an
    impossible rate or size.

    >>> import numpy as np
    >>> with open_writer("blink.webp", Fraction(2), (8, 8)) as film:
    ...     for shade in (0, 255):
    ...         film.write(np.full((8, 8, 3), shade, np.uint8))
    >>> film.frames
    2
    """
    target = check_film(path, overwrite=overwrite)
    ending = target.suffix.lower()
    fps = Fraction(fps)
    most, largest = FASTEST.get(ending, MOST), LARGEST.get(ending, 1 << 15)
    if not 0 < fps <= most or max(fps.numerator, fps.denominator) >= 1 << 31:
        raise ConfigError(f"{fps} frames a second were asked for; more than 0, {most} at most were expected.")
    if not all(1 <= side <= largest for side in size):
        raise ConfigError(f"A film of {size[0]} x {size[1]} pixels was asked for; 1 to {largest} a side were expected.")
    if ending in ffmpeg.FORMATS:
        return FfmpegWriter(target, fps, size, overwrite, comment, audio_from)
    writers = {".gif": GifWriter, ".webp": WebpWriter, "": FolderWriter}
    return writers[ending](target, fps, size, overwrite, comment)
