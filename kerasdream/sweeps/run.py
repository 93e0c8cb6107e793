"""A sweep under way: cells dreamt as they are asked for, each network and compiled step made once."""

import contextlib
import dataclasses
import io
import os
import pathlib
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import keras
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.batches.picture_group import dream_group, group_limit, groups_are_faster
from kerasdream.config import at_octave, check_names
from kerasdream.dreamer import Dreamer, DreamerCache, compile_objective
from kerasdream.errors import ConfigError, DreamError, InputImageError
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.objectives import Objective
from kerasdream.resolution import build_network
from kerasdream.result import DreamResult
from kerasdream.sweeps.cell import Cell, load_cell, save_cell
from kerasdream.sweeps.plan import Plan, Point, Variants, make_plan, picture_of
from kerasdream.sweeps.sheets import LARGEST_CELL, sheets_of
from kerasdream.sweeps.table import table_of

NOTEBOOK_CELL = 256  # pixels: the longer side of a picture in a notebook


class Sweep:
    """The dreams of every combination of values: iterate for the cells as they come, ask `sheets()` for all.

    >>> sweep = kerasdream.sweep("sky.jpg", step=[0.01, 0.04], iterations=[1, 2], model="mini")
    >>> [cell.label for cell in sweep]
    ['step 0.01, iterations 1', 'step 0.01, iterations 2', 'step 0.04, iterations 1', 'step 0.04, iterations 2']
    >>> sweep
    Sweep(step: 2, iterations: 2; 4 of 4 done)
    >>> sweep.sheets()[0].save("sheet.png")
    """

    def __init__(
        self,
        image: object,
        layers: Any = None,
        *,
        model: Any = None,
        preprocess: Preprocess | None = None,
        variants: Variants | None = None,
        output: str | os.PathLike[str] | None = None,
        **settings: Any,
    ):
        """See `sweep`."""
        check_names(settings)
        if settings.get("snapshots") is not None:
            raise ConfigError("A sweep keeps no snapshots. Vary iterations to see a dream grow.")
        named = {"layers": layers, "model": model, "variants": variants}
        given = {"image": image} | {name: value for name, value in named.items() if value is not None} | settings
        self.folder = None if output is None else pathlib.Path(output)
        self.preprocess = preprocess
        self.plan: Plan = make_plan(given, preprocess, variants, self.folder)
        self.cells: dict[int, Cell] = {}  # those that are done, by the number of their point
        self.networks: dict[tuple[Hashable, ...], tuple[keras.Model, Preprocess | None]] = {}
        self.dreamers = DreamerCache()
        self.latest: tuple[Point, DreamResult] | None = None
        self.network_for(self.plan.points[0])  # LayerError for a layer that is not there, before anything is dreamt

    def __len__(self) -> int:
        return len(self.plan.points)

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}: {len(values)}" for name, values in self.plan.axes.items())
        return f"Sweep({axes or 'one dream'}; {len(self.cells)} of {len(self)} done)"

    def _repr_png_(self) -> bytes | None:
        """Return the first sheet as a notebook shows it, with the cells that are done; None before the first."""
        if not self.cells:
            return None
        cells = [self.cells.get(number, Cell(point.values)) for number, point in enumerate(self.plan.points)]
        file = io.BytesIO()
        sheets_of(self.plan.axes, cells, NOTEBOOK_CELL)[0].save(file, "PNG")
        return file.getvalue()

    def __iter__(self) -> Iterator[Cell]:
        for number in range(len(self)):
            if number not in self.cells:
                self.complete(number)
                self.write_table()
            yield self.cells[number]

    # The dreams

    def complete(self, number: int) -> None:
        """Add a cell: from its file, or from a dream, whose stages may be other cells."""
        point = self.plan.points[number]
        if (kept := load_cell(point)) is not None:
            self.cells[number] = kept
            return
        if self.latest and ended_early(*self.latest, point):
            self.cells[number] = save_cell(point, dataclasses.replace(self.latest[1], config=point.config))
            return
        stages = self.stages_of(number)
        points = [self.plan.points[stage] for stage in stages]
        last = max(points, key=lambda stage: at_octave(stage.config.iterations, 0))
        config = last.config
        if len(stages) > 1:
            config = config.replace(snapshots=tuple(at_octave(stage.config.iterations, 0) for stage in points))
        try:
            dreamer = self.dreamers.get(config, lambda: self.network_for(last), last.network_key)
            if len(stages) == 1 and len(group := self.group_of(number, dreamer)) > 1:
                self.complete_group(group, dreamer)
                return
            result = dreamer.run(point.image)
        except DreamError as fault:
            self.cells |= {stage: Cell(self.plan.points[stage].values, error=str(fault)) for stage in stages}
            return
        for stage in stages:
            self.cells[stage] = save_cell(self.plan.points[stage], result_at(result, self.plan.points[stage]))
        self.latest = last, dataclasses.replace(result, snapshots=[])

    def group_of(self, number: int, dreamer: Dreamer) -> dict[int, Picture]:
        """Return the pictures, by cell, that are dreamt together with this one's: of its size, with its settings."""
        point = self.plan.points[number]
        if "image" not in self.plan.axes or not groups_are_faster(point.config):
            return {}
        first = picture_of(point)
        if len(first.pixels) > 1:
            return {}
        limit = group_limit(dreamer, (first.pixels.shape[1], first.pixels.shape[2]))
        group = {number: first}
        for other in range(number + 1, len(self)):
            candidate = self.plan.points[other]
            is_there = other in self.cells or (candidate.path is not None and candidate.path.exists())
            if len(group) == limit or is_there or not candidate.differs_in_picture_only(point):
                continue
            with contextlib.suppress(InputImageError):  # told when it is its turn
                picture = picture_of(candidate)
                if picture.pixels.shape == first.pixels.shape:
                    group[other] = picture
        return group

    def complete_group(self, group: Mapping[int, Picture], dreamer: Dreamer) -> None:
        """Add the cells of pictures that are dreamt together; each has taken its share of the time."""
        results = dream_group(dreamer, list(group.values()))
        for number, result in zip(group, results, strict=True):
            point = self.plan.points[number]
            if isinstance(result, DreamError):
                self.cells[number] = Cell(point.values, error=str(result))
            else:
                self.cells[number] = save_cell(point, dataclasses.replace(result, seconds=result.seconds / len(group)))

    def stages_of(self, number: int) -> list[int]:
        """Return the cells not yet done that are stages of one run with this one, itself among them.

        At one size, fewer iterations are the beginning of more. With several sizes they are not: the second size
        begins where the first ended, after as many steps.
        """
        point = self.plan.points[number]
        if point.config.num_octave > 1 or point.config.blur_growth:
            return [number]
        return [
            other
            for other, candidate in enumerate(self.plan.points)
            if other == number
            or (
                other not in self.cells and candidate.differs_in_iterations_only(point) and load_cell(candidate) is None
            )
        ]

    def network_for(self, point: Point) -> tuple[keras.Model, Preprocess | None]:
        """Return the network of a point, built once, as deep as the deepest point on it asks for."""
        key = point.network_key
        if key not in self.networks:
            objectives = [other.config.layers for other in self.plan.points if other.network_key == key]
            terms = {term: 1.0 for objective in objectives if objective for term, _ in objective.terms}
            deep = point.config.replace(layers=Objective(tuple(terms.items())))
            self.networks[key] = build_network(deep, point.model, self.preprocess)
            compile_objective(deep, *self.networks[key])  # LayerError for what it does not have
        return self.networks[key]

    # What is left of them

    def sheets(self, cell: int = LARGEST_CELL) -> list[Image.Image]:
        """Return labelled contact sheets of all dreams; `cell` is the longer side of a picture, in pixels.

        The last two knobs make the rows and columns of a sheet; each combination of the others gets its own.
        """
        return sheets_of(self.plan.axes, list(self), cell)

    def save_sheets(self, cell: int = LARGEST_CELL) -> list[pathlib.Path]:
        """Write the sheets into the folder, as sheet.png, sheet-2.png and so on; returns their paths."""
        if self.folder is None:
            raise ConfigError("This sweep has no folder; a folder was expected as output=.")
        return [
            files.save(sheet, self.folder / (f"sheet-{number}.png" if number > 1 else "sheet.png"), overwrite=True)
            for number, sheet in enumerate(self.sheets(cell), 1)
        ]

    def table(self) -> str:
        """Return the cells that are done as CSV, those that an earlier call left among them."""
        for number, point in enumerate(self.plan.points):
            if number not in self.cells and (kept := load_cell(point)):
                self.cells[number] = kept
        return table_of(self.plan.axes, (cell for _, cell in sorted(self.cells.items())))

    def write_table(self) -> None:
        """Write the table beside the pictures, whole at any time."""
        if self.folder is not None:
            text = self.table().encode()
            files.write_whole(self.folder / "sweep.csv", lambda file: file.write(text), overwrite=True)


