"""A map of a layer over one's own pictures, one picture drawn for each cell."""

import math
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import TypedDict, Unpack

import keras
import numpy as np
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.maps.cells import Cells, cells_from, load_cells
from kerasdream.maps.direction import CellDirections
from kerasdream.maps.page import page_of
from kerasdream.maps.samples import square_side, take_samples
from kerasdream.objectives import Layer, objective
from kerasdream.progress import progress_line
from kerasdream.studies.pictures import Paths, find_pictures, read_square
from kerasdream.visual_config import VISUAL_DEFAULTS, VisualSettings
from kerasdream.visualization import MAX_PIXELS, Visualizer, kept_picture

SIZE = 80  # pixels of a cell, unless told
TOGETHER = 40  # cells drawn at once, and lost where it ends before they are done
EMPTY = (40, 40, 46)  # the colour where nothing lies
LARGEST_SIDE = 65_500  # of a JPEG


class NetworkSettings(TypedDict):
    """What names a network, as keyword arguments of a Visualizer."""

    model: str | keras.Model | None
    weights: str | None
    preprocess: Preprocess | None
    device: str | None


class MapSettings(TypedDict):
    """What a map is made of beside pictures: what it is known by when it is gone on with."""

    layer: str
    grid: int | None
    samples: int
    least: int
    seed: int


def activation_atlas(
    pictures: Paths,
    layer: str,
    *,
    output: str | os.PathLike[str] | None = None,
    grid: int | None = None,
    samples: int = 16,
    least: int = 10,
    limit: int | None = None,
    model: str | keras.Model | None = None,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[VisualSettings],
) -> Image.Image:
    """Draw a map of what a layer sees in pictures of one's own; like lies beside like.

    `pictures` is a folder, or paths; with `limit` so many of them, evenly spread. Of each, the activations of `samples`
    random cells of the layer are laid out on a square of `grid` x `grid` cells (unset: 20, fewer for few pictures), by
    UMAP where it is installed, else by PCA. Where more than `least` of them lie, a picture of `size` pixels (80) is
    drawn from noise along what they have in common. The other settings are as in `visualize`.

    With a folder as `output`, every cell is kept there as it comes, and a second call goes on where one ended; at the
    end it also holds `atlas.png`, `photographs.png` (the part of a picture that is most typical of each cell), and
    `atlas.html`, a page to zoom into. Raises ConfigError for too few pictures, OutputError for a folder that other
    pictures or settings have filled.

    >>> kerasdream.activation_atlas("photos/", "mixed0", model="mini", grid=2, least=0, size=32, steps=2).size
    (64, 64)
    """
    paths = find_pictures(pictures, limit)
    settings = {**VisualSettings(size=SIZE), **settings}
    check(grid, samples, settings)
    network = NetworkSettings(model=model, weights=weights, preprocess=preprocess, device=device)
    reader = Visualizer([Layer(layer)], **network, **settings)
    if not isinstance(model, keras.Model):
        network["model"] = reader.config.model  # which stands in for another, perhaps
    folder = None if output is None else pathlib.Path(output)
    if folder is not None:
        files.make_folder(folder / "cells")
    chosen = MapSettings(layer=layer, grid=grid, samples=samples, least=least, seed=reader.settings.seed)
    cells = find_cells(reader, chosen, paths, folder and folder / "cells.npz", verbose)
    drawn = draw(layer, cells, network, settings, folder and folder / "cells", verbose)
    atlas = laid_out(cells, drawn)
    if folder is not None:
        title = f"{layer} of {reader.config.model}, {len(paths)} pictures"
        parts = photographs_of(cells, paths, square_side(reader.compiled), reader.settings.size)
        save(folder, atlas, laid_out(cells, parts), labels_of(cells, paths), title)
    return atlas


