"""Picture files: decoded whole or not at all, saved whole or not at all."""

import contextlib
import os
import pathlib
import re
import stat
import threading
import uuid
import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from kerasdream.errors import DreamWarning, InputImageError, OutputError
from kerasdream.image import metadata

PILLOW_LIMIT = Image.MAX_IMAGE_PIXELS  # where it is another, the user has set it
LIFTING = threading.Lock()

# Only formats that hold one raster: no vector, no camera and no medical parsers for a file that claims to be a picture.
READS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF", "JPEG2000", "PPM", "ICO", "TGA")

WRITES: dict[str, tuple[str, set[str], dict[str, Any]]] = {
    ".png": ("PNG", {"1", "L", "LA", "RGB", "RGBA", "I", "I;16"}, {}),
    ".jpg": ("JPEG", {"L", "RGB", "CMYK", "YCbCr"}, {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"L", "RGB", "CMYK", "YCbCr"}, {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"L", "RGB", "RGBA"}, {"quality": 95}),
    ".tif": (
        "TIFF",
        {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F"},
        {"compression": "tiff_adobe_deflate"},
    ),
    ".tiff": (
        "TIFF",
        {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F"},
        {"compression": "tiff_adobe_deflate"},
    ),
}


def check_size(size: tuple[int, int], max_pixels: int | None, what: str) -> None:
    """InputImageError where (width, height) holds more pixels than allowed, or none."""
    width, height = size
    if not width or not height:
        raise InputImageError(f"{what} is {height} x {width} (height x width); it holds no pixel.")
    if max_pixels is not None and width * height > max_pixels:
        raise InputImageError(
            f"{what} is {height} x {width} (height x width), {width * height / 1e6:.1f} megapixels; at most "
            f"{max_pixels / 1e6:g} were expected. Shrink it, or allow more with max_pixels={width * height}."
        )


def decode(file: Any, max_pixels: int | None) -> Image.Image:
    """The first picture of a path or file object, upright and complete; its size is checked first."""
    what = repr(str(file)) if isinstance(file, str | os.PathLike) else "the picture"
    if isinstance(file, str | os.PathLike):
        check_regular(file)
    Image.init()
    with readable(what), opened(file, max_pixels) as image:
        if (frames := getattr(image, "n_frames", 1)) > 1 and image.format != "MPO":
            warnings.warn(f"{what} holds {frames} pictures; the first one is dreamt.", DreamWarning, stacklevel=2)
        check_size(image.size, max_pixels, what)
        ImageOps.exif_transpose(image, in_place=True)  # it may be large: no second one beside it
        return without_exif(image)


def opened(file: Any, max_pixels: int | None) -> Image.Image:
    """A file with its header read; Pillow's own limit, one for the whole process, gives way to `max_pixels`."""
    formats = [name for name in READS if name in Image.OPEN]
    if max_pixels is None or PILLOW_LIMIT is None or max_pixels <= PILLOW_LIMIT:
        return Image.open(file, formats=formats)
    with LIFTING:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max_pixels if limit == PILLOW_LIMIT else limit
        try:
            return Image.open(file, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def complete(image: Image.Image, max_pixels: int | None) -> Image.Image:
    """A user's picture, of which nothing is changed, as one of our own: upright, and all of it decoded."""
    check_size(image.size, max_pixels, "the picture")
    with readable("the picture"):
        return without_exif(ImageOps.exif_transpose(image))


@contextlib.contextmanager
def readable(what: str) -> Iterator[None]:
    """Every way in which Pillow gives up on a file, as InputImageError."""
    try:
        yield
    except InputImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise InputImageError(
            f"{what} is larger than Pillow decodes ({fault}). If you trust it, allow so much with max_pixels; "
            "PIL.Image.MAX_IMAGE_PIXELS, too, where that was changed."
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, TypeError) as fault:
        reason = (
            "it is of no known kind" if isinstance(fault, UnidentifiedImageError) else fault or type(fault).__name__
        )
        raise InputImageError(
            f"{what} cannot be read as a picture: {reason}. A whole PNG, JPEG, WebP, "
            "TIFF, GIF, BMP or AVIF file was expected."
        ) from fault


def check_regular(path: str | os.PathLike[str]) -> None:
    """InputImageError where there is no ordinary file: a pipe would wait for ever."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", str(path)):
        raise InputImageError(f"{str(path)!r} is an address; the path of a file was expected. Download it first.")
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise InputImageError(f"{str(path)!r} cannot be read: {reason}. The path of a picture was expected.") from fault
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not an ordinary file"
        raise InputImageError(f"{str(path)!r} is {kind}; the path of a picture was expected.")


def without_exif(image: Image.Image) -> Image.Image:
    """The picture with no more of its metadata than its colours need."""
    image.info = {key: value for key, value in image.info.items() if key in ("icc_profile", "transparency")}
    image.getexif().clear()
    return image


def to_rgb(image: Image.Image) -> Image.Image:
    """Any 8-bit mode as RGB, alpha left out."""
    if image.mode == "La":  # premultiplied grey: Pillow knows only the way over LA
        image = image.convert("LA")
    if image.mode in ("P", "PA", "RGBa"):
        image = image.convert("RGBA")
    return image.convert("RGB")


def from_rgb(image: Image.Image, mode: str) -> Image.Image:
    """RGB in another mode of three or four colours."""
    return image.convert(mode)


def alpha(image: Image.Image) -> Image.Image:
    """The transparency of a picture that has some, as a mode L picture."""
    return (image.convert("LA") if image.mode == "La" else image.convert("RGBA")).getchannel("A")


def make_folder(folder: pathlib.Path) -> None:
    """The folder of an output, made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise OutputError(
            f"The folder {str(folder)!r} cannot be made: {fault.strerror}. The path of a folder was expected."
        ) from fault


def check_target(
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    source: str | None = None,
    endings: Collection[str] = tuple(WRITES),
) -> pathlib.Path:
    """The path where a result may be written, or OutputError: asked before the work, and again by `save`."""
    if not isinstance(path, str | os.PathLike):
        raise OutputError(f"{path!r} was given; the path of a file to write was expected, such as 'dream.png'.")
    target = pathlib.Path(path)
    if target.suffix.lower() not in endings:
        raise OutputError(f"{str(target)!r} ends in {target.suffix!r}; one of {', '.join(endings)} was expected.")
    try:
        folder = target.is_dir()
    except OSError as fault:
        raise OutputError(f"{str(target)!r} cannot be written: {fault.strerror}. Choose another name.") from fault
    if folder:
        raise OutputError(f"{str(target)!r} is a folder; the path of a file was expected.")
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into. Make it first.")
    if os.path.lexists(target):
        if (
            source is not None
            and os.path.exists(target)
            and os.path.exists(source)
            and os.path.samefile(target, source)
        ):
            raise OutputError(
                f"{str(target)!r} is the picture that is dreamt; it is never written over. Choose another name."
            )
        if not overwrite:
            raise OutputError(f"{str(target)!r} exists and is not written over. Choose another name, or say overwrite.")
    return target


def save(
    image: Image.Image,
    path: str | os.PathLike[str],
    *,
    record: dict[str, Any] | None = None,
    overwrite: bool = False,
    source: str | None = None,
) -> pathlib.Path:
    """Write a picture, with a record of its making inside; an existing file is replaced whole or left whole."""
    target = check_target(path, overwrite=overwrite, source=source)
    format, modes, options = WRITES[target.suffix.lower()]
    image = fit_mode(image, format, modes)
    options = dict(options)
    if profile := image.info.get("icc_profile"):
        options["icc_profile"] = profile
    if record is not None:
        options |= metadata.options(record, format)
    write_whole(target, lambda file: image.save(file, format, **options), overwrite)
    return target


def fit_mode(image: Image.Image, format: str, modes: set[str]) -> Image.Image:
    """The picture in a mode that the format holds."""
    if image.mode in modes:
        return image
    if image.has_transparency_data and "RGBA" not in modes:
        raise OutputError(f"{format} holds no transparency, and this picture has some. Save it as PNG, WebP or TIFF.")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):  # Pillow's own conversion would clip to white
        scale = 255.0 if image.mode == "F" else 1 / 257
        grey = image.convert("F").point(lambda value: value * scale + 0).convert("L")
        return grey if "L" in modes else grey.convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def as_rgb(image: Image.Image) -> Image.Image:
    """Any picture as 8-bit RGB: 16-bit and float grey scaled, transparency left out."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return fit_mode(image, "JPEG", {"RGB"})
    return to_rgb(image)


def write_whole(target: pathlib.Path, write: Callable[[Any], None], overwrite: bool) -> None:
    """Write beside the target, sync, and rename over it: no reader ever sees half a file."""
    beside = target.with_name(f".kerasdream-{uuid.uuid4().hex[:12]}.tmp")
    try:
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        place(beside, target, overwrite)
    except OutputError:
        raise
    except (OSError, ValueError) as fault:  # ValueError: Pillow's limits on the sides of a JPEG or WebP
        reason = getattr(fault, "strerror", None) or fault
        raise OutputError(
            f"{str(target)!r} cannot be written: {reason}. What stood there before is as it was."
        ) from fault
    finally:
        beside.unlink(missing_ok=True)


def place(beside: pathlib.Path, target: pathlib.Path, overwrite: bool) -> None:
    """Give a finished file its name; of two writers without `overwrite`, one wins and the other is told."""
    if overwrite:
        os.replace(beside, target)
        return
    try:
        os.link(beside, target)
    except FileExistsError:
        raise OutputError(
            f"{str(target)!r} exists and is not written over. Choose another name, or say overwrite."
        ) from None
    except OSError:  # a file system without hard links
        check_target(target)
        os.replace(beside, target)
