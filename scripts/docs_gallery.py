"""Make the dreams of docs/gallery: run its files one by one, and keep each picture with its settings inside.

    python scripts/docs_gallery.py docs/gallery --weights=inception_v3=inception_v3_notop.weights.h5 \\
        --weights=mobilenet_v2=mobilenet_v2.weights.h5
    python scripts/docs_gallery.py docs/gallery look_fur_castle look_eyes_sample

Files whose picture was made by the code as it is are left out: run again, it goes on. A network that has no --weights
takes those of Keras's cache. `dreams/times.json` keeps how long each file took.
"""

import argparse
import hashlib
import json
import os
import pathlib
import runpy
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

import keras
from PIL import Image, ImageSequence

from kerasdream import Visualizer
from kerasdream.image import metadata
from kerasdream.model import weights, zoo

LIMIT = 90_000  # bytes of a picture, 195,000 of a film
QUALITIES = range(76, 30, -4)


class Made(TypedDict):
    """How a picture was made: the digest of its file's code, and what it took."""

    code: str
    seconds: float
    processor_seconds: float
    load: float  # other work on the machine, in processes, before


@contextmanager
def given_weights(files: dict[str, str]) -> Iterator[None]:
    """Let named networks take their weights from files, as if they came from Keras's cache."""
    from_cache = weights.imagenet
    by_url = {
        url: pathlib.Path(file)
        for name, file in files.items()
        for url in (zoo.ZOO[name].url, zoo.ZOO[name].url_top)
        if url
    }

    def imagenet(url: str, hash: str | None, **limits: float) -> pathlib.Path:
        return by_url[url] if url in by_url else from_cache(url, hash, **limits)

    weights.imagenet = imagenet
    try:
        yield
    finally:
        weights.imagenet = from_cache


@contextmanager
def noted_visualisations() -> Iterator[list[dict[str, object]]]:
    """Note the records of what is drawn from noise, which comes as a bare picture."""
    records: list[dict[str, object]] = []
    run = Visualizer.run

    def noting(self: Visualizer, *arguments: object, **named: object) -> list[Image.Image]:
        records.append(self.record(self.objectives[0]))
        return run(self, *arguments, **named)  # type: ignore[arg-type]

    Visualizer.run = noting  # type: ignore[method-assign]
    try:
        yield records
    finally:
        Visualizer.run = run  # type: ignore[method-assign]


def code_of(file: pathlib.Path) -> str:
    """Return the digest of a file's code, without its title."""
    return hashlib.sha256(file.read_text().split('"""')[2].encode()).hexdigest()[:16]


def make(file: pathlib.Path, output: pathlib.Path) -> Made:
    """Run a file of the gallery beside the gallery's pictures, and keep what it made, small enough for a page."""
    file = file.resolve()
    load, began, began_processor = os.getloadavg()[0], time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, noted_visualisations() as records:
        shutil.copytree(file.parent / "pictures", folder, dirs_exist_ok=True)
        before = os.getcwd()
        os.chdir(folder)
        try:
            runpy.run_path(str(file))
        finally:
            os.chdir(before)
        seconds, processor = time.perf_counter() - began, time.process_time() - began_processor
        keep(pathlib.Path(folder) / f"{file.stem}.webp", output, records[-1] if records else None)
    return Made(
        code=code_of(file), seconds=round(seconds, 1), processor_seconds=round(processor, 1), load=round(load, 1)
    )


def keep(made: pathlib.Path, output: pathlib.Path, record: dict[str, object] | None) -> None:
    """Write a picture or film again, at the best quality that stays small, with its record inside."""
    with Image.open(made) as image:
        frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(image)]
        exif = metadata.options(record, "WEBP")["exif"] if record else image.getexif()
        film = {"save_all": True, "append_images": frames[1:], "duration": image.info.get("duration"), "loop": 0}
    for quality in QUALITIES:
        frames[0].save(output, "WEBP", quality=quality, method=6, exif=exif, **(film if len(frames) > 1 else {}))
        if output.stat().st_size < (195_000 if len(frames) > 1 else LIMIT):
            break


def main() -> None:
    """Make the dreams that are asked for, those that are missing first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--weights", action="append", default=[], metavar="NETWORK=FILE")
    options = parser.parse_args()
    dreams = options.folder / "dreams"
    dreams.mkdir(exist_ok=True)
    times = dreams / "times.json"
    made: dict[str, Made] = json.loads(times.read_text()) if times.exists() else {}
    with given_weights(dict(pair.split("=", 1) for pair in options.weights)):
        for file in sorted(options.folder.glob("*.py")):
            output = dreams / f"{file.stem}.webp"
            fresh = output.exists() and file.stem in made and made[file.stem]["code"] == code_of(file)
            if (file.stem not in options.names) if options.names else fresh:
                continue
            made[file.stem] = make(file, output)
            times.write_text(json.dumps(dict(sorted(made.items())), indent=1) + "\n")
            print(file.stem, made[file.stem], output.stat().st_size, flush=True)
            keras.utils.clear_session()


if __name__ == "__main__":
    main()
