"""What a dream leaves behind: the finished one with its record, and the moments on the way."""

import dataclasses
import importlib.metadata
import os
import pathlib
import platform
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.image import animation, files
from kerasdream.image.picture import Picture


class Snapshot(NamedTuple):
    """The picture after so many steps, of the kind that went in."""

    step: int
    image: Any


@dataclasses.dataclass(frozen=True)
class DreamResult:
    """A finished dream.

    `image` is of the kind that went in. `losses` holds one array per octave, with a number per step (a row of
    them for a batch; NaN once a picture had passed `max_loss`).

    >>> result = kerasdream.Dreamer().run("sky.jpg")
    >>> result.save("dream.png")
    """

    image: Any
    losses: list[np.ndarray]
    config: DreamConfig
    seconds: float
    picture: Picture = dataclasses.field(repr=False)
    snapshots: list[Snapshot] = dataclasses.field(default_factory=list, repr=False)

    def record(self) -> dict[str, Any]:
        """All that is needed to dream this again, as plain values. Of paths, only the names."""
        settings = self.config.as_dict()
        settings["weights"] = os.path.basename(settings["weights"])
        settings["mask"] = settings["mask"] and os.path.basename(settings["mask"])
        settings["layers"] = self.config.layers and self.config.layers.without_folders().as_dict()
        return {
            "settings": settings,
            "versions": versions(),
            "losses": [[plain(loss) for loss in octave] for octave in self.losses],
            "seconds": round(self.seconds, 2),
            "source": os.path.basename(self.picture.path) if self.picture.path else None,
            "picture": self.picture.digest(),
        }

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False, metadata: bool = True) -> pathlib.Path:
        """Write the picture as PNG, JPEG, WebP or TIFF, with its settings inside unless `metadata` is False.

        >>> kerasdream.Dreamer().run("sky.jpg").save("dream.png")
        PosixPath('dream.png')
        """
        return files.save(
            self.picture.as_pillow(as_array(self.image)),
            path,
            record=self.record() if metadata else None,
            overwrite=overwrite,
            source=self.picture.path,
        )

    def animate(self, path: str | os.PathLike[str], *, seconds: float = 6.0, overwrite: bool = False) -> pathlib.Path:
        """Write the dream's growth, from the original over all snapshots to its end, as .gif, .webp or .mp4.

        >>> result = kerasdream.Dreamer(snapshots=2).run("sky.jpg")
        >>> result.animate("growth.webp")
        PosixPath('growth.webp')
        """
        if self.config.snapshots is None:
            raise ConfigError("The dream kept no snapshots; dream with snapshots=2, say, to keep every second step.")
        frames = [self.picture.source, *(snapshot.image for snapshot in self.snapshots)]
        if not self.snapshots or self.snapshots[-1].step < sum(map(len, self.losses)):
            frames.append(self.image)
        pictures = [self.picture.as_pillow(as_array(frame)) for frame in frames]
        return animation.animate(pictures, path, seconds=seconds, overwrite=overwrite)


def as_array(image: Any) -> Any:
    """A tensor as a numpy array; arrays and PIL images as they are."""
    return ops.convert_to_numpy(image) if ops.is_tensor(image) else image


def versions() -> dict[str, str | None]:
    """What a picture was made with."""
    packages = ("kerasdream", "keras", keras.backend.backend(), "numpy", "pillow")
    return {"python": platform.python_version()} | {name: version_of(name) for name in packages}


def version_of(package: str) -> str | None:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def plain(loss: np.ndarray) -> Any:
    """A loss as JSON holds it: a number, or a list for a batch, null for a picture that had ended."""
    numbers = [float(f"{value:.7g}") if np.isfinite(value) else None for value in np.atleast_1d(loss)]
    return numbers if loss.ndim else numbers[0]


@dataclasses.dataclass
class Moment:
    """What a callback sees after each step. Octaves and steps count from 0.

    `loss` is the mean over the batch of `losses`. `picture()` makes the dream so far, of the kind that went in;
    `stop()` ends the dream after this step.
    """

    octave: int
    num_octave: int
    step: int
    iterations: int
    loss: float
    losses: np.ndarray
    picture: Callable[[], Any]
    stopped: bool = False

    def stop(self) -> None:
        """End the dream: `run` returns the picture so far."""
        self.stopped = True
