"""The steps of one dream: the inputs of each octave and step, and whole pictures or tiles as memory allows."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from keras import ops

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.balance import NOISE, balance
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.gradient_filters import gaussian_kernels
from kerasdream.ascent.importance import Importance
from kerasdream.ascent.memory import MemoryBudget
from kerasdream.ascent.plan import DreamPlan
from kerasdream.ascent.sampling import StepIndex, draw_transform, sampled_gradient, step_rng
from kerasdream.ascent.step import GradientInputs, Region, UpdateInputs, sum_regions
from kerasdream.ascent.tiled_step import TiledStep, mean_absolute
from kerasdream.config import at_octave
from kerasdream.image.blend import load_mask
from kerasdream.image.pyramid import resize_rows
from kerasdream.image.tiles import allocate
from kerasdream.objectives.context import PictureSource
from kerasdream.types import Array, Size, Tensor


class StepResult(NamedTuple):
    """The picture after a step, and the loss and the mean absolute gradient of each picture before it."""

    image: Tensor
    loss: Array
    mean_absolute: Array


@dataclasses.dataclass
class OctaveInputs:
    """What stays the same for all steps of an octave, but Adam's moments."""

    weights: Array  # (terms, pictures)
    terms: dict[str, Array]
    update: UpdateInputs
    original: Array | None  # where the loss compares with it


class Stepper:
    """Takes the steps of one dream: `begin_octave`, then `step` for each."""

    def __init__(self, compiled: CompiledObjective, plan: DreamPlan, mask: Array | None):
        """`mask` (H, W) is of the picture's own size."""
        self.compiled, self.config, self.plan = compiled, compiled.config, plan
        self.budget = MemoryBudget(compiled)
        self.mask = None if mask is None else plan.pad(mask[None, ..., None])
        self.region_masks = [self.region_mask(region) for region in compiled.regions]
        self.picked: dict[str, Array] = {}  # term inputs of the octave before
        self.inputs: OctaveInputs
        self.importance: Importance | None = None
        self.tiled: TiledStep | None = None

    def region_mask(self, region: Region) -> Array | None:
        """Return the mask of a region, padded as the picture is; None for all of the picture."""
        if region.mask is None:
            return None
        mask = load_mask(region.mask, self.plan.size, self.config.max_pixels)
        return self.plan.pad((1.0 - mask if region.invert else mask)[None, ..., None])

    def step(self, image: Tensor, step_sizes: Array, index: StepIndex, original: Callable[[], Array]) -> StepResult:
        """Take one step of pictures (N, H, W, 3), whole or in tiles; tiles halve where the memory runs out.

        `step_sizes` has one number for each picture. `original` makes the undreamt pictures at this size.
        """
        if index.step == 0:
            self.choose_tiles(self.budget.tile_side(image.shape))
        while True:
            try:
                if index.step == 0:
                    self.begin_octave(image.shape, index, original)
                self.set_update_inputs(index)
                if self.tiled is None:
                    return self.whole_step(image, step_sizes, index)
                return self.tiled_step(self.tiled, to_numpy(image), step_sizes, index)
            except self.compiled.backend.OUT_OF_MEMORY as fault:
                side = max(image.shape[1:3]) if self.tiled is None else self.tiled.side
                self.choose_tiles(self.budget.halve_tile(side, fault))

    def choose_tiles(self, side: int | None) -> None:
        """Take the next steps in tiles of a side; with None, whole."""
        self.tiled = None if side is None else TiledStep(self.compiled, self.budget, side)

    def whole_step(self, image: Tensor, step_sizes: Array, index: StepIndex) -> StepResult:
        """Take one step of whole pictures."""
        image, update = ops.convert_to_tensor(image), self.inputs.update
        if self.steps_in_one_call:
            inputs = self.gradient_inputs(self.inputs.weights)
            loss, image, slope, moments = self.compiled.step(image, inputs, step_sizes, update)
        else:
            loss, gradients = self.whole_gradient(image, self.inputs.weights, step_rng(self.config, index))
            image, slope, moments = self.compiled.update(image, gradients, step_sizes, update)
            if self.importance is not None:
                gradient = sum_regions([to_numpy(one) for one in gradients], update.get("regions"))
                self.importance.add(gradient, to_numpy(slope), step_sizes, update.get("mask"))
        if moments:
            update["moments"] = moments
        return StepResult(image, to_numpy(loss), to_numpy(slope))

    @property
    def steps_in_one_call(self) -> bool:
        """Whether nothing comes between gradient and update, and nothing else asks for the gradient by itself."""
        config, compiled = self.config, self.compiled
        sampled = config.jitter or config.turns or config.smooth_samples or config.crops
        return not (sampled or config.opacity or compiled.pads_to_buckets or compiled.has_relative_weights)

    def gradient_inputs(self, weights: Array) -> GradientInputs:
        """Return the gradient's inputs for whole pictures, with those weights (terms, pictures) of the terms."""
        inputs: GradientInputs = {"weights": weights, "terms": self.inputs.terms}
        if self.inputs.original is not None:
            inputs["original"] = self.inputs.original
        return inputs

    def whole_gradient(self, image: Tensor, weights: Array, rng: np.random.Generator) -> tuple[Tensor, list[Tensor]]:
        """Return the losses and the gradients of whole pictures, as `rng` moves and samples them."""
        inputs, transform = self.gradient_inputs(weights), draw_transform(self.config, rng)
        if "original" in inputs:
            inputs["original"] = transform.apply(inputs["original"])
        affordable = self.budget.affordable_pixels()
        loss, gradients = sampled_gradient(self.compiled, transform.apply(image), inputs, rng, affordable)
        return loss, [transform.invert(gradient) for gradient in gradients]

    def tiled_step(self, tiled: TiledStep, image: Array, step_sizes: Array, index: StepIndex) -> StepResult:
        """Take one step in tiles; the image is changed in place."""
        inputs, update = self.inputs, self.inputs.update
        if "moments" in update:  # tensors, where whole pictures were dreamt until the memory ran out
            update["moments"] = [to_numpy(moment) for moment in update["moments"]]
        rng = step_rng(self.config, index)
        loss, gradient = tiled.gradient(
            image, inputs.weights, inputs.terms, inputs.original, update.get("regions"), rng
        )
        size = mean_absolute(gradient)
        if self.importance is not None:
            self.importance.add(gradient, size, step_sizes, update.get("mask"))
        gradient = tiled.filter_gradient(gradient, update)
        active = step_sizes > 0
        if np.isfinite([loss[active], size[active]]).all():  # else the image stays as it was
            tiled.advance(image, gradient, step_sizes, update)
        return StepResult(image, loss, size)

    def begin_octave(self, shape: tuple[int, ...], index: StepIndex, original: Callable[[], Array]) -> None:
        """Prepare what stays the same throughout an octave of pictures of a shape."""
        compiled, size = self.compiled, (shape[1], shape[2])
        pixels = original() if any(term.needs_original for term in compiled.terms) else None
        octave = OctaveLayers(compiled, self.tiled, size, self.plan.padded_size, pixels)
        terms = dict(compiled.constants)
        for number, term in enumerate(compiled.terms):
            if term.octave_input_shape is not None:
                terms[str(number)] = term.octave_input(octave, self.picked.get(str(number)))
        self.picked = terms
        self.inputs = OctaveInputs(
            np.repeat(compiled.term_weights[:, None], shape[0], 1),
            terms,
            self.octave_update_inputs(shape),
            pixels if compiled.compares_original else None,
        )
        if compiled.has_relative_weights:
            assert pixels is not None
            self.inputs.weights = balance(compiled.terms, self.inputs.weights, self.strength_at(pixels, index))
        if self.config.opacity:
            self.importance = self.importance or Importance(shape[0], size)
            self.importance.resize(size)

    def strength_at(self, original: Array, index: StepIndex) -> Callable[[Array], Array]:
        """Return what finds the mean absolute gradients, with some weights, of the original with a little noise."""
        seeds, inputs = [self.config.seed, index.octave, 0, 1], self.inputs
        noise = np.random.default_rng(seeds).standard_normal(original.shape, np.float32)
        image, regions = original + np.float32(NOISE) * noise, inputs.update.get("regions")

        def strength(weights: Array) -> Array:
            rng = np.random.default_rng(seeds)
            if self.tiled is not None:
                gradient = self.tiled.gradient(image, weights, inputs.terms, inputs.original, regions, rng)[1]
            else:
                gradients = self.whole_gradient(ops.convert_to_tensor(image), weights, rng)[1]
                gradient = sum_regions([to_numpy(one) for one in gradients], regions)
            return mean_absolute(gradient)

        return strength

    def octave_update_inputs(self, shape: tuple[int, ...]) -> UpdateInputs:
        """Return the update's inputs that stay the same throughout an octave."""
        inputs: UpdateInputs = {}
        size, spec = (shape[1], shape[2]), self.compiled.update_spec
        if self.mask is not None:
            inputs["mask"] = resize_rows(self.mask, size)[0]
        if "regions" in spec:
            everywhere = np.ones((*size, 1), np.float32)
            inputs["regions"] = [
                everywhere if mask is None else resize_rows(mask, size)[0] for mask in self.region_masks
            ]
        if "moments" in spec:
            inputs["moments"] = [allocate(shape), allocate(shape)]
        return inputs

    def set_update_inputs(self, index: StepIndex) -> None:
        """Set the update's inputs that change from step to step."""
        spec, update, config = self.compiled.update_spec, self.inputs.update, self.config
        if "kernels" in spec:
            share = (index.step + 1) / at_octave(config.iterations, index.octave)
            sigma = at_octave(config.gradient_blur, index.octave) + config.blur_growth * share
            update["kernels"] = gaussian_kernels(sigma, config.blur_kind)
        if "time" in spec:
            update["time"] = np.float32(index.step + 1)


