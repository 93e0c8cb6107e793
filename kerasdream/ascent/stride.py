"""The steps of one dream: what is random, what belongs to this picture, and how much of it fits into memory."""

import math
import warnings
from typing import Any

import numpy as np
from keras import ops

from kerasdream.ascent import tiling
from kerasdream.ascent.engine import Engine, bare
from kerasdream.ascent.loop import Place, on_host
from kerasdream.ascent.smoothing import kernels
from kerasdream.ascent.turns import moved, moved_back
from kerasdream.config import bytes_of
from kerasdream.errors import DreamWarning, LayerError, OutOfMemoryError
from kerasdream.image.blend import load_mask
from kerasdream.image.pyramid import pad_reflect, resize_rows
from kerasdream.image.tiles import allocate
from kerasdream.objectives import Content, Layer

SURELY_ENOUGH = 4_000  # bytes for the gradient of a pixel, in any network here: a small picture is not estimated


class Stride:
    """The steps of one dream: call it with the image to take one."""

    def __init__(self, engine: Engine, size: tuple[int, int], full: tuple[int, int], mask: np.ndarray | None):
        """`size` is the picture's own, `full` that with room around it; `mask` (H, W) belongs to `size`."""
        self.engine, self.config, self.full = engine, engine.config, full

        def plane(mask: np.ndarray) -> np.ndarray:
            return pad_reflect(mask[None, ..., None], full)

        self.mask = None if mask is None else plane(mask)
        self.planes = [None if r.mask is None else plane(self.cut(r.mask, r.black, size)) for r in engine.regions]
        self.picked: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.tools: dict[str, Any] = {}
        self.original: Any = None
        self.weights: Any = None
        self.tile: int | None = None
        self.limit = self.config.tile

    def cut(self, image: Any, black: bool, size: tuple[int, int]) -> np.ndarray:
        mask = load_mask(image, size, self.config.max_pixels)
        return 1.0 - mask if black else mask

    def __call__(self, image: Any, sizes: np.ndarray, place: Place) -> tuple[Any, np.ndarray, np.ndarray]:
        """One step, of the whole picture or in tiles; its numbers on the host."""
        if place.number == 0:
            self.tile = self.tile_for(image.shape)
        while True:
            try:
                if place.number == 0:
                    self.begin(image.shape, place)
                self.prepare(place)
                step = self.step if self.tile is None else self.step_in_tiles
                return step(image, sizes, place)
            except self.engine.backend.OUT_OF_MEMORY as fault:
                self.tile = self.limit = self.smaller(image.shape[1:3], fault)

    def step(self, image: Any, sizes: np.ndarray, place: Place) -> tuple[Any, np.ndarray, np.ndarray]:
        """One step of the whole picture."""
        image = ops.convert_to_tensor(image)
        if self.straight:
            loss, image, slope, moments = self.engine.step(image, self.numbers(self.original), sizes, self.tools)
        else:
            loss, gradients = self.uphill(image, self.chance(place))
            image, slope, moments = self.engine.move(image, gradients, sizes, self.tools)
        if moments:
            self.tools["moments"] = moments
        return image, ops.convert_to_numpy(loss), ops.convert_to_numpy(slope)

    @property
    def straight(self) -> bool:
        """Whether the picture is looked at as it is."""
        bent = self.config.jitter or self.config.turns or self.config.smooth_samples
        return not bent and not self.engine.roomy

    def numbers(self, original: Any) -> dict[str, Any]:
        """What `uphill` takes besides the whole picture."""
        numbers = {"weights": self.weights, "given": self.given}
        return numbers if original is None else numbers | {"original": original}

    def chance(self, place: Place) -> np.random.Generator:
        """What is random in a step."""
        return np.random.default_rng([self.config.seed, place.octave, place.number])

    def uphill(self, image: Any, rng: np.random.Generator) -> tuple[Any, list[Any]]:
        """The loss of each picture, and the gradient of each region."""
        shift, turn = self.drawn(rng)
        original = None if self.original is None else moved(self.original, shift, turn)
        loss, gradients = self.looked(moved(image, shift, turn), rng, self.numbers(original))
        return loss, [moved_back(gradient, shift, turn) for gradient in gradients]

    def step_in_tiles(self, image: Any, sizes: np.ndarray, place: Place) -> tuple[Any, np.ndarray, np.ndarray]:
        """One step of a picture that is held as an array, and changed in its place."""
        image = on_host(image)
        if "moments" in self.tools:  # tensors, where the whole picture was climbed until the memory ran out
            self.tools["moments"] = [on_host(moment) for moment in self.tools["moments"]]
        loss, gradient = tiling.uphill(self, image, self.chance(place))
        slope, strength, gradient = tiling.shaped(self, gradient)
        going = sizes > 0
        if np.isfinite([loss[going], slope[going]]).all():  # else the image stays as it was
            tiling.advance(self, image, gradient, strength, sizes)
        return image, loss, slope

    def prepare(self, place: Place) -> None:
        """What changes from step to step."""
        form = self.engine.tools_form
        if "kernels" in form:
            share = (place.number + 1) / self.config.at("iterations", place.octave)
            sigma = self.config.at("gradient_blur", place.octave) + self.config.blur_growth * share
            self.tools["kernels"] = kernels(sigma, self.config.blur_kind)
        if "time" in form:
            self.tools["time"] = np.float32(place.number + 1)

    def begin(self, shape: tuple[int, ...], place: Place) -> None:
        """What stays the same throughout an octave."""
        size, form, terms = (shape[1], shape[2]), self.engine.tools_form, list(map(bare, self.engine.terms))
        self.weights = ops.convert_to_tensor(np.repeat(self.engine.weights[:, None], shape[0], 1))
        self.tools = {}
        if self.mask is not None:
            self.tools["mask"] = resize_rows(self.mask, size)[0]
        if "regions" in form:
            everywhere = np.ones((*size, 1), np.float32)
            self.tools["regions"] = [everywhere if p is None else resize_rows(p, size)[0] for p in self.planes]
        if "moments" in form:
            self.tools["moments"] = [allocate(shape), allocate(shape)]
        self.original = None
        if any(isinstance(term, Content) or getattr(term, "pick", None) for term in terms):
            self.original = place.original()
        self.given = dict(self.engine.constants)
        for number, term in enumerate(terms):
            if isinstance(term, Layer) and term.at is not None:
                self.given[str(number)] = self.cell(term, size)
            if isinstance(term, Layer) and term.pick:
                self.given[str(number)] = self.pick(str(number), term)
        if not any(isinstance(term, Content) for term in terms):
            self.original = None

    def tile_for(self, shape: tuple[int, ...]) -> int | None:
        """The side of the tiles that an octave of that shape is climbed in; None for the whole of it at once."""
        if self.limit is not None:
            return self.limit if max(shape[1:3]) > self.limit else None
        pixels, memory = math.prod(shape[:3]), bytes_of(self.config.memory)
        if pixels * SURELY_ENOUGH <= memory or pixels <= (affordable := self.affordable()):
            return None
        if shape[1] * shape[2] <= affordable:  # a batch, picture by picture
            return max(shape[1:3])
        return max(tiling.least(self), min(tiling.LARGEST, math.isqrt(affordable)))

    def affordable(self) -> int:
        """How many pixels may go through the network together."""
        return int(bytes_of(self.config.memory) / self.engine.bytes_per_pixel)

    def smaller(self, size: tuple[int, int], fault: BaseException) -> int:
        """Half the tile, after the memory ran out; OutOfMemoryError where that is too small to be of use."""
        before = self.tile or max(size)
        half = before // 2
        if half < tiling.least(self):
            raise OutOfMemoryError(
                f"The memory does not hold the gradient of a tile of {before} pixels, about "
                f"{self.engine.bytes_per_pixel * before**2 / 1e6:.0f} MB. A smaller network or lower layers would fit."
            ) from fault
        if self.limit == self.config.tile:  # told once
            warnings.warn(
                f"The memory ran out; the dream goes on in tiles of {half} pixels, and smaller ones if need be. "
                f"Give tile={half}, or a smaller memory, to begin with that.",
                DreamWarning,
                stacklevel=6,
            )
        return half

    def cell(self, term: Layer, shape: tuple[int, int]) -> np.ndarray:
        """The neuron's place in this octave: where it lies in the full picture."""
        here = np.array(self.engine.features.shapes(shape)[term.layer][1:3])
        if not isinstance(term.at, tuple):
            return (here // 2).astype(np.int32)
        there = np.array(self.engine.features.shapes(self.full)[term.layer][1:3])
        if (np.array(term.at) >= there).any():
            raise LayerError(
                f"The neuron {term} lies outside: {term.layer!r} has {there[0]} x {there[1]} cells for this picture."
            )
        return (np.array(term.at) * here // there).astype(np.int32)

    def pick(self, number: str, term: Layer) -> np.ndarray:
        """The channels that the original excites most or least, one row for each picture."""
        count, strong, each = term.picks()
        if each or number not in self.picked:
            order = np.argsort(self.excitement(term.layer), axis=-1, kind="stable").astype(np.int32)
            self.picked[number] = order[:, ::-1][:, :count] if strong else order[:, :count]
        return self.picked[number]

    def excitement(self, layer: str) -> np.ndarray:
        """The mean square of each channel of a layer in the original, one row for each picture."""
        if self.tile is not None:
            return tiling.excitement(self, layer)
        shown = ops.convert_to_numpy(self.engine.show(self.original)[layer]).astype(np.float32)
        return np.square(shown).mean((1, 2))

    def drawn(self, rng: np.random.Generator) -> tuple[tuple[int, int], int]:
        """The roll and the turn of this step."""
        reach = self.config.jitter
        shift = tuple(rng.integers(-reach, reach + 1, 2).tolist()) if reach else (0, 0)
        return shift, int(rng.integers(8)) if self.config.turns else 0

    def looked(self, image: Any, rng: np.random.Generator, numbers: dict[str, Any]) -> tuple[Any, list[Any]]:
        """Losses and gradients of pictures or tiles; those of noisy copies averaged, as many at once as fit."""
        samples = self.config.smooth_samples
        if not samples:
            return self.engine.slopes(image, numbers)
        count, height, width, _ = image.shape
        at_once = max(1, self.affordable() // (count * height * width))
        total_loss: Any = 0.0
        total: list[Any] = []
        for start in range(0, samples, at_once):
            some = min(at_once, samples - start)
            noise = rng.standard_normal((some, height, width, 3), np.float32) * np.float32(self.config.smooth_noise)
            numbers["noise"] = ops.convert_to_tensor(noise)
            loss, gradients = self.engine.slopes(image, numbers)
            share = some / samples
            total_loss = total_loss + share * loss
            total = [share * g + (total[i] if total else 0.0) for i, g in enumerate(gradients)]
        return total_loss, total