def sweep(image: object, layers: Any = None, **settings: Any) -> Sweep:
    """Dream a picture with every combination of values: a knob that is given a list takes each value in turn.

    `image`, `layers`, `model` and every knob of DreamConfig may be a list; a tuple stays one value, such as a step for
    each octave. `variants` names bundles of settings: `{"plain": {}, "jitter": {"jitter": 32}}`. With a folder as
    `output` every dream is kept there with its settings inside, and a table, `sweep.csv`; a second call goes on where
    one ended. Cells that differ in knobs that are not compiled in share one compiled step.

    Returns a Sweep, which dreams as it is iterated. Raises ConfigError, LayerError or InputImageError before anything
    is dreamt; a dream that fails later is a Cell with its `error`.

    >>> sweep = kerasdream.sweep("sky.jpg", layers=["mixed1", "mixed2"], model="mini", iterations=1, output="layers/")
    >>> for cell in sweep:
    ...     print(cell.label, cell.path)
    layers mixed1 layers/layers-mixed1.png
    layers mixed2 layers/layers-mixed2.png
    >>> sweep.save_sheets()
    [PosixPath('layers/sheet.png')]
    """
    return Sweep(image, layers, **settings)


def ended_early(before: Point, result: DreamResult, point: Point) -> bool:
    """Return whether a run ended at every size before its iterations did, so that a point's more change nothing."""
    had, wanted = before.config, point.config
    return (
        isinstance(had.iterations, int)
        and isinstance(wanted.iterations, int)
        and had.iterations <= wanted.iterations
        and not had.blur_growth
        and all(len(octave) < had.iterations for octave in result.losses)
        and before.differs_in_iterations_only(point)
    )


def result_at(result: DreamResult, point: Point) -> DreamResult:
    """Return a run as it stood after as many iterations as a point asks for."""
    if point.config.num_octave > 1:
        return result
    steps = at_octave(point.config.iterations, 0)
    image = next((snapshot.image for snapshot in result.snapshots if snapshot.step == steps), result.image)
    losses = [octave[:steps] for octave in result.losses]
    return dataclasses.replace(result, image=image, losses=losses, config=point.config, snapshots=[], opacity=None)
