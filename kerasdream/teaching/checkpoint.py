"""What a teaching has reached, in one file beside its output: the same command goes on from there."""

import dataclasses
import json
import pathlib
import zipfile

import numpy as np

from kerasdream.image.files import write_whole
from kerasdream.types import Array


@dataclasses.dataclass
class Progress:
    """How far a teaching is: steps and seconds so far, its best score, and after how many steps that was."""

    steps: int = 0
    seconds: float = 0.0
    best: float = float("inf")  # error on held-out pictures
    best_step: int = 0


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A file with the progress and the arrays of a teaching; of other pictures or settings it is as if there was none.

    >>> checkpoint = Checkpoint(pathlib.Path("mine.teaching.npz"), "of these pictures")
    >>> checkpoint.save(Progress(steps=7), [np.ones(2)])
    >>> progress, arrays = checkpoint.load()
    >>> progress.steps, arrays[0].tolist()
    (7, [1.0, 1.0])
    >>> Checkpoint(checkpoint.path, "of others").load() is None
    True
    """

    path: pathlib.Path
    fingerprint: str

    def save(self, progress: Progress, arrays: list[Array]) -> None:
        """Write the file, whole or not at all."""
        header = json.dumps(dataclasses.asdict(progress) | {"fingerprint": self.fingerprint})
        named = {f"a{number}": array for number, array in enumerate(arrays)}
        write_whole(self.path, lambda file: np.savez(file, header=np.array(header), **named), overwrite=True)  # type: ignore[arg-type]

    def load(self) -> tuple[Progress, list[Array]] | None:
        """Return the progress and the arrays; None where there is no such file, or it is damaged or of another."""
        try:
            with open(self.path, "rb") as content, np.load(content, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                if header.pop("fingerprint") != self.fingerprint:
                    return None
                return Progress(**header), [file[f"a{number}"] for number in range(len(file.files) - 1)]
        except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def forget(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
