"""Picture files: decoded whole or not at all, saved whole or not at all."""

import contextlib
import io
import os
import pathlib
import re
import stat
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO, Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from kerasdream.errors import InputImageError, OutputError, warn
from kerasdream.image import heif, metadata
from kerasdream.image.limits import check_size, pixel_limit

StrPath = str | os.PathLike[str]
Write = Callable[[BinaryIO], object]  # writes a whole picture or film into an open file

# Only formats that hold one raster: no vector, no camera and no medical parsers for a file that claims to be a picture.
READS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF", "JPEG2000", "PPM", "ICO", "TGA")

# Pillow's name of a format, the modes that it holds, how it is written.
Format = tuple[str, set[str], dict[str, Any]]
JPEG: Format = ("JPEG", {"L", "RGB", "CMYK", "YCbCr"}, {"quality": 95, "subsampling": 0})
TIFF_MODES = {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F"}
TIFF: Format = ("TIFF", TIFF_MODES, {"compression": "tiff_adobe_deflate"})

WRITES: dict[str, Format] = {
    ".png": ("PNG", {"1", "L", "LA", "RGB", "RGBA", "I", "I;16"}, {}),
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".webp": ("WEBP", {"L", "RGB", "RGBA"}, {"quality": 95}),
    ".tif": TIFF,
    ".tiff": TIFF,
}


def check_picture_file(path: StrPath, max_pixels: int | None) -> None:
    """Raise InputImageError where a path leads to no picture, or to one too large, as far as its header tells."""
    check_regular(path)
    with readable(repr(str(path))), opened(path, max_pixels) as image:
        check_size(image.size, max_pixels, repr(str(path)))


def decode(file: StrPath | IO[bytes], max_pixels: int | None) -> Image.Image:
    """Return the first picture of a path or file object, upright and complete; its size is checked first."""
    what = repr(str(file)) if isinstance(file, str | os.PathLike) else "the picture"
    if isinstance(file, str | os.PathLike):
        check_regular(file)
    with readable(what), opened(file, max_pixels) as image:
        if (frames := getattr(image, "n_frames", 1)) > 1 and image.format != "MPO":
            warn(f"{what} holds {frames} pictures; the first one is dreamt.")
        check_size(image.size, max_pixels, what)
        ImageOps.exif_transpose(image, in_place=True)  # it may be large: no second one beside it
        return without_exif(image)


def opened(file: StrPath | IO[bytes], max_pixels: int | None) -> Image.Image:
    """Return a file with its header read; InputImageError where a package is missing that would read it."""
    Image.init()
    heif.register()
    formats = [name for name in READS if name in Image.OPEN]
    with pixel_limit(max_pixels):
        try:
            return Image.open(file, formats=formats)
        except UnidentifiedImageError as fault:
            if advice := heif.missing_reader(file):
                raise InputImageError(advice) from fault
            raise


def complete(image: Image.Image, max_pixels: int | None) -> Image.Image:
    """Return a copy of a user's picture, upright, and all of it decoded."""
    check_size(image.size, max_pixels, "the picture")
    with readable("the picture"):
        return without_exif(ImageOps.exif_transpose(image))


@contextlib.contextmanager
def readable(what: str) -> Iterator[None]:
    """Raise InputImageError for every way in which Pillow gives up on a file inside."""
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
            "TIFF, GIF, BMP, AVIF or HEIC file was expected."
        ) from fault


