"""A picture of any kind as one array of pixels, and back into the kind that went in."""

import dataclasses
import hashlib
import io
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from kerasdream.errors import InputImageError
from kerasdream.image import files
from kerasdream.image.tiles import strips

# Through the model's range and back, a level of 8 bits moves by about 1e-5. Truncation must not make 128 of 127.99999.
ROUNDING = 1e-3
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R 601, as in Pillow's mode L
GREY_MODES = {"L", "LA", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture or a batch: `pixels` are (N, H, W, 3) RGB from 0 to 255, whatever came: bytes, or float32.

    >>> picture = Picture.of(np.zeros((40, 60), "uint16"))
    >>> picture.pixels.shape, picture.restore(picture.pixels).dtype
    ((1, 40, 60, 3), dtype('uint16'))
    """

    source: Any  # a numpy array or an upright PIL image
    pixels: np.ndarray
    path: str | None = None  # of the file it was read from

    @classmethod
    def of(cls, image: Any, max_pixels: int | None = None) -> "Picture":
        """Read a path, bytes, file object, PIL image or array; InputImageError where it is no picture."""
        if isinstance(image, Picture):
            return image
        if isinstance(image, np.ndarray) or (hasattr(image, "__array__") and not isinstance(image, Image.Image)):
            array = np.asarray(image)
            return cls(array, from_array(array, max_pixels))
        path = os.fspath(image) if isinstance(image, str | os.PathLike) else None
        if not isinstance(image, Image.Image):
            if isinstance(image, bytes | bytearray | memoryview):
                image = io.BytesIO(image)
            elif path is None and not hasattr(image, "read"):
                raise InputImageError(
                    f"A {type(image).__name__} was given as picture; a path, bytes, a file object, a PIL image, "
                    "a numpy array or a tensor was expected."
                )
            image = files.decode(image if path is None else path, max_pixels)
        else:
            image = files.complete(image, max_pixels)
        return cls(image, from_pillow(image), path)

    def digest(self) -> str:
        """A short name for the very pixels: of two pictures called alike, it tells which.

        >>> Picture.of(np.zeros((40, 60), "uint8")).digest()
        '540d5a4a0c8ffb2d'
        """
        hash = hashlib.sha256(repr((self.pixels.shape, str(self.pixels.dtype))).encode())
        for rows in strips(self.pixels.shape, self.pixels):
            hash.update(self.pixels[:, rows].tobytes())
        return hash.hexdigest()[:16]

    def restore(self, pixels: np.ndarray | Callable[[slice], np.ndarray], untouched: np.ndarray | None = None) -> Any:
        """Pixels from 0 to 255 in the kind, size, dtype and range of the source, its alpha as it was.

        Of a large picture, `pixels` makes some rows at a time. `untouched` (N, H, W) marks the pixels that come back
        exactly as they went in.
        """
        rows_of = pixels if callable(pixels) else lambda rows: pixels[:, rows]
        untouched = np.zeros(self.pixels.shape[:3], bool) if untouched is None else untouched
        if isinstance(self.source, Image.Image):
            if untouched.all():
                return self.source.copy()
            dreamt = to_pillow(rows_of, self.source)
            if untouched.any():
                before = self.source if self.source.mode == dreamt.mode else self.source.convert(dreamt.mode)
                dreamt.paste(before, mask=Image.fromarray(untouched[0]))
            if "icc_profile" in self.source.info:
                dreamt.info["icc_profile"] = self.source.info["icc_profile"]
            return dreamt
        result = to_array(rows_of, self.source)
        if untouched.any():
            shape = (*untouched.shape, -1)
            batch, before = (
                result.reshape(shape),
                self.source.reshape(shape),
            )  # views: what is written to one is in both
            batch[untouched] = before[untouched]
        return result

    def as_pillow(self, image: Any) -> Image.Image:
        """What `restore` gave, as a PIL image for a file."""
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
            image = whole(image / peak(image.dtype) * 255.0, 255).astype(np.uint8)
        return Image.fromarray(image)


def peak(dtype: np.dtype) -> float:
    """The value of white."""
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def whole(values: np.ndarray, top: int) -> np.ndarray:
    """Clipped to 0 … top and truncated, as the Keras example does, with a hair's breadth for rounding."""
    return np.floor(np.clip(values + ROUNDING * top / 255, 0, top))


def from_array(array: np.ndarray, max_pixels: int | None) -> np.ndarray:
    """An array as pixels: (H, W), (H, W, 1|3|4) or (N, H, W, 1|3|4) of uint8, uint16, or floats from 0 to 1."""
    seen = f"an array of shape {array.shape} and dtype {array.dtype}"
    grey = array.ndim == 2
    batch = array[None, :, :, None] if grey else array if array.ndim == 4 else array[None]
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3, 4):
        raise InputImageError(f"{seen} was given; (H, W), (H, W, 1|3|4) or (N, H, W, 1|3|4) was expected.")
    if 0 in array.shape:
        raise InputImageError(f"{seen} was given; it holds no pixel.")
    files.check_size((batch.shape[2], batch.shape[1]), max_pixels, seen)
    floats = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    if array.dtype not in (np.uint8, np.uint16) and not floats:
        raise InputImageError(
            f"{seen} was given; uint8, uint16, or floats from 0 to 1 were expected. Try .astype('uint8')."
        )
    if array.dtype == np.uint8:
        return np.broadcast_to(batch[..., :3], (*batch.shape[:3], 3))
    values = np.asarray(batch[..., :3], np.float32)
    if floats and not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        low, high = np.nanmin(values), np.nanmax(values)
        holes = "" if np.isfinite(values).all() else " and not all finite"
        raise InputImageError(
            f"{seen} was given, with values from {low:g} to {high:g}{holes}; "
            "floats from 0 to 1 were expected. Divide by 255, or give uint8."
        )
    values = values * np.float32(255.0 / (1.0 if floats else peak(array.dtype)))
    return np.broadcast_to(values, (*values.shape[:3], 3)) if values.shape[-1] == 1 else values