def check(grid: int | None, samples: int, settings: VisualSettings) -> None:
    """Raise ConfigError for what no map can be made of."""
    for name, value in (("grid", grid), ("samples", samples)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ConfigError(f"{name}={value!r} was given; a whole number from 1 on was expected.")
    for name in ("pair", "answers"):
        if settings.get(name, VISUAL_DEFAULTS[name]) != VISUAL_DEFAULTS[name]:
            raise ConfigError(f"{name} was given; a map shows one picture for each cell. Leave it out.")
    if grid and grid * settings["size"] > LARGEST_SIDE:
        raise ConfigError(
            f"grid={grid} of size={settings['size']} makes a picture of {grid * settings['size']} pixels a side; "
            f"{LARGEST_SIDE} at most were expected."
        )


def find_cells(
    reader: Visualizer,
    chosen: MapSettings,
    paths: Sequence[pathlib.Path],
    stored: pathlib.Path | None,
    verbose: bool | str,
) -> Cells:
    """Return the cells of a map: those of an earlier call, or what the network now sees in the pictures."""
    known = {"model": reader.config.model, "weights": os.path.basename(reader.config.weights)}
    made_of = {**chosen, **known, "pictures": [[path.name, path.stat().st_size] for path in paths]}
    if stored and stored.exists():
        return load_cells(stored, made_of)
    line = progress_line(verbose, len(paths))
    after_picture = count_on(line.update, "pictures") if line else ignore
    seen = take_samples(reader.compiled, chosen["layer"], paths, chosen["samples"], chosen["seed"], after_picture)
    if line:
        line.close()
    cells = cells_from(seen, chosen["grid"], chosen["least"], chosen["seed"])
    if stored:
        cells.save(stored, made_of)
    return cells


def ignore(done: int) -> None:
    """Show nothing."""


def count_on(update: Callable[[int, str], None], what: str) -> Callable[[int], None]:
    """Return a function that shows how many are done."""
    return lambda done: update(done, what)


def draw(
    layer: str,
    cells: Cells,
    network: NetworkSettings,
    settings: VisualSettings,
    folder: pathlib.Path | None,
    verbose: bool | str,
) -> list[Image.Image]:
    """Return the pictures of all cells, in batches of one size; those that a folder holds are not drawn anew."""
    count = len(cells.counts)
    batches = math.ceil(count / max(1, min(TOGETHER, MAX_PIXELS // settings["size"] ** 2)))
    together = math.ceil(count / batches)
    numbers = [range(start, start + together) for start in range(0, count, together)]
    # The last batch is filled up with its last cell.
    terms = [CellDirections(layer, cells.directions[np.minimum(some, count - 1)]) for some in numbers]
    settings = {**settings, **VisualSettings(answers=together, diversity=0.0)}
    visualizer = Visualizer([objective(term) for term in terms], **network, **settings)
    line = progress_line(verbose, len(terms) * visualizer.settings.steps)
    found: list[Image.Image] = []
    try:
        for batch, some in enumerate(numbers):
            done = batch * visualizer.settings.steps
            after_step = count_steps(line.update if line else None, done)
            targets = [folder / name_of(cells, number) for number in some if number < count] if folder else []
            found += draw_batch(visualizer, batch, targets, after_step)
    finally:
        if line:
            line.close()
    return found[:count]


def count_steps(update: Callable[[int], None] | None, done: int) -> Callable[[], bool]:
    """Return a function to call after each step that shows how many there were; it never asks to stop."""

    def after_step() -> bool:
        nonlocal done
        done += 1
        if update:
            update(done)
        return False

    return after_step


def draw_batch(
    visualizer: Visualizer, batch: int, targets: Sequence[pathlib.Path], after_step: Callable[[], bool]
) -> list[Image.Image]:
    """Return the pictures of a batch of cells, from their files where they all are there; else they are put there."""
    record = visualizer.record(visualizer.objectives[batch])
    if targets and all(target.exists() for target in targets):
        return [kept_picture(target, record) for target in targets]
    (drawn,) = visualizer.batches(False, [batch], after_step)
    for picture, target in zip(drawn.pictures, targets, strict=False):
        files.save(picture, target, record=record, overwrite=True)
    return drawn.pictures


def save(
    folder: pathlib.Path, atlas: Image.Image, photographs: Image.Image, labels: list[list[str]], title: str
) -> None:
    """Write the map, what lies there of the photographs, and the page that shows both."""
    files.save(atlas, folder / "atlas.png", overwrite=True)
    files.save(photographs, folder / "photographs.png", overwrite=True)
    page = page_of(atlas, photographs, labels, title)
    files.write_whole(folder / "atlas.html", lambda file: file.write(page), overwrite=True)


def name_of(cells: Cells, number: int) -> str:
    """Return the name of the file of a cell."""
    row, column = cells.places[number]
    return f"{row:02d}-{column:02d}.png"


def laid_out(cells: Cells, pictures: list[Image.Image]) -> Image.Image:
    """Return one large picture of those of all cells, each in its place."""
    size = pictures[0].width
    sheet = Image.new("RGB", (cells.grid * size, cells.grid * size), EMPTY)
    for (row, column), picture in zip(cells.places.tolist(), pictures, strict=True):
        sheet.paste(picture, (column * size, row * size))
    return sheet


def photographs_of(cells: Cells, paths: list[pathlib.Path], side: int, size: int) -> list[Image.Image]:
    """Return for each cell the part of a picture that is most typical of it, as large as what is drawn."""
    reach, parts = min(size, side), []
    for picture, (y, x) in zip(cells.pictures.tolist(), cells.points.tolist(), strict=True):
        left, top = (min(max(0, round(place * side - reach / 2)), side - reach) for place in (x, y))
        square = Image.fromarray(read_square(str(paths[picture]), side, MAX_PIXELS * 100))
        parts.append(square.crop((left, top, left + reach, top + reach)).resize((size, size), Image.Resampling.LANCZOS))
    return parts


def labels_of(cells: Cells, paths: list[pathlib.Path]) -> list[list[str]]:
    """Return a line on each cell of the grid: how much lies there, and in which picture it is most typical."""
    labels = [[""] * cells.grid for _ in range(cells.grid)]
    for (row, column), count, picture in zip(
        cells.places.tolist(), cells.counts.tolist(), cells.pictures.tolist(), strict=True
    ):
        labels[row][column] = f"{count} places, most like one in {paths[picture].name}"
    return labels