@dataclasses.dataclass
class OctaveLayers:
    """The layers of an octave: what terms may ask (`objectives.context.Octave`)."""

    compiled: CompiledObjective
    tiled: TiledStep | None
    size: Size
    full_size: Size
    original: Array | None

    def cells(self, layer: str) -> tuple[int, int]:
        """Return the rows and columns of a layer in this octave."""
        rows, columns = self.compiled.features.shapes(self.size)[layer][1:3]
        return rows, columns

    def full_size_cells(self, layer: str) -> tuple[int, int]:
        """Return the rows and columns of a layer at the picture's full size."""
        rows, columns = self.compiled.features.shapes(self.full_size)[layer][1:3]
        return rows, columns

    def picture_activations(self, picture: PictureSource, layer: str) -> Array:
        """Return the activations (rows, columns, channels) of another picture, of which this size is cut."""
        image = self.compiled.picture_pixels(picture, self.size) / 127.5 - 1.0
        if self.tiled is not None:
            return self.tiled.activations(image, layer)
        return to_numpy(self.compiled.activations(image)[layer])[0].astype(np.float32)

    def mean_squares(self, layer: str) -> Array:
        """Return the mean square of each channel in the original, one row for each picture."""
        assert self.original is not None
        if self.tiled is not None:
            return self.tiled.mean_squares(self.original, layer)
        whole = self.compiled.whole_view(self.original)
        activations = to_numpy(self.compiled.activations(whole)[layer]).astype(np.float32)
        return np.square(activations).mean((1, 2))
