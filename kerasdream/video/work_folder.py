"""The folder beside a film in which its frames wait: what was cut off goes on from here."""

import contextlib
import copy
import itertools
import json
import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files
from kerasdream.types import Array


class WorkFolder:
    """Keeps finished frames, counted from 1, and what the next one needs, so that going on changes nothing.

    Several processes may share a folder, each with a run of frames of its own.

    >>> work = WorkFolder(pathlib.Path("film.mp4"), {"zoom": 1.02})
    >>> work.add([np.zeros((8, 8, 3), np.uint8)], {"effort": np.ones((8, 8))})
    >>> again = WorkFolder(pathlib.Path("film.mp4"), {"zoom": 1.02})
    >>> again.done, again.state["effort"].shape, again.frame(1).shape
    (1, (8, 8), (8, 8, 3))
    """

    def __init__(self, target: pathlib.Path, key: Mapping[str, object], overwrite: bool = False):
        """Open or make `film.mp4.frames`; `key` tells what is dreamt, and with which settings.

        Frames of other settings are removed with `overwrite`, and `begun_anew` tells; without it they are an
        OutputError, as is always what is no work folder.
        """
        self.folder = target.with_name(f"{target.name}.frames")
        key_file, text = self.folder / "settings.json", json.dumps(key, sort_keys=True, indent=1)
        if not key_file.is_file() and self.folder.exists() and any(one.name[0] != "." for one in self.folder.iterdir()):
            raise OutputError(f"{str(self.folder)!r} is in the way; that name is for the frames of {target.name!r}.")
        self.begun_anew = key_file.is_file() and key_file.read_text() != text
        if self.begun_anew and not overwrite:
            raise OutputError(
                f"The folder {str(self.folder)!r} holds frames that other settings have made, or another film. "
                "Remove it, choose another output, or say overwrite."
            )
        if self.begun_anew:
            self.remove()
        files.make_folder(self.folder)
        if not key_file.is_file():
            files.write_whole(key_file, lambda file: file.write(text.encode()), overwrite=True)
        self.begin(1)

    def begin(self, first: int) -> None:
        """Take up the run of frames that begins with `first`, where it is."""
        self.first = first
        self.state = self.load(f"state-{first:06d}")
        self.done = int(self.state.pop("done", first - 1))

    def runs(self, first: int, last: int) -> list[tuple["WorkFolder", int]]:
        """Return the runs from a frame to another, each with its last frame: one, and those begun after `first`."""
        numbers = (int(path.stem.removeprefix("state-")) for path in self.folder.glob("state-*.npz"))
        starts = [first, *sorted(number for number in numbers if first < number <= last), last + 1]
        runs = []
        for begin, after in itertools.pairwise(starts):
            run = copy.copy(self)
            run.begin(begin)
            runs.append((run, after - 1))
        return runs

    def add(self, frames: Sequence[Array], state: Mapping[str, Array]) -> None:
        """Keep finished frames, then what the next one needs: whatever ends us between, nothing is half done."""
        for number, frame in enumerate(frames, self.done + 1):
            self.put(number, frame)
        done = self.done + len(frames)
        self.save(f"state-{self.first:06d}", {"done": np.array(done), **state})
        self.done = done

    def put(self, number: int, frame: Array) -> None:
        """Write a frame."""
        image = Image.fromarray(frame)
        write(self.path(number), lambda file: image.save(file, "PNG", compress_level=0))

    def frame(self, number: int) -> Array:
        """Return a finished frame."""
        with Image.open(self.path(number), formats=("PNG",)) as image:
            return np.asarray(image)

    def path(self, number: int) -> pathlib.Path:
        """Return the file of a frame."""
        return self.folder / f"{number:06d}.png"

    def save(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Write arrays by name."""
        named: Any = dict(arrays)
        write(self.folder / f"{name}.npz", lambda file: np.savez(file, **named))

    def load(self, name: str) -> dict[str, Array]:
        """Return the arrays saved under a name, none where there are none."""
        try:
            with np.load(self.folder / f"{name}.npz", allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            return {}

    def remove(self) -> None:
        """Remove the folder; what ends us meanwhile leaves none that is half there."""
        old = files.part_beside(self.folder)
        with contextlib.suppress(FileNotFoundError):
            self.folder.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def beside(target: pathlib.Path, word: str) -> pathlib.Path:
    """Return the name beside a film of what belongs to it.

    >>> beside(pathlib.Path("sea.mp4"), "partial"), beside(pathlib.Path("frames"), "partial")
    (PosixPath('sea.partial.mp4'), PosixPath('frames-partial'))
    """
    return target.with_name(f"{target.stem}.{word}{target.suffix}" if target.suffix else f"{target.name}-{word}")


def write(target: pathlib.Path, save: files.Write) -> None:
    """Write a file that is whole whenever the process ends; it need not survive a loss of power, so nothing waits."""
    part = files.part_beside(target)
    try:
        with open(part, "wb") as file:
            save(file)
        os.replace(part, target)
    except OSError as fault:
        raise OutputError(
            f"{str(target)!r} cannot be written: {fault.strerror or fault}. The same call goes on from the frames "
            "that are there."
        ) from fault
