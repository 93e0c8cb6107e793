"""A growing dream as a film: GIF and WebP with Pillow, MP4 with imageio-ffmpeg."""

import importlib
import pathlib
import tempfile
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from PIL import Image

from kerasdream.errors import ConfigError, OutputError
from kerasdream.image import files
from kerasdream.types import Array

ENDINGS = (".gif", ".webp", ".mp4")
HOLD = 1.0  # seconds that the last frame stays
LONGEST = 3600.0  # seconds of a film
LEAST = 0.02  # seconds of a frame: browsers slow down what is shorter


def check_film(path: files.StrPath, *, overwrite: bool = False) -> pathlib.Path:
    """Return the path where a film may be written, or raise OutputError: called before the work.

    >>> check_film("growth.gif")
    PosixPath('growth.gif')
    """
    target = files.check_target(path, overwrite=overwrite, endings=ENDINGS)
    if target.suffix.lower() == ".mp4":
        encoder()
    return target


def check_seconds(seconds: object) -> float:
    """Return how long a film lasts, or raise ConfigError.

    >>> check_seconds(6)
    6.0
    """
    number = int | float | np.integer | np.floating
    if isinstance(seconds, number) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST:
        return float(seconds)
    raise ConfigError(f"seconds={seconds!r} was given; a number above 0, {LONGEST:g} at most was expected.")


def animate(
    frames: Sequence[Image.Image | Array], path: files.StrPath, *, seconds: float = 6.0, overwrite: bool = False
) -> pathlib.Path:
    """Write pictures of one size as a film that lasts so many seconds, the last one held for one more.

    `frames` are PIL images or arrays (H, W, 3) of bytes. Returns the path. Raises ConfigError for frames of different
    sizes and for an impossible time, OutputError where the film cannot be written.

    >>> animate([Image.new("RGB", (8, 8), shade) for shade in ("black", "white")], "blink.gif")  # doctest: +SKIP
    PosixPath('blink.gif')
    """
    seconds = check_seconds(seconds)
    target = check_film(path, overwrite=overwrite)
    files.write_whole(target, film(frames, target.suffix.lower(), seconds), overwrite)
    return target


def film(frames: Sequence[Image.Image | Array], ending: str, seconds: float = 6.0) -> files.Write:
    """Return what writes pictures as a film into an open file, in the format of an ending."""
    seconds = check_seconds(seconds)
    pictures = [frame if isinstance(frame, Image.Image) else Image.fromarray(frame) for frame in frames]
    sizes = sorted({picture.size for picture in pictures})
    if len(sizes) != 1:
        raise ConfigError(
            f"A film of frames of the sizes {sizes} was asked for; one frame or more, of one size, was expected."
        )
    pictures = [files.as_rgb(picture) for picture in pictures]
    pause = max(LEAST, seconds / len(pictures))
    if ending == ".mp4":
        content = as_mp4(pictures, pause)
        return lambda file: file.write(content)
    pauses = [round(1000 * pause)] * (len(pictures) - 1) + [round(1000 * (pause + HOLD))]
    options: dict[str, object] = {"quality": 85} if ending == ".webp" else {"optimize": False}
    first, *others = with_one_palette(pictures) if ending == ".gif" else pictures
    options |= {"save_all": True, "append_images": others, "duration": pauses, "loop": 0}
    return lambda file: first.save(file, ending[1:].upper(), **options)


def with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Return the pictures in 256 colours that serve them all: with a palette each, plain areas would flicker."""
    some = pictures[:: max(1, len(pictures) // 16)]
    side = min(128, *some[0].size)
    strip = Image.new("RGB", (side, side * len(some)))
    for number, picture in enumerate(some):
        strip.paste(picture.resize((side, side)), (0, number * side))
    palette = strip.quantize(256, method=Image.Quantize.MEDIANCUT)
    return [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]


def encoder() -> ModuleType:
    """Return imageio_ffmpeg, or raise OutputError where it or its ffmpeg is not installed."""
    try:
        module = importlib.import_module("imageio_ffmpeg")
        module.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as fault:
        raise OutputError(
            'MP4 needs the extra "video": pip install "kerasdream[video]". GIF and WebP need nothing more.'
        ) from fault
    return module


def as_mp4(pictures: Sequence[Image.Image], pause: float) -> bytes:
    """Return the pictures as H.264 in MP4, an odd side made even by repeating its last line."""
    width, height = pictures[0].size
    with tempfile.TemporaryDirectory() as folder:
        film = pathlib.Path(folder) / "film.mp4"
        writer = encoder().write_frames(
            str(film),
            (width + width % 2, height + height % 2),
            fps=1 / pause,
            codec="libx264",
            quality=None,
            macro_block_size=1,
            ffmpeg_log_level="error",
            output_params=["-crf", "18", "-movflags", "+faststart"],
        )
        try:
            writer.send(None)
            for picture in [*pictures, *[pictures[-1]] * round(HOLD / pause)]:
                even = np.pad(np.asarray(picture), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
                writer.send(even.tobytes())
            writer.close()
            if content := film.read_bytes():
                return content
        except OSError as fault:
            raise OutputError(f"ffmpeg could not write the film: {fault}") from fault
    raise OutputError("ffmpeg could not write the film: its file is empty. GIF and WebP need no ffmpeg.")
