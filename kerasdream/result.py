"""What a dream leaves behind: the finished one with its record, and the moments on the way."""

import dataclasses
import functools
import importlib.metadata
import io
import os
import pathlib
import platform
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, overload

import keras
import numpy as np
from keras import ops

from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, warn
from kerasdream.image import files
from kerasdream.image.blend import blend
from kerasdream.image.metadata import Loss, Record
from kerasdream.image.picture import Picture
from kerasdream.model.saved import is_saved
from kerasdream.video import animation, writer

SHOWN = 1024  # pixels: the longer side of a picture in a notebook


class Snapshot(NamedTuple):
    """The picture after so many steps, of the kind that went in."""

    step: int
    image: Any


@dataclasses.dataclass(frozen=True, repr=False)
class DreamResult:
    """A finished dream. In a notebook it shows its picture.

    `image` is of the kind that went in. `losses` holds one array per octave, with a number per step (a row of
    them for a batch; NaN once a picture had passed `max_loss`). `opacity` (H, W), or (N, H, W) for a batch, says from
    0 to 1 how much each place counted, where the knob of that name asked for it.

    >>> from kerasdream import Dreamer, sample
    >>> result = Dreamer(model="mini", iterations=1).run(sample())
    >>> result.image.size
    (768, 512)
    """

    image: Any
    losses: list[np.ndarray]
    config: DreamConfig
    seconds: float
    picture: Picture
    snapshots: list[Snapshot] = dataclasses.field(default_factory=list)
    opacity: np.ndarray | None = None

    def __repr__(self) -> str:
        count, height, width = self.picture.pixels.shape[:3]
        pictures = f"{count} pictures of " if count > 1 else ""
        loss = f", loss {np.nanmean(self.losses[-1][-1]):.4g}" if self.losses else ""
        steps = sum(map(len, self.losses))
        return f"<DreamResult: {pictures}{width} x {height} pixels, {steps} steps{loss}, {self.seconds:.1f} s>"

    def _repr_png_(self) -> bytes | None:
        """Return the picture as a notebook shows it; None for a batch."""
        if getattr(self.image, "ndim", 0) == 4:
            return None
        shown = self.picture.as_pillow(as_array(self.image)).copy()
        shown.thumbnail((SHOWN, SHOWN))
        file = io.BytesIO()
        files.encoder(shown, ".png")(file)
        return file.getvalue()

    def through_opacity(self) -> "DreamResult":
        """Return the same dream, its picture shown through the opacity map: elsewhere the original shows.

        Raises ConfigError where the dream kept no map.

        >>> from kerasdream import Dreamer, sample
        >>> result = Dreamer(model="mini", iterations=1, opacity=True).run(sample())
        >>> result.through_opacity().image.size
        (768, 512)
        """
        if self.opacity is None:
            raise ConfigError("The dream kept no opacity map; dream with opacity=True.")
        dreamt, before = Picture.of(as_array(self.image)).pixels, self.picture.pixels
        shown = self.opacity.reshape(*before.shape[:3], 1)

        def rows_of(rows: slice) -> np.ndarray:
            return blend(dreamt[:, rows], before[:, rows].astype(np.float32), shown[:, rows], False)

        image = self.picture.restore(rows_of)
        if ops.is_tensor(self.image):
            image = ops.convert_to_tensor(image, self.image.dtype)
        return dataclasses.replace(self, image=image)

    def record(self) -> Record:
        """Return all that is needed to dream this again, as plain values. Of paths, only the names."""
        return {
            "settings": recorded_settings(self.config),
            "versions": versions(),
            "losses": [[plain(loss) for loss in octave] for octave in self.losses],
            "seconds": round(self.seconds, 2),
            "source": os.path.basename(self.picture.path) if self.picture.path else None,
            "picture": self.picture.digest(),
        }

    @overload
    def save(
        self, path: files.StrPath, *, overwrite: bool = False, metadata: bool = True, format: str | None = None
    ) -> pathlib.Path: ...

    @overload
    def save(self, path: BinaryIO, *, format: str, overwrite: bool = False, metadata: bool = True) -> None: ...

    def save(
        self,
        path: files.StrPath | BinaryIO,
        *,
        overwrite: bool = False,
        metadata: bool = True,
        format: str | None = None,
    ) -> pathlib.Path | None:
        """Write the picture as PNG, JPEG, WebP or TIFF, with its settings inside unless `metadata` is False.

        Returns the path of the file. Where that name is taken, the picture gets the next free one, "dream-2.png", and
        a DreamWarning says so; `overwrite=True` replaces what is there, but never the picture that was dreamt. An open
        file does as well, with a `format` such as "png". Raises OutputError where nothing can be written.

        >>> from kerasdream import Dreamer, sample
        >>> result = Dreamer(model="mini", iterations=1).run(sample())
        >>> result.save("dream.png")  # doctest: +SKIP
        PosixPath('dream.png')
        >>> result.save(io.BytesIO(), format="png")
        """
        image, record = self.picture.as_pillow(as_array(self.image)), self.record() if metadata else None
        if hasattr(path, "write") and not isinstance(path, str | os.PathLike):
            files.write_to(path, files.encoder(image, files.ending_of(format, files.WRITES), record))
            return None
        first, source = files.as_path(path), self.picture.path

        def save(target: pathlib.Path) -> pathlib.Path:
            return files.save(image, target, format=format, record=record, overwrite=overwrite, source=source)

        return save_kept(first, save, overwrite and not files.is_same(first, source))

    @overload
    def animate(self, path: files.StrPath, *, seconds: float = 6.0, overwrite: bool = False) -> pathlib.Path: ...

    @overload
    def animate(self, path: BinaryIO, *, format: str, seconds: float = 6.0, overwrite: bool = False) -> None: ...

    def animate(
        self,
        path: files.StrPath | BinaryIO,
        *,
        seconds: float = 6.0,
        overwrite: bool = False,
        format: str | None = None,
    ) -> pathlib.Path | None:
        """Write the dream's growth, from the original over all snapshots to its end: .gif, .webp, .mp4, .webm.

        The film takes so many seconds, and shows its end for one more. Taken names, `overwrite` and open files, with a
        `format`, are treated as `save` treats them. Raises ConfigError where the dream kept no snapshots.

        >>> from kerasdream import Dreamer, sample
        >>> result = Dreamer(model="mini", iterations=1, snapshots=1).run(sample())
        >>> result.animate("growth.webp")  # doctest: +SKIP
        PosixPath('growth.webp')
        """
        if self.config.snapshots is None:
            raise ConfigError("The dream kept no snapshots; dream with snapshots=2, say, to keep every second step.")
        frames = [self.picture.source, *(snapshot.image for snapshot in self.snapshots)]
        if not self.snapshots or self.snapshots[-1].step < sum(map(len, self.losses)):
            frames.append(self.image)
        pictures = [self.picture.as_pillow(as_array(frame)) for frame in frames]
        if hasattr(path, "write") and not isinstance(path, str | os.PathLike):
            files.write_to(path, animation.film(pictures, files.ending_of(format, writer.ENDINGS), seconds))
            return None

        def save(target: pathlib.Path) -> pathlib.Path:
            return animation.animate(pictures, target, seconds=seconds, overwrite=overwrite)

        return save_kept(files.as_path(path), save, overwrite)


