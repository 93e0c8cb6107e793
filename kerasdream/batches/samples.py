"""Samples: pictures with their keys as a source names them, read, and dreamt; what fails is data, too."""

import dataclasses
import hashlib
import io
import os
import pathlib
import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from kerasdream.errors import DreamError, InputImageError
from kerasdream.image.files import check_regular
from kerasdream.image.picture import Picture
from kerasdream.types import Array, Size

PictureData: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | Array
Plain: TypeAlias = str | int | float | bool | None
UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
LONGEST_KEY = 1024  # characters


@dataclasses.dataclass(frozen=True)
class Sample:
    """A picture of a source, not read yet, with what came beside it."""

    key: str  # its name in the output, a path without an ending
    image: PictureData
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)  # its own
    columns: Mapping[str, Plain] = dataclasses.field(default_factory=dict)  # passed on in key.json
    files: Mapping[str, bytes] = dataclasses.field(default_factory=dict)  # passed on, by ending: {"cls": b"3"}


@dataclasses.dataclass(frozen=True)
class Failure:
    """A sample that was not dreamt, and why."""

    key: str
    reason: str


@dataclasses.dataclass(frozen=True)
class ReadSample:
    """A sample with its picture decoded."""

    sample: Sample
    picture: Picture
    content: str  # digits that differ where the picture does

    @property
    def size(self) -> Size:
        """The size (height, width) of the picture."""
        return self.picture.pixels.shape[1], self.picture.pixels.shape[2]


@dataclasses.dataclass(frozen=True)
class DreamtSample:
    """A dream, encoded as PNG with its settings inside, and its record as JSON."""

    sample: Sample
    content: str  # digits of the picture that was dreamt
    settings: str  # and of the settings
    png: bytes
    record: bytes


def check_sample(sample: Sample) -> Sample:
    """Return a sample whose key is a path inside the output; InputImageError for any other, and for no picture."""
    image = sample.image
    if not isinstance(image, str | os.PathLike | bytes | Image.Image) and not hasattr(image, "__array__"):
        raise InputImageError(
            f"A {type(image).__name__} came as picture; a path, bytes, a PIL image or an array was expected."
        )
    return dataclasses.replace(sample, key=check_key(sample.key))


def check_key(key: str) -> str:
    """Return a key that is a path inside the output; InputImageError for any other.

    >>> check_key("birds/n01530575")
    'birds/n01530575'
    """
    parts = pathlib.PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or UNSAFE.search(key) or len(key) > LONGEST_KEY:
        raise InputImageError(
            f"The key {key[:80]!r} is no path inside the output; one such as 'birds/0001' was expected."
        )
    return str(pathlib.PurePosixPath(*parts))


def content_of(image: PictureData) -> tuple[PictureData, str]:
    """Return a picture with its file read, and digits that differ where its bytes or pixels do."""
    if isinstance(image, str | os.PathLike):
        check_regular(image)
        image = pathlib.Path(image).read_bytes()
    if isinstance(image, bytes):
        return image, hashlib.sha256(image).hexdigest()[:32]
    pixels = np.asarray(image)
    what = repr((pixels.shape, str(pixels.dtype))).encode()
    return image, hashlib.sha256(what + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:32]


def read_sample(sample: Sample, image: PictureData, content: str, max_pixels: int, size: Size | None) -> ReadSample:
    """Return the sample with its picture decoded, and cut and scaled where a size is given.

    Raises InputImageError for what is no picture.

    >>> sample = Sample("a", np.zeros((30, 40, 3), "uint8"))
    >>> read_sample(sample, *content_of(sample.image), 10_000, (16, 16)).size
    (16, 16)
    """
    what = repr(os.fspath(sample.image)) if isinstance(sample.image, str | os.PathLike) else "the picture"
    try:
        picture = Picture.of(image, max_pixels)
    except InputImageError as fault:
        raise InputImageError(str(fault).replace("the picture", what, 1)) from fault
    if len(picture.pixels) > 1:
        raise InputImageError(f"{len(picture.pixels)} pictures came in one sample; one was expected.")
    if size is not None:
        whole = picture.as_pillow(picture.source)
        picture = Picture.of(ImageOps.fit(whole, (size[1], size[0]), Image.Resampling.LANCZOS))
    path = os.fspath(sample.image) if isinstance(sample.image, str | os.PathLike) else None
    return ReadSample(sample, dataclasses.replace(picture, path=path), content)


def failure_of(key: str, fault: DreamError | OSError) -> Failure:
    """Return what is told of a sample that failed."""
    return Failure(key, str(fault) or type(fault).__name__)


def png_of(image: Image.Image, record: Mapping[str, object]) -> bytes:
    """Return a picture as PNG, with a record inside."""
    from kerasdream.image.files import encoder

    file = io.BytesIO()
    encoder(image, ".png", record)(file)
    return file.getvalue()
