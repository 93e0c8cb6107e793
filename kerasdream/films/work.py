"""The folder beside a film that is being dreamt: its finished frames, and what the next one needs."""

import json
import os
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.films.carry import Carried
from kerasdream.films.scene import SceneState
from kerasdream.image import files
from kerasdream.types import Array


class WorkFolder:
    """Keeps each frame as it is finished, so that a film that was ended goes on where it was.

    >>> work = WorkFolder("film.mp4", {"mode": "each"})
    >>> work.add(1, np.zeros((8, 8, 3), np.uint8), None)
    >>> WorkFolder("film.mp4", {"mode": "each"}).done
    1
    """

    def __init__(self, target: files.StrPath, key: Mapping[str, object], overwrite: bool = False):
        """Open the folder of a film, `film.mp4.frames`; `key` tells what is dreamt, and with which settings.

        Raises OutputError where the folder has the frames of other settings, unless `overwrite`.
        """
        target = pathlib.Path(target)
        self.folder = target.with_name(f"{target.name}.frames")
        self.state_file, key_file = self.folder / "state.npz", self.folder / "film.json"
        text = json.dumps(key, sort_keys=True, indent=1)
        if self.folder.exists() and not (key_file.is_file() and key_file.read_text() == text):
            if not overwrite and any(one.name[0] != "." for one in self.folder.iterdir()):
                raise OutputError(
                    f"The folder {str(self.folder)!r} holds frames that other settings have made, or another film. "
                    "Remove it, choose another output, or say overwrite."
                )
            shutil.rmtree(self.folder)
        files.make_folder(self.folder)
        if not key_file.is_file():
            files.write_whole(key_file, lambda file: file.write(text.encode()), overwrite=True)
        self.done = self.read_done()

    def read_done(self) -> int:
        """Return how many frames are finished."""
        if not self.state_file.is_file():
            return 0
        with np.load(self.state_file, allow_pickle=False) as state:
            return int(state["done"])

    def frame_file(self, number: int) -> pathlib.Path:
        """Return the file of a frame, counted from 1."""
        return self.folder / f"{number:06d}.png"

    def add(self, number: int, frame: Array, state: SceneState | None) -> None:
        """Keep a finished frame, then what the next one needs: whatever ends us between, nothing is half done."""
        image = Image.fromarray(frame)
        write(self.frame_file(number), lambda file: image.save(file, "PNG", compress_level=1))
        arrays: dict[str, Any] = {"done": np.int64(number)}
        if state is not None:
            arrays |= {"dreamt": state.carried.dreamt, "effort": state.carried.effort, "steps": state.steps}
        write(self.state_file, lambda file: np.savez(file, **arrays))
        self.done = number

    def state(self, before: Array) -> SceneState | None:
        """Return what the next frame needs; `before` is the source's frame before it."""
        with np.load(self.state_file, allow_pickle=False) as state:
            if "dreamt" not in state:
                return None
            carried = Carried(state["dreamt"], state["effort"])
            return SceneState(before, carried, tuple(state["steps"].tolist()))

    def frame(self, number: int) -> Array:
        """Return a finished frame."""
        with Image.open(self.frame_file(number), formats=("PNG",)) as image:
            return np.asarray(image)

    def remove(self) -> None:
        """Remove the folder: the film is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write(target: pathlib.Path, save: files.Write) -> None:
    """Write a file that is whole whenever the process ends; it need not survive a loss of power, so nothing waits."""
    beside = target.with_name(f".{target.name}.tmp")
    try:
        with open(beside, "wb") as file:
            save(file)
        os.replace(beside, target)
    except OSError as fault:
        raise OutputError(
            f"{str(target)!r} cannot be written: {fault.strerror or fault}. The same call goes on from the frames "
            "that are there."
        ) from fault
