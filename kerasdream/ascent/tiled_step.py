"""One step of a picture in tiles: the gradient from tiles that overlap, the update in strips.

Each tile goes through the network by itself. Its cells count as the tiles share them out (`ActivationView.spans`), and
the gradients of all are added up: that is the gradient of the whole picture, but for what a tile's edge hides.
"""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from keras import ops

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.gradient_filters import GradientStatistics
from kerasdream.ascent.memory import MemoryBudget
from kerasdream.ascent.sampling import draw_transform, sampled_gradient
from kerasdream.ascent.step import GradientInputs, UpdateInputs
from kerasdream.ascent.transforms import Transform
from kerasdream.errors import ConfigError
from kerasdream.image.tiles import Span, accumulate_wrapped, allocate, crop_wrapped, release_pages, strips, tile_spans
from kerasdream.model.features import Features
from kerasdream.objectives import Term
from kerasdream.types import Array, Size, Tensor

MAX_PIXELS = 1_000_000  # of tiles that go through the network together: more at once is not faster


@dataclasses.dataclass(frozen=True)
class Tile:
    """A part of a picture of the batch: its spans of the rows and of the columns."""

    picture: int
    rows: Span
    columns: Span
    size: Size  # of the whole picture
    tile_count: int  # of the tiles of a picture
    features: Features

    def locate(self, layer: str, cell: Array) -> tuple[int, int] | None:
        """Return the cell of the tile that is a cell of the whole picture; None where another tile has it."""
        found = []
        for axis, (span, whole, here, stride) in enumerate(self.axes(layer)):
            center = self.size[axis] / 2 + (cell[axis] + 0.5 - whole / 2) * stride - span.start
            if not span.low <= center < span.high:
                return None
            index = round((center - span.length / 2) / stride + here / 2 - 0.5)
            found.append(min(max(index, 0), here - 1))
        return found[0], found[1]

    def cells(self, layer: str, counting: bool = False) -> tuple[slice, slice]:
        """Return which cells of the whole picture are the tile's; with `counting`, from the first that counts on."""
        found = []
        for axis, (span, whole, here, stride) in enumerate(self.axes(layer)):
            middle = (span.start + span.length / 2 - self.size[axis] / 2) / stride + whole / 2
            first = min(max(round(middle - here / 2), 0), whole - here)
            skipped = max(0, math.ceil((max(span.low, 0) - span.length / 2) / stride + here / 2)) if counting else 0
            found.append(slice(first + skipped, first + here))
        return found[0], found[1]

    def axes(self, layer: str) -> Iterator[tuple[Span, int, int, int]]:
        """Yield for rows and columns the span, the cells of the whole picture, those of the tile, and their stride."""
        whole = self.features.shapes(self.size)[layer][1:3]
        here = self.features.shapes((self.rows.length, self.columns.length))[layer][1:3]
        for axis, span in enumerate((self.rows, self.columns)):
            yield span, whole[axis], here[axis], 2 ** round(math.log2(span.length / here[axis]))


