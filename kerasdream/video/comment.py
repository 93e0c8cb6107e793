"""The comment in a film: the settings that it was made with."""

import os
import pathlib
import re
import subprocess

from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image import files, metadata
from kerasdream.video import ffmpeg

COMMENT = re.compile(r"^comment=((?:[^\\\n]|\\.|\\\n)*)", re.MULTILINE | re.IGNORECASE)


def read_comment(path: files.StrPath) -> str:
    """Return the comment in a film, or an empty text. Raises InputImageError for what is no film.

    >>> read_comment("journey.mp4")  # doctest: +SKIP
    '{"frames": 240}'
    """
    film = pathlib.Path(path)
    if film.is_dir():
        first = min(film.glob("*.png"), default=None)
        return "" if first is None else read_comment(first)
    files.check_regular(film)
    if film.suffix.lower() in ffmpeg.FORMATS:
        return container_comment(film)
    with files.readable(repr(os.fspath(path))), Image.open(film, formats=("PNG", "GIF", "WEBP")) as image:
        if image.format == "GIF":
            comment = image.info.get("comment", b"")
            return comment.decode() if isinstance(comment, bytes) else str(comment)
        return metadata.text_in(image)


def container_comment(film: pathlib.Path) -> str:
    """Return the comment in an MP4 or WebM."""
    command = ffmpeg.command(*ffmpeg.opened(film), "-f", "ffmetadata", "-")
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        raise InputImageError(f"{os.fspath(film)!r} cannot be read as a film. An MP4 or WebM file was expected.")
    found = COMMENT.search(done.stdout.decode(errors="replace"))
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else ""
