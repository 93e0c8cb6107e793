"""Intake of pictures: from the bytes that somebody has sent to plain RGB of a size to dream on."""

from typing import BinaryIO

from PIL import ExifTags, Image, ImageOps

from kerasdream.errors import InputImageError
from kerasdream.image import files
from kerasdream.image.limits import check_size

LARGEST_PICTURE = 50_000_000  # pixels that are decoded, to be shrunk where that is too many to dream on
LONGEST_SIDE = 65_535  # pixels, as in a JPEG: of a longer picture Pillow's tables of rows alone fill the memory
QUARTER_TURNS = (5, 6, 7, 8)  # orientations in EXIF that swap width and height
Size = tuple[int, int]  # width, height


def take_in(file: BinaryIO, max_pixels: int) -> tuple[Image.Image, Size]:
    """Decode a picture upright as RGB, shrunk to `max_pixels`, and return it with the size that it came with.

    A JPEG is shrunk while it is decoded. Raises InputImageError where the file is no picture, or where its header says
    that it is too large.

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (300, 200)).save(file, "JPEG")
    >>> image, given = take_in(file, max_pixels=600)
    >>> image.size, given
    ((30, 20), (300, 200))
    """
    limit = max(LARGEST_PICTURE, max_pixels)
    with files.readable("the picture"), files.opened(file, limit) as image:
        check_header(image.size, limit)
        turned = image.getexif().get(ExifTags.Base.Orientation) in QUARTER_TURNS
        given = image.size[::-1] if turned else image.size
        image.draft("RGB", shrunk(image.size, max_pixels))
        ImageOps.exif_transpose(image, in_place=True)
        rgb = image if image.mode == "RGB" else files.as_rgb(image)
        size = shrunk(given, max_pixels)
        return (rgb.copy() if rgb.size == size else rgb.resize(size, Image.Resampling.LANCZOS)), given


def check_header(size: Size, limit: int) -> None:
    """Raise InputImageError where a header tells of more pixels, or of longer sides, than are decoded."""
    check_size(size, limit, "the picture")
    if max(size) > LONGEST_SIDE:
        raise InputImageError(
            f"the picture is {size[1]} x {size[0]} (height x width); sides of {LONGEST_SIDE} pixels at most were "
            "expected. Crop it."
        )


def shrunk(size: Size, max_pixels: int) -> Size:
    """Return the size of a picture shrunk to so many pixels; a smaller one keeps its own.

    >>> shrunk((720, 480), 200_000), shrunk((720, 480), 400_000)
    ((547, 365), (720, 480))
    """
    share = max_pixels / (size[0] * size[1])
    if share >= 1:
        return size
    width, height = (max(1, int(side * share**0.5)) for side in size)
    return width, height
