"""The record of a dream inside its picture: a PNG text chunk, EXIF for JPEG and WebP, the description of a TIFF."""

import json
import os
from typing import Any

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from kerasdream.config import KNOBS, files_named
from kerasdream.errors import InputImageError

CHUNK = "kerasdream"
TIFF_DESCRIPTION = 270
EXIF_LIMIT = 60_000  # a JPEG holds 64 kB of EXIF
TEXT = b"ASCII\0\0\0"


def options(record: dict[str, Any], format: str) -> dict[str, Any]:
    """What Pillow's `save` needs to put a record into a file of this format."""
    text = json.dumps(record, allow_nan=False)
    if format == "PNG":
        info = PngInfo()
        info.add_itxt(CHUNK, text)
        return {"pnginfo": info}
    if format == "TIFF":
        return {"tiffinfo": {TIFF_DESCRIPTION: text}}
    if len(text) > EXIF_LIMIT:  # a very long climb: its settings matter more than every loss of it
        text = json.dumps({key: value for key, value in record.items() if key != "losses"})
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = TEXT + text.encode()
    return {"exif": exif}


def record_of(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a dreamt picture says of its making: settings, versions, losses, seconds, the source's name and digest."""
    return record_in(path, repr(os.fspath(path)))


def record_in(file: Any, what: str) -> dict[str, Any]:
    """The record inside a path or file object, which errors call `what`."""
    try:
        with Image.open(file, formats=["PNG", "JPEG", "WEBP", "TIFF"]) as image:
            record = json.loads(read(image))
            if isinstance(record, dict) and isinstance(record.get("settings"), dict):
                return record
    except (OSError, ValueError, SyntaxError, TypeError, RecursionError) as fault:
        raise InputImageError(
            f"{what} holds no settings of a dream ({fault}). A picture saved by kerasdream was expected."
        ) from fault
    raise InputImageError(f"{what} holds no settings of a dream. A picture saved by kerasdream was expected.")


def read(image: Image.Image) -> str:
    """The text of the record, read without decoding a pixel."""
    if image.format == "PNG":
        return str(image.info.get(CHUNK, ""))
    if image.format == "TIFF":
        return str(image.tag_v2.get(TIFF_DESCRIPTION, ""))  # type: ignore[attr-defined]
    comment = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    return (comment if isinstance(comment, bytes) else str(comment).encode()).removeprefix(TEXT).decode()


def settings_of(path: str | os.PathLike[str], *, files: bool = False) -> dict[str, Any]:
    """Read the settings of a dreamt picture, ready to dream again: `dream("other.jpg", **settings_of("dream.png"))`.

    The limits of the machine it was made on are left out. Where the settings name files (a mask, a guide, weights),
    `files=True` lets them be opened; without it InputImageError says which they are.

    >>> settings_of("dream.png")["num_octave"]
    3
    """
    settings = {
        name: value
        for name, value in record_of(path)["settings"].items()
        if not (name in KNOBS and KNOBS[name].machine)
    }
    if named := [] if files else [file for ones in files_named(settings).values() for file in ones]:
        raise InputImageError(
            f"The settings in {os.fspath(path)!r} name files: {', '.join(named)}. With files=True they are opened."
        )
    return settings
