"""Intake of films: from the bytes that somebody has sent to a short film of a size to dream, written anew."""

import itertools
import pathlib
import shutil
import subprocess
import tempfile
from fractions import Fraction
from typing import BinaryIO, TypedDict

import numpy as np
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image import files
from kerasdream.video import ffmpeg
from kerasdream.video.reader import FrameReader, open_reader
from kerasdream.video.writer import open_writer
from kerasdream.web.films import has_ffmpeg, smaller
from kerasdream.web.intake import LARGEST_PICTURE, check_header

SIDE = 640  # pixels: the longer one of what is dreamt
MOST_FRAMES, LONGEST = 600, 60  # frames and seconds that are taken in
MOST_DECODED = 400_000_000  # pixels of all frames of an animated picture
PATIENCE = 90.0  # seconds that ffmpeg may take
FASTEST = 30  # frames a second
CODECS = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "17", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4"]
SMALLER = f"scale=w='min({SIDE},iw)':h='min({SIDE},ih)'"  # never larger
FIT = f"fps=fps={{rate}},{SMALLER}:force_original_aspect_ratio=decrease:force_divisible_by=2"
PICTURES = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")  # brands that are no films
NO_VIDEO = (
    'Videos need the extra "video" where the studio runs: pip install "kerasdream[video]". Animated GIF and WebP are '
    "taken in without it."
)


class FilmView(TypedDict):
    """A film that was taken in."""

    frames: int
    fps: float
    seconds: float


def kind_of(file: BinaryIO) -> str:
    """Return the ending of the film that a file holds, empty where it is a single picture or nothing of these.

    >>> import io
    >>> kind_of(io.BytesIO(b"....ftypisom....")), kind_of(io.BytesIO(b"no film at all"))
    ('.mp4', '')
    """
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    if head[:4] == b"GIF8" or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        with files.readable("the picture"), files.opened(file, LARGEST_PICTURE) as image:
            animated = getattr(image, "is_animated", False)
            ending = f".{(image.format or '').lower()}"
        file.seek(0)
        return ending if animated else ""
    is_mp4 = head[4:8] == b"ftyp" and head[8:12] not in PICTURES
    is_other = head[:4] in (b"\x1aE\xdf\xa3", b"OggS") or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    return ".mp4" if is_mp4 or is_other else ""


def take_in_film(file: BinaryIO, ending: str, folder: pathlib.Path, id: str) -> tuple[FilmView, Image.Image]:
    """Write a film anew into a folder, as `id.mp4` or `id.webp`, and return what it is, with its first frame.

    It is cut to a minute and 600 frames, shrunk to 640 pixels, and loses what it carried. Raises InputImageError where
    it cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".kerasdream-", suffix=".tmp") as work:
        given = pathlib.Path(work) / f"given{ending}"
        with open(given, "wb") as target:
            file.seek(0)
            shutil.copyfileobj(file, target)
        if ending == ".mp4":
            made = folder / f"{id}.mp4"
            encode(given, pathlib.Path(work) / "made.mp4").replace(made)
        else:
            made = folder / f"{id}.webp"
            shrink(given, made)
    reader = open_reader(made)
    first = next(iter(reader))
    frames = sum(reader.counts)
    view: FilmView = {"frames": len(reader), "fps": float(reader.fps), "seconds": float(frames / reader.fps)}
    return view, Image.fromarray(first).convert("RGB")


def encode(given: pathlib.Path, made: pathlib.Path) -> pathlib.Path:
    """Have ffmpeg write a video anew: so much of it, and no longer than it may take."""
    if not has_ffmpeg():
        raise InputImageError(NO_VIDEO)
    rate = FIT.format(rate=f"'min({FASTEST},source_fps)'")
    arguments = ["-threads", "1", "-max_pixels", str(LARGEST_PICTURE), *ffmpeg.opened(given), "-t", str(LONGEST)]
    arguments += ["-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1", "-vf", rate]
    arguments += ["-frames:v", str(MOST_FRAMES), "-shortest", "-threads", "1", *CODECS, f"file:{made}"]
    try:
        subprocess.run(ffmpeg.command(*arguments), capture_output=True, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        raise InputImageError(f"The video took more than {PATIENCE:g} seconds to read; send a shorter one.") from None
    except subprocess.CalledProcessError as fault:
        raise InputImageError("The video cannot be read; MP4, WebM, MOV, MKV or AVI was expected.") from fault
    return made


def shrink(given: pathlib.Path, made: pathlib.Path) -> None:
    """Write an animated GIF or WebP anew, its frames no larger than they are dreamt."""
    with files.readable("the picture"), files.opened(given, LARGEST_PICTURE) as image:
        check_header(image.size, LARGEST_PICTURE)
        count = getattr(image, "n_frames", 1)
        if count > MOST_FRAMES or count * image.width * image.height > MOST_DECODED:
            raise InputImageError(
                f"The film has {count} frames of {image.width} x {image.height} pixels; {MOST_FRAMES} frames and "
                f"{MOST_DECODED:,} pixels in all were expected at most. Shorten or shrink it."
            )
    reader = open_reader(given)
    size = smaller(Image.new("L", reader.size[::-1]), SIDE).size
    with open_writer(made, min(reader.fps, Fraction(FASTEST * 2)), size[::-1], overwrite=True) as writer:
        for frame, times in zip(reader, reader.counts, strict=True):
            picture = Image.fromarray(frame).convert("RGB").resize(size, Image.Resampling.LANCZOS)
            writer.write(np.asarray(picture), times)


def film_in(folder: pathlib.Path, id: str) -> pathlib.Path | None:
    """Return the film that was taken in under an id, None where there is none."""
    return next((path for ending in (".mp4", ".webp") if (path := folder / f"{id}{ending}").is_file()), None)


def frames_of(reader: FrameReader, numbers: list[int]) -> list[Image.Image]:
    """Return some frames of a film, by their numbers from 0."""
    wanted = set(numbers)
    shown = itertools.islice(reader, max(wanted) + 1)
    return [Image.fromarray(frame).convert("RGB") for number, frame in enumerate(shown) if number in wanted]