@dataclasses.dataclass
class TiledStep:
    """The steps of one octave in tiles of one size."""

    compiled: CompiledObjective
    budget: MemoryBudget
    side: int

    def gradient(
        self,
        image: Array,
        weights: Array,
        term_inputs: dict[str, Array],
        original: Array | None,
        regions: list[Array] | None,
        rng: np.random.Generator,
    ) -> tuple[Array, Array]:
        """Return the loss of each picture, and the gradient of all its regions together.

        `weights` (terms, pictures) are those of the terms.
        """
        transform = draw_transform(self.compiled.config, rng)
        roll, flips = transform.roll, transform.without_roll()
        gradient, losses = allocate(image.shape), np.zeros(len(image))
        for tiles in self.batches(self.split(image.shape, rng)):
            inputs = self.inputs(tiles, weights, term_inputs, transform)
            if original is not None:
                inputs["original"] = flips.apply(crop_tiles(original, tiles, roll))
            images = flips.apply(ops.convert_to_tensor(crop_tiles(image, tiles, roll)))
            loss, by_region = sampled_gradient(self.compiled, images, inputs, rng, self.budget.affordable_pixels())
            np.add.at(losses, [tile.picture for tile in tiles], to_numpy(loss))
            parts = [to_numpy(flips.invert(part)) for part in by_region]
            if regions:
                parts = [part * crop_tiles(mask, tiles, roll) for part, mask in zip(parts, regions, strict=True)]
            for tile, part in zip(tiles, np.sum(parts, axis=0), strict=True):
                accumulate_wrapped(
                    gradient[tile.picture], part, tile.rows.start - roll[0], tile.columns.start - roll[1]
                )
            release_pages(image)
            release_pages(gradient)
        return losses, gradient

    def split(self, shape: tuple[int, ...], rng: np.random.Generator) -> list[Tile]:
        """Return the tiles of pictures of a shape; ConfigError where they are too small for the network."""
        overlap = min(self.compiled.config.overlap, self.side // 2)
        rows, columns = (tile_spans(length, self.side, overlap, rng) for length in shape[1:3])
        features = self.compiled.features
        if not features.fits((rows[0].length, columns[0].length)):
            raise ConfigError(
                f"Tiles of {rows[0].length} x {columns[0].length} pixels are too small for this network. Give "
                f"tile={2 * self.budget.smallest_tile()} or more; or none, and more memory."
            )
        size, count = (shape[1], shape[2]), len(rows) * len(columns)
        return [
            Tile(picture, row, column, size, count, features)
            for picture in range(shape[0])
            for row in rows
            for column in columns
        ]

    def batches(self, tiles: list[Tile]) -> Iterator[list[Tile]]:
        """Yield the tiles, as many at a time as go through the network together.

        One by one for a term that has its place, and where each number of tiles would be compiled by itself.
        """
        together = min(MAX_PIXELS, self.budget.affordable_pixels()) // (tiles[0].rows.length * tiles[0].columns.length)
        if self.compiled.backend.STATIC_SHAPES or any(term.placed for term in self.compiled.terms):
            together = 1
        together = max(1, together)
        for start in range(0, len(tiles), together):
            yield tiles[start : start + together]

    def inputs(
        self, tiles: list[Tile], weights: Array, term_inputs: dict[str, Array], transform: Transform
    ) -> GradientInputs:
        """Return the gradient's inputs for some tiles."""
        compiled = self.compiled
        shares = [
            [term.tile_weight(term_inputs.get(str(n)), t) for t in tiles] for n, term in enumerate(compiled.terms)
        ]
        return {
            "weights": weights[:, [tile.picture for tile in tiles]] * np.array(shares, np.float32),
            "terms": {key: tile_input(compiled.terms[int(key)], value, tiles) for key, value in term_inputs.items()},
            "spans": spans_of(tiles, transform),
        }

    def activations(self, image: Array, layer: str) -> Array:
        """Return the activations (rows, columns, channels) of a picture (1, H, W, C) in a layer."""
        found: Array = np.empty(self.compiled.features.shapes(image.shape[1:3])[layer][1:], np.float32)
        for tile in self.split(image.shape, np.random.default_rng(0)):
            activations = to_numpy(self.compiled.activations(crop_tiles(image, [tile]))[layer])[0]
            rows, columns = tile.cells(layer, counting=True)
            found[rows, columns] = activations[rows.start - rows.stop :, columns.start - columns.stop :]
        return found

    def mean_squares(self, original: Array, layer: str) -> Array:
        """Return the mean square of each channel of a layer in the original, one row for each picture."""
        squares = []
        for tiles in self.batches(self.split(original.shape, np.random.default_rng(0))):
            activations = to_numpy(self.compiled.activations(crop_tiles(original, tiles))[layer])
            squares.append(np.square(activations.astype(np.float32)).mean((1, 2)))
        rows = np.concatenate(squares)
        return rows.reshape(len(original), -1, rows.shape[1]).mean(1)

    def filter_gradient(self, gradient: Array, inputs: UpdateInputs) -> Array:
        """Return the gradient after the filters that the settings ask for, strip by strip where they allow it."""
        kernels: UpdateInputs = {"kernels": inputs["kernels"]} if "kernels" in inputs else {}
        if self.compiled.config.gradient_scales:  # a scale is normalized over all of the picture
            return self.compiled.filter_gradient(gradient, kernels)
        if not kernels:
            return gradient
        reach, blurred = len(kernels["kernels"][-1]) // 2, allocate(gradient.shape)
        for rows in strips(gradient.shape, gradient, blurred):
            top, bottom = max(0, rows.start - reach), min(gradient.shape[1], rows.stop + reach)
            strip = self.compiled.filter_gradient(gradient[:, top:bottom], kernels)
            blurred[:, rows] = strip[:, rows.start - top : rows.stop - top]
        return blurred

    def advance(self, image: Array, gradient: Array, step_sizes: Array, inputs: UpdateInputs) -> None:
        """Change the image by one step along its gradient, in place."""
        statistics, moments = statistics_of(gradient), inputs.get("moments", [])
        for rows in strips(image.shape, image, gradient, *moments):
            strip: UpdateInputs = {}
            if moments:
                strip["time"], strip["moments"] = inputs["time"], [moment[:, rows] for moment in moments]
            if "mask" in inputs:
                strip["mask"] = inputs["mask"][rows]
            advanced, new_moments = self.compiled.advance(
                image[:, rows], gradient[:, rows], statistics, step_sizes, strip
            )
            image[:, rows] = to_numpy(advanced)
            for moment, new in zip(moments, new_moments, strict=True):
                moment[:, rows] = to_numpy(new)


def tile_input(term: Term, value: Array, tiles: list[Tile]) -> Array:
    """Return the input of a term for some tiles."""
    if term.per_picture:
        return value[[tile.picture for tile in tiles]]
    return term.tile_input(value, tiles[0])


def crop_tiles(images: Array, tiles: list[Tile], roll: tuple[int, int] = (0, 0)) -> Array:
    """Return tiles of rolled pictures (N, H, W, C) as a batch; a single picture (H, W, C) stands for all."""
    parts = []
    for tile in tiles:
        picture = images[tile.picture] if images.ndim == 4 else images
        rows = (tile.rows.start - roll[0], tile.rows.length)
        parts.append(crop_wrapped(picture, rows, (tile.columns.start - roll[1], tile.columns.length)))
    return np.stack(parts)


def spans_of(tiles: list[Tile], transform: Transform) -> Array:
    """Return which cells count in each tile, flipped as the tiles are: `ActivationView.spans`."""
    spans = np.empty((len(tiles), 2, 4), np.float32)
    for number, tile in enumerate(tiles):
        for axis, span in enumerate((tile.rows, tile.columns)):
            low, high = span.low, span.high
            if transform.flips & (1, 2)[axis]:
                low, high = span.length - high, span.length - low
            spans[number, axis] = (low, high, span.ramp, tile.size[axis] - span.length)
    return spans[:, ::-1] if transform.flips & 4 else spans


def statistics_of(gradient: Array) -> GradientStatistics:
    """Return what `gradient_statistics` does, of a gradient that may be larger than memory."""
    sums = np.zeros((3, len(gradient), 1, 1, 1))
    for rows in strips(gradient.shape, gradient):
        strip = gradient[:, rows]
        for i, values in enumerate((np.abs(strip), strip, np.square(strip))):
            sums[i] += values.sum((1, 2, 3), dtype=np.float64, keepdims=True)
    return GradientStatistics(*(sums / math.prod(gradient.shape[1:])).astype(np.float32))


def mean_absolute(gradient: Tensor) -> Array:
    """Return the mean absolute gradient of each picture."""
    return to_numpy(statistics_of(gradient).mean_absolute).ravel()
