"""Sweeps: one picture dreamt with several values of a knob or two, side by side on a labelled sheet."""

import csv
import dataclasses
import io
import itertools
import json
import os
import pathlib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from PIL import Image, ImageDraw

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig, at_octave, check_names
from kerasdream.dreamer import Dreamer, DreamerCache, compile_objective
from kerasdream.errors import ConfigError, DreamError, OutputError
from kerasdream.image import files, metadata
from kerasdream.image.montage import fitted, montage
from kerasdream.objectives import Objective
from kerasdream.resolution import build_network, needs_classes, open_picture, resolve_config
from kerasdream.result import DreamResult

LARGEST_CELL = 512  # pixels: the longer side of a picture on a sheet
ROW = 4  # pictures of one knob that stand in one row
FIGURES = ("loss", "psnr", "mean_change", "seconds")
Values = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One dream of a sweep.

    `values` are the settings that vary. `loss` is the last one, `psnr` (dB) and `mean_change` (levels of 255) say how
    far the dream went from the original. `error` says why there is no picture.
    """

    values: Values
    loss: float = float("nan")
    psnr: float = float("nan")
    mean_change: float = float("nan")
    seconds: float = float("nan")
    losses: list[np.ndarray] = dataclasses.field(default_factory=list, repr=False)
    path: pathlib.Path | None = None
    error: str = ""
    picture: Image.Image | None = dataclasses.field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        """The dream; None where it failed."""
        return files.decode(self.path, None) if self.path and self.picture is None else self.picture

    @property
    def label(self) -> str:
        """The settings that vary, in words."""
        told = {name: words(value) for name, value in self.values.items()}
        return ", ".join(value if name == "variants" else f"{name} {value}" for name, value in told.items())


class Sweep:
    """The dreams of every combination of values: iterate for the cells as they come, ask `sheets()` for all.

    >>> sweep = kerasdream.sweep("sky.jpg", step=[0.01, 0.04], iterations=[10, 50])
    >>> [cell.label for cell in sweep]
    ['step 0.01, iterations 10', 'step 0.01, iterations 50', 'step 0.04, iterations 10', 'step 0.04, iterations 50']
    >>> sweep.sheets()[0].save("sheet.png")
    """

    def __init__(
        self,
        image: Any,
        layers: Any = None,
        *,
        model: Any = None,
        preprocess: Preprocess | None = None,
        variants: Mapping[str, Mapping[str, Any]] | None = None,
        output: str | os.PathLike[str] | None = None,
        **settings: Any,
    ):
        """See `sweep`."""
        check_names(settings)
        if settings.get("snapshots") is not None:
            raise ConfigError("A sweep keeps no snapshots. Vary iterations to see a dream grow.")
        named = {"layers": layers, "model": model, "variants": variants}
        given = {"image": image} | {name: value for name, value in named.items() if value is not None} | settings
        self.axes = {name: values for name, value in given.items() if (values := axis_of(name, value)) is not None}
        self.fixed = {name: value for name, value in given.items() if name not in self.axes}
        self.preprocess, self.variants = preprocess, variants or {}
        self.points = [dict(zip(self.axes, values, strict=True)) for values in itertools.product(*self.axes.values())]
        fallback = None
        self.configs: list[DreamConfig] = []
        for point in self.points:
            wanted = self.settings_of(point)
            if not {"model", "weights"} & wanted.keys():  # looked for once
                fallback = wanted["model"] = fallback or resolve_config(None, None, None, {}).model
            self.configs.append(
                resolve_config(wanted.pop("layers", None), wanted.pop("model", None), preprocess, wanted)
            )
        self.folder = None if output is None else pathlib.Path(output)
        self.paths = self.find_paths()
        self.networks: dict[Any, tuple[keras.Model, Preprocess | None]] = {}
        self.dreamers = DreamerCache()
        self.cells: dict[int, Cell] = {}
        self.latest: tuple[int, DreamResult] | None = None
        self.network_at(0)  # a layer that the network does not have is told before anything is dreamt

    def settings_of(self, point: Values) -> Values:
        """All settings of a point but its picture."""
        wanted = {name: value for name, value in (self.fixed | point).items() if name not in ("image", "variants")}
        return wanted | dict(self.variants.get(point.get("variants", ""), {}))

    def find_paths(self) -> list[pathlib.Path | None]:
        """Where each picture goes; the same for the same values, whatever else is swept."""
        if self.folder is None:
            return [None] * len(self.points)
        files.make_folder(self.folder)
        paths: list[pathlib.Path | None] = []
        for name in map(file_name, self.points):
            number = 1
            while (path := self.folder / (f"{name}.png" if number == 1 else f"{name}-{number}.png")) in paths:
                number += 1  # two pictures of one name, in different folders
            paths.append(path)
        return paths

    # The dreams

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Cell]:
        for number in range(len(self.points)):
            if number not in self.cells:
                self.fill(number)
                self.write_table()
            yield self.cells[number]

    def fill(self, number: int) -> None:
        """Put a cell in its place: from its file, or from a dream, which may fill others too."""
        kept = self.kept(number)
        if kept is not None:
            self.cells[number] = kept
            return
        if self.latest and self.ended(*self.latest, number):
            self.cells[number] = self.cell(number, dataclasses.replace(self.latest[1], config=self.configs[number]))
            return
        run = [other for other in self.run_of(number) if other == number or not self.is_kept(other)]
        last = max(run, key=lambda other: at_octave(self.configs[other].iterations, 0))
        config = self.configs[last]
        if len(run) > 1:
            config = config.replace(snapshots=tuple(at_octave(self.configs[other].iterations, 0) for other in run))
        try:
            result = self.dreamer_for(last, config).run(self.picture_of(number))
        except DreamError as fault:
            for other in run:
                self.cells[other] = Cell(self.points[other], error=str(fault))
            return
        for other in run:
            self.cells[other] = self.cell(other, stage(result, self.configs[other]))
        self.latest = last, dataclasses.replace(result, snapshots=[])

    def ended(self, before: int, result: DreamResult, number: int) -> bool:
        """Whether a run ended at every size before its iterations did: more of them change nothing."""
        had, wanted = self.configs[before], self.configs[number]
        return (
            isinstance(had.iterations, int)
            and isinstance(wanted.iterations, int)
            and had.iterations <= wanted.iterations
            and not had.blur_growth
            and all(len(octave) < had.iterations for octave in result.losses)
            and same(self.key_of(before), self.key_of(number))
        )

    def run_of(self, number: int) -> list[int]:
        """The cells that are stages of one run: at one size, fewer iterations are the beginning of more.

        With several sizes they are not: the second size begins where the first ended, after as many steps.
        """
        config = self.configs[number]
        if config.num_octave > 1 or config.blur_growth:
            return [number]

        return [other for other in range(len(self.points)) if same(self.key_of(other), self.key_of(number))]

    def key_of(self, number: int) -> tuple[Any, ...]:
        """All that makes the dream of a cell, but how many iterations it has."""
        return self.network_key(number), self.picture_of(number), self.configs[number].replace(iterations=1)

    def cell(self, number: int, result: DreamResult) -> Cell:
        """The cell of a finished dream, kept in its file."""
        path = self.paths[number]
        image = result.picture.as_pillow(result.image)
        if path is not None:
            result.save(path)
        original = result.picture.as_pillow(result.picture.source)
        return Cell(
            self.points[number],
            *figures(result.losses, original, image),
            result.seconds,
            result.losses,
            path,
            picture=image if path is None else None,
        )

    def is_kept(self, number: int) -> bool:
        """Whether an earlier call left the picture of a cell."""
        return number in self.cells or (self.paths[number] is not None and self.kept(number) is not None)

    def kept(self, number: int) -> Cell | None:
        """The cell that an earlier call left; OutputError where that was dreamt with other settings."""
        path = self.paths[number]
        if path is None or not path.exists():
            return None
        config = self.configs[number]
        record = metadata.record_of(path)
        picture = open_picture(self.picture_of(number), config.max_pixels, config.seed)
        wanted = DreamResult(None, [], config, 0.0, picture).record()
        other = [
            name
            for name, value in json.loads(json.dumps(wanted["settings"])).items()
            if record["settings"].get(name) != value
        ] + ["picture"] * (record.get("picture") != wanted["picture"])
        if other:
            raise OutputError(
                f"{str(path)!r} was dreamt with another {', '.join(other)}. Name another folder, or empty this one."
            )
        losses = [np.array([np.nan if loss is None else loss for loss in octave]) for octave in record["losses"]]
        original, image = picture.as_pillow(picture.source), files.decode(path, None)
        return Cell(self.points[number], *figures(losses, original, image), record["seconds"], losses, path)

    def picture_of(self, number: int) -> Any:
        """What a cell dreams on."""
        return self.points[number].get("image", self.fixed.get("image"))

    def dreamer_for(self, number: int, config: DreamConfig) -> Dreamer:
        """Return the Dreamer of a cell, with these settings."""
        return self.dreamers.get(config, lambda: self.network_at(number), self.network_key(number))

    def network_at(self, number: int) -> tuple[keras.Model, Preprocess | None]:
        """The network of a cell, built once, as deep as the deepest cell on it asks for."""
        config = self.configs[number]
        key = self.network_key(number)
        if key not in self.networks:
            alike = [other.layers for i, other in enumerate(self.configs) if self.network_key(i) == key]
            terms = {term: 1.0 for objective in alike if objective for term, _ in objective.terms}
            model = self.settings_of(self.points[number]).get("model")
            deep = config.replace(layers=Objective(tuple(terms.items())))
            self.networks[key] = build_network(deep, model, self.preprocess)
            compile_objective(deep, *self.networks[key])  # LayerError for what it does not have
        return self.networks[key]

    def network_key(self, number: int) -> Any:
        """What makes one network another; two models of the user's own may have one name."""
        config, own = self.configs[number], self.settings_of(self.points[number]).get("model")
        seed = config.seed if config.weights == "random" else None
        model = id(own) if isinstance(own, keras.Model) else config.model
        return model, config.weights, config.precision, config.device, needs_classes(config), seed

    # What is left of them

    def sheets(self, cell: int = LARGEST_CELL) -> list[Image.Image]:
        """Labelled contact sheets: the last two knobs make the rows and columns of one; each value of others, one."""
        shown = list(self.axes)[-2:]
        last = len(self.axes[shown[-1]]) if shown else 1
        columns = last if len(shown) > 1 or last <= ROW else None
        sheets = []
        cells = [(self.thumbnail(one, cell), one) for one in self]
        size = next((image.size for image, _ in cells if image), (cell, cell))
        for start in range(0, len(cells), per_sheet := len_of(self.axes, shown)):
            part = cells[start : start + per_sheet]
            pictures = [image or failed(size) for image, _ in part]
            labels = [
                dataclasses.replace(one, values={name: one.values[name] for name in shown}).label
                + (": failed" if one.error else "")
                for _, one in part
            ]
            rest = {name: value for name, value in part[0][1].values.items() if name not in shown}
            title = dataclasses.replace(part[0][1], values=rest).label
            sheets.append(montage(pictures, labels, columns=columns, title=title))
        return sheets

    def thumbnail(self, cell: Cell, side: int) -> Image.Image | None:
        """The picture as it is shown on a sheet; never enlarged."""
        image = cell.image
        return image and fitted(files.as_rgb(image), min(side, max(image.size)))

    def table(self) -> str:
        """What is known so far, as CSV: the settings that vary, the figures, the file or the error."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*self.axes, *FIGURES, "file", "error"])
        for number in range(len(self.points)):  # what an earlier call left is in it from the beginning
            if number not in self.cells and (kept := self.kept(number)):
                self.cells[number] = kept
        for _, cell in sorted(self.cells.items()):
            numbers = [f"{getattr(cell, name):.6g}" for name in FIGURES]
            file = cell.path.name if cell.path else ""
            writer.writerow([*map(words, cell.values.values()), *numbers, file, cell.error])
        return text.getvalue()

    def write_table(self) -> None:
        """Keep the table beside the pictures, whole at any time."""
        if self.folder is not None:
            text = self.table().encode()
            files.write_whole(self.folder / "sweep.csv", lambda file: file.write(text), overwrite=True)

    def save_sheets(self, cell: int = LARGEST_CELL) -> list[pathlib.Path]:
        """Write the sheets into the folder: sheet.png, sheet-2.png and so on."""
        if self.folder is None:
            raise ConfigError("This sweep has no folder; a folder was expected as output=.")
        names = [f"sheet-{number}.png" if number > 1 else "sheet.png" for number in range(1, 1 + len(self))]
        return [
            files.save(sheet, self.folder / name, overwrite=True)
            for name, sheet in zip(names, self.sheets(cell), strict=False)
        ]


def sweep(image: Any, layers: Any = None, **settings: Any) -> Sweep:
    """Dream a picture with every combination of values: a knob that is given a list takes each value in turn.

    `image`, `layers`, `model` and every knob of DreamConfig may be a list; a tuple stays one value, such as a step for
    each octave. `variants` names bundles of settings: `{"plain": {}, "jitter": {"jitter": 32}}`. With a folder as
    `output` every dream is kept there with its settings inside, and a table, `sweep.csv`; a second call goes on where
    one ended. What differs in knobs that are not compiled in shares one compiled step.

    >>> sweep = kerasdream.sweep("sky.jpg", layers=["mixed3", "mixed5"], step=[0.01, 0.04], output="steps/")
    >>> for cell in sweep:
    ...     print(cell.label, cell.loss)
    >>> sweep.save_sheets()
    [PosixPath('steps/sheet.png')]
    """
    return Sweep(image, layers, **settings)


def axis_of(name: str, value: Any) -> list[Any] | None:
    """The values that a setting takes in turn, or None where it has one, such as a tuple with a number an octave."""
    if name == "variants" and value:
        return list(value)
    if isinstance(value, range):
        value = list(value)
    elif getattr(value, "ndim", 0) == 1:  # a row of numbers is no picture
        value = value.tolist()
    if not isinstance(value, list):
        return None
    if not value:
        raise ConfigError(f"{name}=[] was given; a list of one or more values was expected.")
    values = [value[i] for i in range(len(value)) if not any(same(value[i], earlier) for earlier in value[:i])]
    if name == "layers" and any(isinstance(one, tuple) for one in values):
        raise ConfigError(
            f"layers={value!r} was given; a list of objectives was expected, such as ['mixed3', 'mixed5']."
        )
    return values


def same(a: Any, b: Any) -> bool:
    """Whether two values are one: arrays and pictures only where they are the same object."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    plain = (str, int, float, bool, type(None), Mapping, DreamConfig, os.PathLike)
    return a is b or (isinstance(a, plain) and isinstance(b, plain) and bool(a == b))


