"""A picture of any kind as one array of pixels, and back into the kind that came."""

import dataclasses
import hashlib
import io
import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image import files
from kerasdream.image.limits import check_size
from kerasdream.image.tiles import strips
from kerasdream.types import Array

Source = Array | Image.Image
RowsOf = Callable[[slice], Array]

# Through the model's range and back, a level of 8 bits moves by about 1e-5. Truncation must not make 128 of 127.99999.
ROUNDING = 1e-3
SLACK = 1e-3  # by which floats may lie outside 0 to 1: what resizing or half precision adds to white
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R 601, as in Pillow's mode L


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture or a batch of them, as it came and as pixels.

    `pixels` are (N, H, W, 3) RGB from 0 to 255, whatever came: of uint8 or float32.

    >>> picture = Picture.of(np.zeros((40, 60), "uint16"))
    >>> picture.pixels.shape, picture.restore(picture.pixels).dtype
    ((1, 40, 60, 3), dtype('uint16'))
    """

    source: Source  # a PIL image is upright
    pixels: Array
    path: str | None = None  # of the file it was read from

    @classmethod
    def of(cls, image: Any, max_pixels: int | None = None) -> "Picture":
        """Read a path, bytes, a file object, a PIL image, an array or a tensor.

        Arrays of booleans are black and white, and are kept as uint8. Raises InputImageError where it is no picture, or
        has more than `max_pixels`.

        >>> Picture.of(np.eye(2, dtype=bool)).pixels[0, ..., 0].tolist()
        [[255, 0], [0, 255]]
        """
        if isinstance(image, Picture):
            return image
        if isinstance(image, Image.Image):
            source = files.complete(image, max_pixels)
            return cls(source, from_pillow(source))
        if hasattr(image, "__array__"):
            array = as_array(image)
            return cls(array, from_array(array, max_pixels))
        path = os.fspath(image) if isinstance(image, str | os.PathLike) else None
        if isinstance(image, bytes | bytearray | memoryview):
            image = io.BytesIO(image)
        elif path is None and not hasattr(image, "read"):
            several = (
                " Dream several pictures of one size as one array, np.stack(pictures); others one by one."
                if isinstance(image, Iterable)
                else ""
            )
            raise InputImageError(
                f"A {type(image).__name__} was given as picture; a path, bytes, a file object, a PIL image, "
                f"a numpy array or a tensor was expected.{several}"
            )
        source = files.decode(image if path is None else path, max_pixels)
        return cls(source, from_pillow(source), path)

    def digest(self) -> str:
        """Return 16 hexadecimal digits that differ where any pixel does.

        >>> Picture.of(np.zeros((40, 60), "uint8")).digest()
        '540d5a4a0c8ffb2d'
        """
        hash = hashlib.sha256(repr((self.pixels.shape, str(self.pixels.dtype))).encode())
        for rows in strips(self.pixels.shape, self.pixels):
            hash.update(self.pixels[:, rows].tobytes())
        return hash.hexdigest()[:16]

    def restore(self, pixels: Array | RowsOf, unchanged: Array | None = None) -> Any:
        """Return pixels in the kind, size, dtype and range of the source, with its alpha.

        `pixels` are (N, H, W, 3) from 0 to 255, or a function that makes some rows of them, for large pictures.
        `unchanged` (N, H, W) marks the pixels that come back exactly as they came.

        >>> Picture.of(np.zeros((1, 2))).restore(np.full((1, 1, 2, 3), 51.0)).tolist()
        [[0.2, 0.2]]
        """
        rows_of = pixels if callable(pixels) else lambda rows: pixels[:, rows]
        unchanged = np.zeros(self.pixels.shape[:3], bool) if unchanged is None else unchanged
        if isinstance(self.source, Image.Image):
            return restore_pillow(rows_of, self.source, unchanged)
        result = to_array(rows_of, self.source)
        if unchanged.any():
            shape = (*unchanged.shape, -1)
            batch, before = result.reshape(shape), self.source.reshape(shape)  # views: what is written is in both
            batch[unchanged] = before[unchanged]
        return result

    def as_pillow(self, image: Source) -> Image.Image:
        """Return what `restore` gave as a PIL image, to be saved in a file.

        Raises InputImageError for a batch.

        >>> Picture.of(np.zeros((1, 2))).as_pillow(np.array([[0.0, 1.0]])).getpixel((1, 0))
        255
        """
        if isinstance(image, Image.Image):
            return image
        if image.ndim == 4:
            raise InputImageError(
                f"{len(image)} pictures cannot be saved as one file; one picture was expected. Dream them one by one."
            )
        if image.ndim == 3 and image.shape[-1] == 1:
            image = image[..., 0]
        if image.dtype == np.uint16 and image.ndim == 2:
            return Image.fromarray(image)  # 16-bit grey; other files hold 8 bits a channel
        if image.dtype != np.uint8:
            image = truncate(image / white_of(image.dtype) * 255.0, 255).astype(np.uint8)
        return Image.fromarray(image)


def white_of(dtype: np.dtype[Any]) -> float:
    """Return the value of white: the largest integer, or 1 for floats.

    >>> white_of(np.dtype("uint16"))
    65535.0
    """
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def truncate(values: Array, white: int) -> Array:
    """Return values clipped to 0 to `white` and cut to whole levels, as the Keras example does.

    >>> truncate(np.array([-3.0, 127.9, 127.99999, 300.0]), 255).tolist()
    [0.0, 127.0, 128.0, 255.0]
    """
    return np.floor(np.clip(values + ROUNDING * white / 255, 0, white))  # type: ignore[no-any-return, unused-ignore]


def as_array(image: object) -> Array:
    """Return an array or a tensor as a numpy array; booleans as black and white in uint8.

    Raises InputImageError for tensors without values, and for arrays with masked pixels.
    """
    if np.ma.is_masked(image):
        raise InputImageError(
            "A masked array was given as picture, and some of its pixels are masked; an array with all of its pixels "
            "was expected. Give them values with .filled(0), or name the mask with mask=."
        )
    try:
        array = np.asarray(image)
    except Exception as fault:  # each framework has its own error for a tensor that has no values, or not here
        raise InputImageError(
            f"The values of a {type(image).__name__} given as picture cannot be read: {fault} A numpy array, or a "
            "tensor with values, was expected."
        ) from fault
    return array.astype(np.uint8) * np.uint8(255) if array.dtype == bool else array


def from_array(array: Array, max_pixels: int | None) -> Array:
    """Return an array as pixels (N, H, W, 3) from 0 to 255.

    It is (H, W), (H, W, 1|3|4) or (N, H, W, 1|3|4), of uint8, uint16, or floats from 0 to 1; floats that miss that
    range by no more than SLACK are clipped. Raises InputImageError for any other.

    >>> from_array(np.array([[0.2, 1.0001]]), None)[0, 0].tolist()
    [[51.0, 51.0, 51.0], [255.0, 255.0, 255.0]]
    """
    given = f"an array of shape {array.shape} and dtype {array.dtype}"
    grey = array.ndim == 2
    batch = array[None, :, :, None] if grey else array if array.ndim == 4 else array[None]
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3, 4):
        raise InputImageError(f"{given} was given; (H, W), (H, W, 1|3|4) or (N, H, W, 1|3|4) was expected.")
    if 0 in array.shape:
        raise InputImageError(f"{given} was given; it holds no pixel.")
    check_size((batch.shape[2], batch.shape[1]), max_pixels, given)
    floats = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    if array.dtype not in (np.uint8, np.uint16) and not floats:
        raise InputImageError(
            f"{given} was given; uint8, uint16, booleans, or floats from 0 to 1 were expected. Try .astype('uint8')."
        )
    if array.dtype == np.uint8:
        return np.broadcast_to(batch[..., :3], (*batch.shape[:3], 3))
    with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are refused below
        values = np.asarray(batch[..., :3], np.float32)
    finite = bool(np.isfinite(values).all())
    if floats and not (finite and values.min() >= -SLACK and values.max() <= 1 + SLACK):
        known = values[np.isfinite(values)]
        span = f"from {known.min():.7g} to {known.max():.7g}" if known.size else "of which none is finite"
        holes = " and not all finite" if known.size and not finite else ""
        raise InputImageError(
            f"{given} was given, with values {span}{holes}; "
            f"floats from 0 to 1 were expected, give or take {SLACK:g}. Divide by 255, or give uint8."
        )
    values = np.clip(values * np.float32(255.0 / (1.0 if floats else white_of(array.dtype))), 0.0, 255.0)
    return np.broadcast_to(values, (*values.shape[:3], 3)) if values.shape[-1] == 1 else values


def to_array(rows_of: RowsOf, like: Array) -> Array:
    """Return pixels as an array of the shape and dtype of `like`, with its alpha.

    >>> to_array(lambda rows: np.full((1, 1, 2, 3), 51.0)[:, rows], np.zeros((1, 2))).tolist()
    [[0.2, 0.2]]
    """
    result = np.empty(like.shape, like.dtype)
    grey = like.ndim == 2
    batch = result[None, :, :, None] if grey else result if like.ndim == 4 else result[None]
    before = like.reshape(batch.shape)
    for rows in strips(batch.shape):
        values = rows_of(rows)
        values = (values @ GREY)[..., None] if batch.shape[-1] == 1 else values
        if like.dtype.kind == "u":
            white = np.iinfo(like.dtype).max
            values = truncate(values * (white / 255.0), white)
        else:
            values = np.clip(values / 255.0, 0.0, 1.0)
        batch[:, rows, :, : values.shape[-1]] = values
        batch[:, rows, :, values.shape[-1] :] = before[:, rows, :, values.shape[-1] :]
    return result


def from_pillow(image: Image.Image) -> Array:
    """Return an upright PIL image of any mode as pixels (1, H, W, 3) from 0 to 255.

    Modes I and I;16 hold 16 bits, mode F floats from 0 to 1. Raises InputImageError for values outside.

    >>> from_pillow(Image.new("I", (1, 1), 65535)).tolist()
    [[[[255.0, 255.0, 255.0]]]]
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32)  # astype: the file's byte order ends here
        white, slack = (1.0, SLACK) if image.mode == "F" else (65535.0, 0.0)
        if not (np.isfinite(values).all() and values.min() >= -slack and values.max() <= white + slack):
            raise InputImageError(
                f"A picture of mode {image.mode} with values from {values.min():.7g} to {values.max():.7g} was given; "
                f"0 to {white:g} was expected. Scale its values to that first."
            )
        values = np.repeat(np.clip(values[..., None] * np.float32(255.0 / white), 0.0, 255.0), 3, -1)
    else:
        values = np.asarray(image if image.mode == "RGB" else files.to_rgb(image))
    return values[None]


