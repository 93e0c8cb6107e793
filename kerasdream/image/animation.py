"""A growing dream as a film: GIF and WebP with Pillow, MP4 with imageio-ffmpeg."""

import importlib
import pathlib
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError, OutputError
from kerasdream.image import files

ENDINGS = (".gif", ".webp", ".mp4")
HOLD = 1.0  # seconds that the last frame stays
LONGEST = 3600.0  # seconds of a film
LEAST = 0.02  # seconds of a frame: browsers slow down what is shorter


def check_film(path: files.StrPath, *, overwrite: bool = False) -> pathlib.Path:
    """Return the path where a film may be written, or OutputError: asked before the work."""
    target = files.check_target(path, overwrite=overwrite, endings=ENDINGS)
    if target.suffix.lower() == ".mp4":
        encoder()
    return target


def animate(
    frames: Sequence[Any], path: files.StrPath, *, seconds: float = 6.0, overwrite: bool = False
) -> pathlib.Path:
    """Write pictures of one size as a film of so many seconds, the last one held for one more.

    >>> animate([Image.new("RGB", (8, 8), shade) for shade in ("black", "white")], "blink.gif")  # doctest: +SKIP
    PosixPath('blink.gif')
    """
    target = check_film(path, overwrite=overwrite)
    files.write_whole(target, film(frames, target.suffix.lower(), seconds), overwrite)
    return target


def film(frames: Sequence[Any], ending: str, seconds: float = 6.0) -> files.Write:
    """Return what writes pictures as a film into an open file, in the format of an ending."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST:
        raise ConfigError(f"seconds={seconds!r} was given; a number above 0, {LONGEST:g} at most was expected.")
    pictures = [frame if isinstance(frame, Image.Image) else Image.fromarray(frame) for frame in frames]
    sizes = sorted({picture.size for picture in pictures})
    if len(sizes) != 1:
        raise ConfigError(
            f"A film of frames of the sizes {sizes} was asked for; one frame or more, of one size, was expected."
        )
    pictures = [files.as_rgb(picture) for picture in pictures]
    pause = max(LEAST, seconds / len(pictures))
    if ending == ".mp4":
        content = encoded(pictures, pause)
        return lambda file: file.write(content)
    pauses = [round(1000 * pause)] * (len(pictures) - 1) + [round(1000 * (pause + HOLD))]
    options: dict[str, Any] = {"quality": 85} if ending == ".webp" else {"optimize": False}
    first, *others = with_one_palette(pictures) if ending == ".gif" else pictures
    options |= {"save_all": True, "append_images": others, "duration": pauses, "loop": 0}
    return lambda file: first.save(file, ending[1:].upper(), **options)


def with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """The pictures in 256 colours that serve them all: with a palette each, plain areas would flicker."""
    some = pictures[:: max(1, len(pictures) // 16)]
    side = min(128, *some[0].size)
    strip = Image.new("RGB", (side, side * len(some)))
    for number, picture in enumerate(some):
        strip.paste(picture.resize((side, side)), (0, number * side))
    palette = strip.quantize(256, method=Image.Quantize.MEDIANCUT)
    return [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]


def encoder() -> str:
    """The path of ffmpeg, or OutputError where its package is not installed."""
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError) as fault:
        raise OutputError(
            'MP4 needs the extra "video": pip install "kerasdream[video]". GIF and WebP need nothing more.'
        ) from fault


def encoded(pictures: Sequence[Image.Image], pause: float) -> bytes:
    """The pictures as H.264 in MP4; its sides are even, so that an odd one repeats its last line."""
    arrays = [np.asarray(picture) for picture in pictures]
    arrays += [arrays[-1]] * round(HOLD / pause)
    height, width = arrays[0].shape[:2]
    even = [np.pad(array, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for array in arrays]
    size = f"{width + width % 2}x{height + height % 2}"
    with tempfile.TemporaryDirectory() as folder:
        film = pathlib.Path(folder) / "film.mp4"
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", f"{1 / pause:.6f}", "-i", "-"]
        how = ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
        command = [encoder(), "-loglevel", "error", *raw, *how, str(film)]
        done = subprocess.run(command, input=b"".join(map(np.ndarray.tobytes, even)), capture_output=True)
        if done.returncode:
            raise OutputError(f"ffmpeg could not write the film: {done.stderr.decode(errors='replace').strip()}")
        return film.read_bytes()