def stage(result: DreamResult, config: DreamConfig) -> DreamResult:
    """A run as it stood after as many iterations as the settings say."""
    steps = at_octave(config.iterations, 0)
    if config.num_octave > 1:
        return result
    image = next((snapshot.image for snapshot in result.snapshots if snapshot.step == steps), result.image)
    losses = [octave[:steps] for octave in result.losses]
    return dataclasses.replace(result, image=image, losses=losses, config=config, snapshots=[])


def figures(losses: Sequence[np.ndarray], original: Image.Image, image: Image.Image) -> tuple[float, float, float]:
    """The last loss, and how far a dream is from its original: PSNR and mean absolute change, of levels of 255."""
    before, after = (np.asarray(files.as_rgb(one), np.float32) for one in (original, image))
    square = float(np.square(after - before, dtype=np.float64).mean())
    psnr = 10 * np.log10(255**2 / square) if square else float("inf")
    loss = float(losses[-1][-1]) if len(losses) else float("nan")
    return loss, float(psnr), float(np.abs(after - before).mean())


def words(value: Any) -> str:
    """A value on a label: paths without their folders."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}*{weight:g}" for name, weight in value.items())
    if isinstance(value, Objective):
        return str(value.without_folders())
    if isinstance(value, tuple):
        return " ".join(map(words, value))
    if isinstance(value, os.PathLike) or (isinstance(value, str) and os.sep in value and os.path.exists(value)):
        return os.path.basename(value)
    if isinstance(value, keras.Model):
        return str(value.name)
    return str(value) if isinstance(value, str | int | float | bool | None) else f"<{type(value).__name__}>"


def file_name(point: Values) -> str:
    """A name for the file of a cell, made of its values."""
    text = "_".join(f"{name}-{words(value)}" for name, value in point.items()) or "dream"
    plain = re.sub(r"[^\w.+-]+", "-", text).strip("-")
    return plain if plain == text and len(plain) < 120 else f"{plain[:100]}-{zlib.crc32(text.encode()):08x}"


def len_of(axes: Mapping[str, Sequence[Any]], names: Sequence[str]) -> int:
    """How many combinations some axes have."""
    return int(np.prod([len(axes[name]) for name in names]))


def failed(size: tuple[int, int]) -> Image.Image:
    """What stands on a sheet for a dream that failed: a cross."""
    image = Image.new("RGB", size, (225, 225, 225))
    draw = ImageDraw.Draw(image)
    for ends in (((0, 0), size), ((0, size[1]), (size[0], 0))):
        draw.line(ends, (190, 60, 60), max(2, size[0] // 60))
    return image