def save_kept(path: pathlib.Path, save: Callable[[pathlib.Path], pathlib.Path], overwrite: bool) -> pathlib.Path:
    """Let `save` write under a path or, without `overwrite`, under the next free name, with a warning that says so."""
    if overwrite:
        return save(path)
    target = files.save_free(path, save)
    if target != path:
        warn(f"{str(path)!r} exists; {str(target)!r} was written.")
    return target


def as_array(image: Any) -> Any:
    """Return a tensor as a numpy array; arrays and PIL images as they are."""
    return ops.convert_to_numpy(image) if ops.is_tensor(image) else image


def recorded_settings(config: DreamConfig) -> dict[str, Any]:
    """Return the settings of a dream as its record holds them: of paths, only the names."""
    settings = config.as_dict()
    settings["weights"] = os.path.basename(settings["weights"])
    settings["model"] = os.path.basename(settings["model"]) if is_saved(settings["model"]) else settings["model"]
    settings["mask"] = settings["mask"] and os.path.basename(settings["mask"])
    settings["layers"] = config.layers and config.layers.without_folders().as_dict()
    return settings


def versions() -> dict[str, str | None]:
    """Return the versions of what a picture was made with."""
    packages = ("kerasdream", "keras", keras.backend.backend(), "numpy", "pillow")
    return {"python": platform.python_version()} | {name: version_of(name) for name in packages}


@functools.cache
def version_of(package: str) -> str | None:
    """Return the installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def plain(loss: np.ndarray) -> Loss:
    """Return a loss as JSON holds it: a number, or a list for a batch, null for a picture that had ended."""
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
