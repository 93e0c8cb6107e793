"""The folder beside a film in which its frames wait: a journey that was cut off goes on from here."""

import json
import pathlib
import re
import shutil
from collections.abc import Mapping

import numpy as np
from PIL import Image

from kerasdream.errors import OutputError, warn
from kerasdream.image import files
from kerasdream.types import Array

STATE = re.compile(r"state-(\d+)\.npy")


class Workspace:
    """The frames that are done, and the last picture in full precision, so that going on changes nothing."""

    def __init__(self, film: pathlib.Path, settings: Mapping[str, object]):
        """Open or make the folder of a film. What lies there from other settings is dreamt anew, with a warning."""
        self.folder = film.with_name(f"{film.name}.frames")
        text = json.dumps(settings, sort_keys=True, indent=1)
        note = self.folder / "settings.json"
        if self.folder.exists() and not note.is_file() and any(self.folder.iterdir()):
            raise OutputError(f"{str(self.folder)!r} is in the way; that name is for the frames of {film.name!r}.")
        if note.is_file() and note.read_text() != text:
            warn(f"{str(self.folder)!r} holds frames of other settings; they are made anew.")
            self.remove()
        files.make_folder(self.folder)
        files.write_whole(note, lambda file: file.write(text.encode()), overwrite=True)

    def done(self) -> int:
        """Return how many frames are done."""
        numbers = [int(found[1]) for path in self.folder.iterdir() if (found := STATE.fullmatch(path.name))]
        return max(numbers, default=-1) + 1

    def path(self, frame: int) -> pathlib.Path:
        """Return the path of a frame."""
        return self.folder / f"{frame:06d}.png"

    def keep(self, frame: int, picture: Array, image: Array) -> None:
        """Keep a frame: first what is shown, then the picture that the next frame starts from."""
        files.save(Image.fromarray(image), self.path(frame), overwrite=True)
        files.write_whole(self.state(frame), lambda file: np.save(file, picture, allow_pickle=False), overwrite=True)
        if frame > 1:  # the first one stays: loops lead back to it
            self.state(frame - 1).unlink(missing_ok=True)

    def state(self, frame: int) -> pathlib.Path:
        """Return the path of the picture that a frame leaves for the next."""
        return self.folder / f"state-{frame:06d}.npy"

    def picture(self, frame: int) -> Array:
        """Return the picture that a frame left."""
        picture: Array = np.load(self.state(frame), allow_pickle=False)
        return picture

    def image(self, frame: int) -> Array:
        """Return a frame as it is shown."""
        with Image.open(self.path(frame)) as image:
            return np.asarray(image.convert("RGB"))

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)
