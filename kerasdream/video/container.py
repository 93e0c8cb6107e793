"""Films as ffmpeg reads them: when each frame appears, and its pixels."""

import pathlib
import re
import subprocess
import tempfile
from collections.abc import Generator
from fractions import Fraction
from typing import IO, NamedTuple

import numpy as np

from kerasdream.errors import InputImageError, warn
from kerasdream.image import limits
from kerasdream.types import Array, Size
from kerasdream.video import ffmpeg

TRANSPARENT = re.compile(r"Video: .*\b(yuva\w*|rgba\w*|argb|bgra\w*|abgr|gbrap\w*|ya\d+\w*)\b")
EXPECTED = "A whole film was expected, such as MP4, WebM, MOV, MKV or AVI; or a GIF, a WebP, or a folder of pictures."
ONE_PICTURE = ("-map", "0:v:0", "-fps_mode", "passthrough")


class ContainerScan(NamedTuple):
    """What a film says before its frames are dreamt: their times and how long the last stays, in units of `unit`."""

    size: Size
    times: list[int]
    last: int
    unit: Fraction
    has_audio: bool
    alpha: bool
    decoder: tuple[str, ...]  # arguments that choose one


def scan_container(film: pathlib.Path, max_pixels: int | None) -> ContainerScan:
    """Return what a film says of itself; InputImageError where ffmpeg finds no frame in it.

    All of it is decoded: what a file says of its length and rate is often not so.
    """
    about = subprocess.run(
        [ffmpeg.executable(), "-hide_banner", "-nostdin", *ffmpeg.opened(film)], capture_output=True
    ).stderr.decode(errors="replace")
    alpha = bool(TRANSPARENT.search(about))
    decoder: tuple[str, ...] = ()
    if re.search(r"alpha_mode\s*: 1", about):  # ffmpeg's own decoder leaves the alpha of VP8 and VP9 out
        decoder, alpha = ("-c:v", "libvpx-vp9" if "Video: vp9" in about else "libvpx"), True
    for frame in container_frames(film, decoder, alpha, most=1):
        size = frame.shape[0], frame.shape[1]
        limits.check_size((size[1], size[0]), max_pixels, repr(str(film)))
        times, last, unit, fault = frame_times(film, decoder)
        if fault:
            warn(f"{str(film)!r} is damaged ({fault}); the {len(times)} frames that can be read are dreamt.")
        return ContainerScan(size, times, last, unit, "Audio: " in about, alpha, decoder)
    raise InputImageError(f"{str(film)!r} cannot be read as a film. {EXPECTED}")


def frame_times(film: pathlib.Path, decoder: tuple[str, ...]) -> tuple[list[int], int, Fraction, str]:
    """Return when each frame appears, how long the last stays, the unit of both, and what ffmpeg complained of."""
    small = ("-enc_time_base", "demux", "-vf", "scale=16:16:flags=neighbor", "-f", "framecrc", "-")
    with tempfile.TemporaryFile() as messages:
        unit, times, last = Fraction(1, 25), list[int](), 0
        with subprocess.Popen(
            ffmpeg.command(*decoder, *ffmpeg.opened(film), *ONE_PICTURE, *small),
            stdout=subprocess.PIPE,
            stderr=messages,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"#tb 0:"):
                    unit = Fraction(line.split(b":")[1].strip().decode())
                elif not line.startswith(b"#"):
                    fields = line.split(b",")
                    times.append(int(fields[2]))
                    last = int(fields[3])
        messages.seek(0)
        lines = messages.read().decode(errors="replace").strip().splitlines()
    return times, last, unit, lines[-1] if lines else ""


def container_frames(
    film: pathlib.Path, decoder: tuple[str, ...], alpha: bool, most: int | None = None
) -> Generator[Array, None, None]:
    """Yield the frames of a film (H, W, 3), or (H, W, 4) with alpha, in bytes and upright; `most` of them."""
    pixels = ("-sws_flags", "bilinear+accurate_rnd+full_chroma_int+bitexact", "-pix_fmt", "rgba" if alpha else "rgb24")
    limit = () if most is None else ("-frames:v", str(most))
    output = (*ONE_PICTURE, *limit, *pixels, "-f", "image2pipe", "-c:v", "pam", "-")
    process = subprocess.Popen(
        ffmpeg.command(*decoder, *ffmpeg.opened(film), *output),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        while (frame := read_pam(process.stdout)) is not None:
            yield frame
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def read_pam(file: IO[bytes]) -> Array | None:
    """Return the next picture of a stream of PAM files; None at its end, also in the middle of one.

    >>> import io
    >>> read_pam(io.BytesIO(b"P7\\nWIDTH 1\\nHEIGHT 1\\nDEPTH 3\\nMAXVAL 255\\nENDHDR\\nabc")).tolist()
    [[[97, 98, 99]]]
    """
    header: dict[bytes, bytes] = {}
    while (line := file.readline()) != b"ENDHDR\n":
        if not line:
            return None
        name, _, value = line.strip().partition(b" ")
        header[name] = value
    shape = tuple(int(header[name]) for name in (b"HEIGHT", b"WIDTH", b"DEPTH"))
    data = file.read(int(np.prod(shape)))
    return np.frombuffer(data, np.uint8).reshape(shape) if len(data) == np.prod(shape) else None