def check_regular(path: StrPath) -> None:
    """Raise InputImageError where there is no ordinary file: a pipe would wait for ever."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        expected = expected_instead(os.fspath(path))
        raise InputImageError(f"{str(path)!r} cannot be read: {reason}. {expected}") from fault
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not an ordinary file"
        raise InputImageError(f"{str(path)!r} is {kind}; the path of a picture was expected.")


def expected_instead(name: str) -> str:
    """Say what to give in place of a name that is no file."""
    if name.startswith("noise:"):
        return "Noise of a size is noise:WIDTHxHEIGHT, such as noise:640x480."
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
        return "Addresses are not fetched: download the picture, and give its path."
    return "The path of a picture was expected."


def without_exif(image: Image.Image) -> Image.Image:
    """Return the picture with no more of its metadata than its colours need."""
    image.info = {key: value for key, value in image.info.items() if key in ("icc_profile", "transparency")}
    image.getexif().clear()
    return image


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture of any 8-bit mode as RGB, alpha left out."""
    if image.mode == "La":  # premultiplied grey: Pillow knows only the way over LA
        image = image.convert("LA")
    if image.mode in ("P", "PA", "RGBa"):
        image = image.convert("RGBA")
    return image.convert("RGB")


def from_rgb(image: Image.Image, mode: str) -> Image.Image:
    """Return an RGB picture in another mode of three or four colours."""
    return image.convert(mode)


def alpha(image: Image.Image) -> Image.Image:
    """Return the transparency of a picture that has some, as a mode L picture."""
    return (image.convert("LA") if image.mode == "La" else image.convert("RGBA")).getchannel("A")


TAKEN = "{!r} exists and is not written over. Choose another name, or say overwrite."


def make_folder(folder: pathlib.Path) -> None:
    """Make the folder of an output where it is missing; OutputError where none can be or nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError) as fault:
        reason = "there is a file of that name" if folder.is_file() else getattr(fault, "strerror", None) or fault
        raise OutputError(
            f"The folder {str(folder)!r} cannot be made or written into: {reason}. The path of a folder was expected."
        ) from fault


def as_path(path: object) -> pathlib.Path:
    """Return the path of an output; OutputError for what is none."""
    if not isinstance(path, str | os.PathLike):
        raise OutputError(f"{path!r} was given; the path of a file to write was expected, such as 'dream.png'.")
    return pathlib.Path(path)


def check_target(
    path: StrPath,
    *,
    overwrite: bool = False,
    source: str | None = None,
    endings: Collection[str] | None = tuple(WRITES),
) -> pathlib.Path:
    """Return the path where a result may be written, or OutputError: asked before the work, and again by `save`."""
    target = as_path(path)
    if endings is not None and target.suffix.lower() not in endings:
        raise OutputError(f"{str(target)!r} ends in {target.suffix!r}; one of {', '.join(endings)} was expected.")
    try:
        folder = target.is_dir()
    except OSError as fault:
        raise OutputError(f"{str(target)!r} cannot be written: {fault.strerror}. Choose another name.") from fault
    if folder:
        raise OutputError(f"{str(target)!r} is a folder; the path of a file was expected.")
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into. Make it first.")
    if is_same(target, source):
        raise OutputError(
            f"{str(target)!r} is the picture that is dreamt; it is never written over. Choose another name."
        )
    if os.path.lexists(target) and not overwrite:
        raise OutputError(TAKEN.format(str(target)))
    return target


def is_same(target: StrPath, source: str | None) -> bool:
    """Say whether two paths lead to one file that is there."""
    return source is not None and all(map(os.path.exists, (target, source))) and os.path.samefile(target, source)


def free_path(path: StrPath, is_taken: Callable[[pathlib.Path], bool] = os.path.lexists) -> pathlib.Path:
    """Return the path, or the next one that is not taken; by default, by a file that is there.

    >>> free_path("dream.png", {pathlib.Path("dream.png"), pathlib.Path("dream-2.png")}.__contains__)
    PosixPath('dream-3.png')
    """
    first = target = as_path(path)
    if not first.name:
        raise OutputError(f"{str(first)!r} is a folder; the path of a file was expected.")
    number = 1
    while is_taken(target):
        number += 1
        target = first.with_name(f"{first.stem}-{number}{first.suffix}")
    return target


def save_free(path: StrPath, save: Callable[[pathlib.Path], pathlib.Path]) -> pathlib.Path:
    """Let `save` write under the path or, where that name is taken, under the next free one; return where it is."""
    while True:
        target = free_path(path)
        try:
            return save(target)
        except OutputError:
            if not os.path.lexists(target):
                raise  # else another process has just taken the name


def save(
    image: Image.Image,
    path: StrPath,
    *,
    format: str | None = None,
    record: Mapping[str, object] | None = None,
    overwrite: bool = False,
    source: str | None = None,
) -> pathlib.Path:
    """Write a picture, with a record of its making inside; an existing file is replaced whole or left whole.

    The ending of the path says in which format, unless `format` does.
    """
    target = check_target(path, overwrite=overwrite, source=source, endings=None if format else tuple(WRITES))
    ending = ending_of(format, WRITES) if format else target.suffix.lower()
    write_whole(target, encoder(image, ending, record), overwrite)
    return target


def ending_of(format: str | None, endings: Collection[str]) -> str:
    """Return the file ending of a format such as "PNG", or OutputError."""
    ending = f".{format}".lower()
    if ending not in endings:
        expected = ", ".join(one.removeprefix(".") for one in endings)
        raise OutputError(
            f"format={format!r} was given; one of {expected} was expected, such as format='{expected[:3]}'."
        )
    return ending


def encoder(image: Image.Image, ending: str, record: Mapping[str, object] | None = None) -> Write:
    """Return what writes a picture, with a record inside, into an open file in the format of an ending."""
    format, modes, options = WRITES[ending]
    image = fit_mode(image, format, modes)
    options = dict(options)
    if profile := image.info.get("icc_profile"):
        options["icc_profile"] = profile
    if record is not None:
        options |= metadata.options(record, format)
    return lambda file: image.save(file, format, **options)


def fit_mode(image: Image.Image, format: str, modes: set[str]) -> Image.Image:
    """Return the picture in a mode that the format holds."""
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
    """Return any picture as 8-bit RGB: 16-bit and float grey scaled, transparency left out."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return fit_mode(image, "JPEG", {"RGB"})
    return to_rgb(image)


