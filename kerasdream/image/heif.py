"""HEIC pictures, as telephones make them: read with pillow-heif, the extra `heif`."""

import contextlib
import functools
import os
from typing import IO

HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}  # brands: bytes 8 to 12 of a file
AVIF = {b"avif", b"avis"}


@functools.cache
def register() -> None:
    """Let Pillow open HEIC pictures, where pillow-heif is installed."""
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()


def missing_reader(file: str | os.PathLike[str] | IO[bytes]) -> str | None:
    """Say what to install for a HEIC or AVIF picture that Pillow did not know; None for any other file."""
    brand = first_bytes(file)[4:12]
    if brand[:4] != b"ftyp":
        return None
    if brand[4:] in HEIF:
        return 'HEIC pictures need the extra "heif": pip install "kerasdream[heif]".'
    if brand[4:] in AVIF:
        return "This Pillow was built without AVIF: pip install --upgrade --force-reinstall pillow."
    return None


def first_bytes(file: str | os.PathLike[str] | IO[bytes]) -> bytes:
    """Return the first twelve bytes of a path or file object."""
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            return opened.read(12)
    file.seek(0)
    return file.read(12)
