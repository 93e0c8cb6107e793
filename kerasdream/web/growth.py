"""The growth of a dream: its picture at some moments, each as large as the dream was then, in one file."""

import dataclasses
import io
import json
import pathlib
import zipfile
from typing import TypedDict

from PIL import Image

from kerasdream.image import files

QUALITY = 92  # of the JPEG of a moment
LARGEST = 24_000_000  # bytes of the moments of a dream; where they are more, every other one goes
INDEX = "moments.json"


class MomentView(TypedDict):
    """A moment as the page knows it: its number, and where the dream was."""

    index: int
    octave: int
    step: int
    loss: float
    width: int
    height: int


@dataclasses.dataclass(frozen=True)
class KeptMoment:
    """The picture of a dream after a step, as JPEG."""

    octave: int
    step: int
    loss: float
    size: tuple[int, int]  # width, height
    jpeg: bytes

    @classmethod
    def of(cls, image: Image.Image, octave: int, step: int, loss: float) -> "KeptMoment":
        """Keep a picture.

        >>> KeptMoment.of(Image.new("RGB", (30, 20)), 0, 3, 1.5).size
        (30, 20)
        """
        file = io.BytesIO()
        image.save(file, "JPEG", quality=QUALITY, subsampling=0)
        return cls(octave, step, loss, image.size, file.getvalue())


def thinned(moments: list[KeptMoment], limit: int = LARGEST) -> list[KeptMoment]:
    """Return the moments, or, where they hold more bytes than the limit, every other one; always the last."""
    if sum(len(moment.jpeg) for moment in moments) <= limit:
        return moments
    return moments[::-2][::-1]


def views_of(moments: list[KeptMoment]) -> list[MomentView]:
    """Return the moments as the page knows them."""
    return [
        {"index": index, "octave": one.octave, "step": one.step, "loss": one.loss, "width": one.size[0],
         "height": one.size[1]}
        for index, one in enumerate(moments)
    ]  # fmt: skip


def write_moments(moments: list[KeptMoment], path: pathlib.Path) -> None:
    """Write the moments of a dream into one file, whole or not at all."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # a JPEG is not made smaller
        archive.writestr(INDEX, json.dumps(views_of(moments)))
        for index, moment in enumerate(moments):
            archive.writestr(f"{index}.jpg", moment.jpeg)
    files.write_whole(path, lambda target: target.write(file.getvalue()), overwrite=True)


def read_moments(path: pathlib.Path) -> list[MomentView]:
    """Return the moments that a file holds."""
    with zipfile.ZipFile(path) as archive:
        found: list[MomentView] = json.loads(archive.read(INDEX))
    return found


def read_moment(path: pathlib.Path, index: int) -> bytes:
    """Return the JPEG of a moment; KeyError where there is none of that number."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"{index}.jpg")