def write_to(file: BinaryIO, write: Write) -> None:
    """Write into an open file, which gets all of it or nothing."""
    whole = io.BytesIO()
    try:
        write(whole)
        file.write(whole.getvalue())
    except (OSError, ValueError, TypeError) as fault:
        raise OutputError(f"Nothing was written: {fault}. A file open for writing bytes was expected.") from fault


def write_whole(target: pathlib.Path, write: Write, overwrite: bool) -> None:
    """Write beside the target, sync, and rename over it: no reader ever sees half a file.

    With `overwrite` the file that a link leads to is written, and what is replaced leaves its permissions behind.
    """
    beside = part_beside(pathlib.Path(os.path.realpath(target)) if overwrite else target)
    try:
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(beside, target, overwrite)
    except OutputError:
        raise
    except (OSError, ValueError) as fault:  # ValueError: Pillow's limits on the sides of a JPEG or WebP
        reason = getattr(fault, "strerror", None) or fault
        raise OutputError(
            f"{str(target)!r} cannot be written: {reason}. What stood there before is as it was."
        ) from fault
    finally:
        beside.unlink(missing_ok=True)


def part_beside(target: pathlib.Path) -> pathlib.Path:
    """Return the path beside a target where it is written until it is whole."""
    return target.with_name(f".kerasdream-{uuid.uuid4().hex[:12]}.tmp")


def put_in_place(beside: pathlib.Path, target: pathlib.Path, overwrite: bool) -> None:
    """Give a finished file its name; with `overwrite` it takes the permissions of the file that it replaces."""
    if overwrite:
        target = pathlib.Path(os.path.realpath(target))
        if target.exists():
            os.chmod(beside, stat.S_IMODE(target.stat().st_mode))
        os.replace(beside, target)
        return
    try:
        os.link(beside, target)
    except FileExistsError:
        raise OutputError(TAKEN.format(str(target))) from None
    except OSError:  # a file system without hard links
        check_target(target, endings=None)
        os.replace(beside, target)