def restore_pillow(rows_of: RowsOf, like: Image.Image, unchanged: Array) -> Image.Image:
    """Return pixels as a PIL image like the source; pixels that are `unchanged` (1, H, W) are copied from it."""
    if unchanged.all():
        return like.copy()
    dreamt = to_pillow(rows_of, like)
    if unchanged.any():
        before = like if like.mode == dreamt.mode else like.convert(dreamt.mode)
        dreamt.paste(before, mask=Image.fromarray(unchanged[0]))
    if "icc_profile" in like.info:
        dreamt.info["icc_profile"] = like.info["icc_profile"]
    return dreamt


def to_pillow(rows_of: RowsOf, like: Image.Image) -> Image.Image:
    """Return pixels as a PIL image of the mode of `like`, with its alpha; palettes become RGB, bitmaps L.

    >>> to_pillow(lambda rows: np.full((1, 2, 2, 3), 51.0)[:, rows], Image.new("1", (2, 2))).getpixel((0, 0))
    51
    """
    mode = like.mode
    if mode == "F":
        return Image.fromarray(all_rows(lambda rows: np.clip(rows_of(rows) @ GREY / 255.0, 0, 1), like, np.float32))
    if mode == "I" or mode.startswith("I;16"):
        dtype = np.int32 if mode == "I" else np.uint16
        scale = 65535 / 255.0
        return Image.fromarray(all_rows(lambda rows: truncate(rows_of(rows) @ GREY * scale, 65535), like, dtype))
    if mode in ("1", "L", "LA", "La"):
        dreamt = Image.fromarray(all_rows(lambda rows: truncate(rows_of(rows) @ GREY, 255), like, np.uint8))
    else:
        dreamt = Image.fromarray(all_rows(lambda rows: truncate(rows_of(rows), 255), like, np.uint8, 3))
        if mode in ("CMYK", "YCbCr", "HSV", "LAB"):
            return files.from_rgb(dreamt, mode)
    if like.has_transparency_data:
        dreamt.putalpha(files.alpha(like))
    return dreamt


def all_rows(rows_of: RowsOf, like: Image.Image, dtype: DTypeLike, *channels: int) -> Array:
    """Return the values of all rows of one picture, made strip by strip."""
    values = np.empty((like.height, like.width, *channels), dtype)
    for rows in strips((1, *values.shape)):
        values[rows] = rows_of(rows)[0]
    return values
