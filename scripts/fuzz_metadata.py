"""Fuzz what reads strangers' files: the settings inside a picture, and the pictures that are sent to the studio.

    pip install atheris
    python scripts/fuzz_metadata.py                               goes on until Ctrl-C or a fault
    python scripts/fuzz_metadata.py build/fuzz -max_total_time=60     a folder for the corpus, and flags of libFuzzer

The folder gets a few small pictures to begin from, and what libFuzzer finds to be worth keeping. Anything but a
DreamError ends the run; libFuzzer then writes the file that caused it, crash-..., beside you.
"""

import contextlib
import io
import json
import pathlib
import sys
import warnings
from typing import Any

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed, and no part of any extra: pip install atheris")

with atheris.instrument_imports(include=["PIL", "kerasdream"]):
    from PIL import Image

    from kerasdream.config import DreamConfig, check_names
    from kerasdream.errors import DreamError
    from kerasdream.image import files, metadata
    from kerasdream.image.picture import Picture
    from kerasdream.web.settings import settings_in_record

CORPUS = pathlib.Path("build/fuzz")
LARGEST_PICTURE = 250_000  # pixels: larger ones take time and show nothing new
RECORDS: tuple[dict[str, Any], ...] = (
    {"settings": DreamConfig().as_dict()},
    {"settings": {"layers": {"mixed4:1@2,3": 1.5}, "step": [0.1, 0.2, 0.3], "mask": "a.png", "model": "mini"}},
    {"settings": []},
)


def write_seeds(folder: pathlib.Path) -> None:
    """Write the pictures to begin from: each format with each record."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.linear_gradient("L").resize((12, 9)).convert("RGB")
    for format in ("PNG", "JPEG", "WEBP", "TIFF"):
        for number, record in enumerate(RECORDS):
            picture.save(folder / f"seed-{number}.{format.lower()}", format, **metadata.options(record, format))


def read_settings(file: bytes) -> None:
    """Read the settings inside a file, as `--from` and `settings_of` do."""
    record = metadata.record_in(io.BytesIO(file), "the picture")
    json.dumps(settings_in_record(record, ["mini"]))
    check_names(record["settings"])
    DreamConfig(**record["settings"])


def read_picture(file: bytes) -> None:
    """Read a file as the studio reads what is sent to it."""
    image = files.decode(io.BytesIO(file), LARGEST_PICTURE)
    picture = Picture.of(image)
    picture.restore(picture.pixels)


def fuzz(file: bytes) -> None:
    """Read one file in both ways; a DreamError is the right answer to a wrong file."""
    for read in (read_settings, read_picture):
        with contextlib.suppress(DreamError):
            read(file)


def main(argv: list[str]) -> None:
    """Fuzz from the corpus in the folder that is named, or in build/fuzz."""
    warnings.simplefilter("ignore")  # Pillow's own of what is odd in a file
    folder = next((pathlib.Path(word) for word in argv[1:] if not word.startswith("-")), CORPUS)
    write_seeds(folder)
    flags = [word for word in argv[1:] if word.startswith("-")]
    atheris.Setup([argv[0], "-max_len=20000", *flags, str(folder)], fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