def to_array(rows_of: Callable[[slice], np.ndarray], like: np.ndarray) -> np.ndarray:
    """Pixels as an array of the shape and dtype of `like`, its alpha kept."""
    result = np.empty(like.shape, like.dtype)
    grey = like.ndim == 2
    batch = result[None, :, :, None] if grey else result if like.ndim == 4 else result[None]
    before = like.reshape(batch.shape)
    for rows in strips(batch.shape):
        values = rows_of(rows)
        values = (values @ GREY)[..., None] if batch.shape[-1] == 1 else values
        if like.dtype.kind == "u":
            top = np.iinfo(like.dtype).max
            values = whole(values * (top / 255.0), top)
        else:
            values = np.clip(values / 255.0, 0.0, 1.0)
        batch[:, rows, :, : values.shape[-1]] = values
        batch[:, rows, :, values.shape[-1] :] = before[:, rows, :, values.shape[-1] :]
    return result


def from_pillow(image: Image.Image) -> np.ndarray:
    """An upright PIL image of any mode as pixels."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32)  # astype: the file's byte order ends here
        top = 1.0 if image.mode == "F" else 65535.0
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= top):
            raise InputImageError(
                f"A picture of mode {image.mode} with values from {values.min():g} to {values.max():g} was given; "
                f"0 to {top:g} was expected. Scale it first, or convert it to mode L."
            )
        values = np.repeat(values[..., None] * np.float32(255.0 / top), 3, -1)
    else:
        values = np.asarray(image if image.mode == "RGB" else files.to_rgb(image))
    return values[None]


def to_pillow(rows_of: Callable[[slice], np.ndarray], like: Image.Image) -> Image.Image:
    """Pixels as a PIL image of the mode of `like`, its alpha kept; palettes and bitmaps become RGB and L."""
    mode = like.mode
    if mode == "F":
        return Image.fromarray(gathered(lambda rows: np.clip(rows_of(rows) @ GREY / 255.0, 0, 1), like, np.float32))
    if mode == "I" or mode.startswith("I;16"):
        dtype = np.int32 if mode == "I" else np.uint16
        return Image.fromarray(gathered(lambda rows: whole(rows_of(rows) @ GREY * (65535 / 255.0), 65535), like, dtype))
    if mode in ("1", "L", "LA", "La"):
        dreamt = Image.fromarray(gathered(lambda rows: whole(rows_of(rows) @ GREY, 255), like, np.uint8))
    else:
        dreamt = Image.fromarray(gathered(lambda rows: whole(rows_of(rows), 255), like, np.uint8, 3))
        if mode in ("CMYK", "YCbCr", "HSV", "LAB"):
            return files.from_rgb(dreamt, mode)
    if like.has_transparency_data:
        dreamt.putalpha(files.alpha(like))
    return dreamt


def gathered(rows_of: Callable[[slice], np.ndarray], like: Image.Image, dtype: Any, *channels: int) -> np.ndarray:
    """The values of all rows of one picture."""
    values = np.empty((like.height, like.width, *channels), dtype)
    for rows in strips((1, *values.shape)):
        values[rows] = rows_of(rows)[0]
    return values
