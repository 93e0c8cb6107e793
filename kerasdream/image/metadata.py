"""The record of a dream inside its picture: a PNG text chunk, EXIF for JPEG and WebP, the description of a TIFF."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, Required, TypedDict, cast

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from kerasdream.config import KNOBS, files_named
from kerasdream.errors import ConfigError, InputImageError
from kerasdream.image.limits import pixel_limit

CHUNK = "kerasdream"
TIFF_DESCRIPTION = 270
EXIF_LIMIT = 60_000  # a JPEG holds 64 kB of EXIF
TEXT = b"ASCII\0\0\0"
EXPECTED = "A picture that the program or DreamResult.save wrote was expected."

Loss = float | None | list[float | None]  # of a step: one number, or one for each picture of a batch


class Record(TypedDict, total=False):
    """What a dreamt picture says of its making; JPEG and WebP files may lack the losses of a long dream."""

    settings: Required[dict[str, Any]]
    versions: dict[str, str | None]
    losses: list[list[Loss]]
    seconds: float
    source: str | None
    picture: str


KINDS: dict[str, tuple[type, ...]] = {  # of the values of a record, as JSON brings them
    "settings": (dict,),
    "versions": (dict,),
    "losses": (list,),
    "seconds": (int, float),
    "source": (str, type(None)),
    "picture": (str,),
}


def options(record: Mapping[str, object], format: str) -> dict[str, Any]:
    """Return what Pillow's `save` needs to put a record into a file of this format."""
    text = json.dumps(record, allow_nan=False)
    if format == "PNG":
        return {"pnginfo": text_chunk(text)}
    if format == "TIFF":
        return {"tiffinfo": {TIFF_DESCRIPTION: text}}
    if len(text) > EXIF_LIMIT:  # of a very long dream the settings matter more than every loss
        text = json.dumps({key: value for key, value in record.items() if key != "losses"})
    return {"exif": exif_comment(text)}


def text_chunk(text: str) -> PngInfo:
    """Return the chunk of a PNG that holds a record."""
    info = PngInfo()
    info.add_itxt(CHUNK, text)
    return info


def exif_comment(text: str) -> Image.Exif:
    """Return the EXIF that holds a record."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = TEXT + text.encode()
    return exif


def record_of(path: str | os.PathLike[str]) -> Record:
    """Read what a dreamt picture says of its making: settings, versions, losses, seconds, source, digest.

    Raises InputImageError for a file that holds no record, or one that is damaged or tampered with.

    >>> record_of("dream.png")["source"]  # doctest: +SKIP
    'sky.jpg'
    """
    if not isinstance(path, str | os.PathLike):
        raise InputImageError(f"A {type(path).__name__} was given; the path of a dreamt picture was expected.")
    what = repr(os.fspath(path))
    if not os.path.isfile(path):  # a pipe would wait for ever
        raise InputImageError(f"{what} holds no settings of a dream (there is no such file). {EXPECTED}")
    return record_in(path, what)


def record_in(file: str | os.PathLike[str] | BinaryIO, what: str) -> Record:
    """Read the record inside a path or file object, which errors call `what`."""
    try:
        with pixel_limit(sys.maxsize), Image.open(file, formats=["PNG", "JPEG", "WEBP", "TIFF"]) as image:
            text = text_in(image)
    except Exception as fault:  # the bytes are a stranger's, and decoders fail on them in every way
        raise InputImageError(f"{what} holds no settings of a dream ({fault}). {EXPECTED}") from fault
    return parse_record(text, what)


def parse_record(text: str, what: str) -> Record:
    """Return the record that a text holds; InputImageError, which calls it `what`, where it holds none."""
    try:
        record = json.loads(text) if text else None
    except (ValueError, RecursionError) as fault:
        raise InputImageError(f"{what} holds no settings of a dream ({fault}). {EXPECTED}") from fault
    if not isinstance(record, dict) or "settings" not in record:
        raise InputImageError(f"{what} holds no settings of a dream. {EXPECTED}")
    for name, kinds in KINDS.items():
        if name in record and not isinstance(record[name], kinds):
            raise InputImageError(
                f"{what} holds no settings of a dream ({name} is a {type(record[name]).__name__}). {EXPECTED}"
            )
    if not all(isinstance(octave, list) and all(map(is_loss, octave)) for octave in record.get("losses", [])):
        raise InputImageError(f"{what} holds no settings of a dream (losses are not numbers). {EXPECTED}")
    return cast(Record, record)


def is_loss(value: object) -> bool:
    """Say whether a value of a record can be the loss of a step."""
    values = value if isinstance(value, list) else [value]
    return all(one is None or type(one) in (int, float) for one in values)


def text_in(image: Image.Image) -> str:
    """Return the text of the record, read without decoding a pixel."""
    if image.format == "PNG":
        return str(image.info.get(CHUNK, ""))
    if image.format == "TIFF":
        return str(image.tag_v2.get(TIFF_DESCRIPTION, ""))  # type: ignore[attr-defined]
    comment = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    return (comment if isinstance(comment, bytes) else str(comment).encode()).removeprefix(TEXT).decode()


def settings_of(path: str | os.PathLike[str], *, files: bool = False) -> dict[str, Any]:
    """Read the settings of a dreamt picture, ready to dream again: `dream("other.jpg", **settings_of("dream.png"))`.

    The limits of the machine it was made on are left out. Where the settings name files (a mask, a guide, weights),
    `files=True` lets them be opened; without it InputImageError says which they are. So it does for a setting that
    there is not, or whose value no dream can have.

    >>> settings_of("dream.png")["num_octave"]  # doctest: +SKIP
    3
    """
    return settings_in(record_of(path), repr(os.fspath(path)), files=files)


def settings_in(record: Record, what: str, *, files: bool = False) -> dict[str, Any]:
    """Return the settings of a record, checked, for `settings_of`; errors call its file `what`."""
    limits = {name for name, knob in KNOBS.items() if knob.machine}
    settings = {name: value for name, value in record["settings"].items() if name not in limits}
    for name, value in settings.items():
        try:
            if name not in KNOBS:
                raise ConfigError(f"a dream has no setting {name!r}")
            if not (name == "mask" and str(value).startswith("<")):  # a mask given as pixels, to be given again
                KNOBS[name].check(name, value)
        except ConfigError as fault:
            raise InputImageError(f"{what} holds settings of no dream: {fault}") from None
    if named := [] if files else [file for ones in files_named(settings).values() for file in ones]:
        raise InputImageError(
            f"The settings in {what} name files: {', '.join(named)}. With files=True they are opened."
        )
    return settings
