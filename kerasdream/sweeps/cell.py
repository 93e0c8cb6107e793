"""One dream of a sweep with its figures: made of a result, or read back from the file that an earlier call left."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files, metadata
from kerasdream.result import DreamResult
from kerasdream.sweeps.axes import Settings, label_of
from kerasdream.sweeps.plan import Point, picture_of

NONE = float("nan")


@dataclasses.dataclass(frozen=True)
class Cell:
    """One dream of a sweep.

    `values` are the settings that vary. `loss` is the last one, `psnr` (dB) and `mean_change` (levels of 255) measure
    the dream against the original. `error` is the reason why there is no picture.

    >>> Cell({"step": 0.04}, loss=2.5).label
    'step 0.04'
    """

    values: Settings
    loss: float = NONE
    psnr: float = NONE
    mean_change: float = NONE
    seconds: float = NONE
    losses: list[np.ndarray] = dataclasses.field(default_factory=list, repr=False)
    path: pathlib.Path | None = None
    error: str = ""
    picture: Image.Image | None = dataclasses.field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        """Return the dream; None where it failed."""
        return files.decode(self.path, None) if self.path and self.picture is None else self.picture

    @property
    def label(self) -> str:
        """Return the settings that vary, as text."""
        return label_of(self.values)


def save_cell(point: Point, result: DreamResult) -> Cell:
    """Return the cell of a finished dream, saved into its file where it has one."""
    image = result.picture.as_pillow(result.image)
    if point.path is not None:
        result.save(point.path)
    original = result.picture.as_pillow(result.picture.source)
    figures = figures_of(result.losses, original, image)
    picture = image if point.path is None else None
    return Cell(point.values, *figures, result.seconds, result.losses, point.path, picture=picture)


def load_cell(point: Point) -> Cell | None:
    """Return the cell that an earlier call left in its file, or None.

    OutputError where the file was dreamt with other settings, or from another picture.
    """
    if point.path is None or not point.path.exists():
        return None
    record = metadata.record_of(point.path)
    picture = picture_of(point)
    wanted = DreamResult(None, [], point.config, 0.0, picture).record()
    settings = json.loads(json.dumps(wanted["settings"])).items()
    different = [name for name, value in settings if record["settings"].get(name) != value]
    different += ["picture"] * (record.get("picture") != wanted["picture"])
    if different:
        raise OutputError(
            f"{str(point.path)!r} was dreamt with another {', '.join(different)}. Name another folder, or empty this "
            "one."
        )
    losses = [np.array([NONE if loss is None else loss for loss in octave]) for octave in record["losses"]]
    original, image = picture.as_pillow(picture.source), files.decode(point.path, None)
    return Cell(point.values, *figures_of(losses, original, image), record["seconds"], losses, point.path)


def figures_of(losses: Sequence[np.ndarray], original: Image.Image, image: Image.Image) -> tuple[float, float, float]:
    """Return the last loss, and how far a dream is from its original: PSNR in dB and mean absolute change of 255.

    >>> original, dream = Image.new("RGB", (4, 4)), Image.new("RGB", (4, 4), (51, 51, 51))
    >>> [round(figure, 1) for figure in figures_of([np.array([1.0, 2.0])], original, dream)]
    [2.0, 14.0, 51.0]
    """
    before, after = (np.asarray(files.as_rgb(one), np.float32) for one in (original, image))
    square = float(np.square(after - before, dtype=np.float64).mean())
    psnr = float(10 * np.log10(255**2 / square)) if square else float("inf")
    return float(losses[-1][-1]) if len(losses) else NONE, psnr, float(np.abs(after - before).mean())
