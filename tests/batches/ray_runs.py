"""What tests on Ray share: folders of small pictures, and the program as a process that they may kill."""

import importlib.util
import json
import os
import pathlib
import pickle
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from kerasdream.loading import ONE_THREAD

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "kerasdream", "batch", "photos"]
QUICK = ["--model=small.keras", "--layers=relu2", "--iterations=1", "--num_octave=1", "--max_loss=none"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='Ray is not installed: pip install "kerasdream[ray]"'
)


def picture(number, height=32, width=32):
    """A picture of noise, each number another."""
    return np.random.default_rng(number).integers(0, 256, (height, width, 3)).astype(np.uint8)


def make_photos(folder, count, bad=()):
    """Write so many small pictures into a new folder; some numbers are none."""
    folder.mkdir()
    for number in range(count):
        Image.fromarray(picture(number)).save(folder / f"{number:04d}.png", compress_level=1)
    for number in bad:
        (folder / f"{number:04d}.png").write_text("no picture")


def files_of(output):
    """The files of an output but its manifest and what a kill left behind, by name."""
    found = {str(path.relative_to(output)): path.read_bytes() for path in sorted(output.rglob("*")) if path.is_file()}
    return {name: content for name, content in found.items() if ".kerasdream-" not in name}


def failed_keys(output):
    """The keys of the pictures that errors.jsonl tells."""
    return sorted(json.loads(line)["key"] for line in (output / "errors.jsonl").read_text().splitlines())


def rows_of(output):
    """How many rows the manifest of an output has that nobody holds."""
    base = sqlite3.connect(output / ".kerasdream-batch.sqlite")
    try:
        return base.execute("SELECT count(*) FROM dreams").fetchone()[0]
    finally:
        base.close()


def dream_here(rows, folder, output, model, **settings):
    """Dream rows in a process of its own, with a thread for each dream as actors have."""
    model.save(folder / "small.keras")
    (folder / "rows.pickle").write_bytes(pickle.dumps((rows, settings)))
    code = f"""
import keras, kerasdream, pickle
rows, settings = pickle.load(open("rows.pickle", "rb"))
kerasdream.dream_many(rows, {output!r}, model=keras.models.load_model("small.keras"), **settings)
"""
    environment = ENVIRONMENT | ONE_THREAD
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)


def batch(folder, output, *more):
    """Run the program to its end; returns its exit status and what it printed."""
    line = [*PROGRAM, output, *QUICK, *more]
    done = subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def start_batch(folder, output, *more):
    """Start the program."""
    with open(folder / f"{output}.log", "ab") as log:
        return subprocess.Popen([*PROGRAM, output, *QUICK, *more], cwd=folder, env=ENVIRONMENT, stdout=log, stderr=log)


def wait_for_dreams(process, output, count):
    """Wait until there are so many dreams in an output, or its process has ended."""
    while process.poll() is None and len(list(output.glob("*.png"))) < count:
        threading.Event().wait(0.05)
    assert process.poll() is None, "it ended before it could be disturbed"
