"""An objective on a network, compiled for pictures of any size."""

import copy
import functools
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kerasdream.ascent.backend import Compiled, Weights, to_numpy
from kerasdream.ascent.crops import crop, whole_crop
from kerasdream.ascent.current_backend import current_backend
from kerasdream.ascent.gradient_filters import GradientStatistics
from kerasdream.ascent.step import (
    AscentStep,
    GradientInputs,
    Preprocess,
    UpdateInputs,
    preprocess_images,
    regions_of,
)
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.image.blend import load_picture
from kerasdream.image.pyramid import pad_reflect
from kerasdream.model.classes import number_of
from kerasdream.model.features import Features
from kerasdream.model.padded import bucket_shape
from kerasdream.objectives import Objective
from kerasdream.objectives.context import PictureSource
from kerasdream.objectives.view import SCORES
from kerasdream.types import Array, Size, Tensor

IMAGE = keras.KerasTensor((None, None, None, 3))
PLANE = keras.KerasTensor((None, None, 1))
VECTOR = keras.KerasTensor((None,))
CROP_SIDE = 224  # of crops, for a network that says nothing of a size
GUIDE_SIDE = 384  # of a guide picture: its textures matter, not its size


class Programs(NamedTuple):
    """The compiled functions of an AscentStep. One that is never called is never traced."""

    step: Compiled
    gradient: Compiled
    tile_gradient: Compiled  # with `spans`
    update: Compiled
    filter_gradient: Compiled
    advance: Compiled


class CompiledObjective:
    """An objective on a network, compiled once, for pictures of any size."""

    def __init__(self, model: keras.Model, preprocess: Preprocess | None, objective: Objective, config: DreamConfig):
        self.backend, self.config, self.preprocess = current_backend(), config, preprocess
        self.features = Features(
            model,
            objective.layers(),
            SCORES if objective.needs_classes else None,
            self.backend.CONVOLUTION,
            self.backend.FLIPPED_KERNELS,
        )
        self.body = AscentStep(self.features, preprocess, objective, config, self.backend.gradient)
        self.terms, self.regions = self.body.terms, regions_of(objective)
        self.term_weights = np.array([weight for _, weight in objective.terms], np.float32)
        moved = "turns=True" if config.turns else f"crops={config.crops}" if config.crops else ""
        if moved and (placed := next((term for term in self.terms if term.placed), None)):
            raise ConfigError(f"{placed} has its place, and {moved} would move it. Leave one of them out.")
        exact = self.whole_only or any(term.exact_shape for term in self.terms)
        relative = [str(term) for term in self.terms if term.has_relative_weight]
        if len(relative) == len(self.terms):
            raise ConfigError(
                f"{relative[0]} is balanced against the other terms, and there is none; "
                "add one, such as 'mixed5 + content(mixed4, balanced)'."
            )
        self.has_relative_weights = bool(relative)
        # Where each size would be compiled by itself, pictures are padded to one of few sizes.
        self.pads_to_buckets = self.backend.STATIC_SHAPES and self.features.supports_padding and not exact
        self.model_weights: Weights = {}
        self.refresh()
        self.programs = self.compile()

    def compile(self) -> Programs:
        """Compile the functions of the step."""
        compile_function, body, weights = self.backend.compile_function, self.body, self.model_weights
        inputs, update_inputs = self.gradient_spec(), self.update_spec
        of_tiles = inputs | {"spans": keras.KerasTensor((None, 2, 4))}
        statistics = GradientStatistics(*[keras.KerasTensor((None, 1, 1, 1))] * 3)
        kernels: UpdateInputs = {"kernels": update_inputs["kernels"]} if "kernels" in update_inputs else {}
        strip = {name: spec for name, spec in update_inputs.items() if name in ("mask", "moments", "time")}
        return Programs(
            compile_function(body.step, IMAGE, inputs, VECTOR, update_inputs, weights=weights),
            compile_function(body.gradient, IMAGE, inputs, weights=weights),
            compile_function(body.gradient, IMAGE, of_tiles, weights=weights),
            compile_function(body.update, IMAGE, [IMAGE] * len(self.regions), VECTOR, update_inputs),
            compile_function(body.filter_gradient, IMAGE, kernels),
            compile_function(body.advance, IMAGE, IMAGE, statistics, VECTOR, strip),
        )

    def with_config(self, config: DreamConfig) -> "CompiledObjective":
        """Return the same compiled functions with other settings, of which the compiled ones are the same."""
        other = copy.copy(self)
        other.config = config
        return other

    def with_terms(self, weights: Array, constants: Mapping[str, Array]) -> "CompiledObjective":
        """Return the same compiled functions with other weights of the terms, and other inputs that are constant."""
        other = copy.copy(self)
        other.term_weights, other.constants = weights, {**self.constants, **constants}
        return other

    def refresh(self) -> None:
        """Take the weights that the model has now."""
        self.backend.store_weights(self.model_weights, self.features.weights(include_rest=self.backend.STATIC_SHAPES))
        self.constants = {
            str(number): value for number, term in enumerate(self.terms) if (value := term.constant(self)) is not None
        }

    # The compiled functions: AscentStep says what they compute

    def step(
        self, image: Tensor, inputs: GradientInputs, step_sizes: Array, update_inputs: UpdateInputs
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        """Call AscentStep.step, compiled."""
        return self.programs.step(image, inputs, step_sizes, update_inputs)

    def gradient(self, image: Tensor, inputs: GradientInputs) -> tuple[Tensor, list[Tensor]]:
        """Call AscentStep.gradient, compiled; on pictures padded to a bucket where the backend asks for that."""
        program = self.programs.tile_gradient if "spans" in inputs else self.programs.gradient
        if not self.pads_to_buckets:
            return program(image, inputs)
        height, width = image.shape[1:3]
        rows, columns = bucket_shape((height, width))
        pads = [(0, 0), (0, rows - height), (0, columns - width), (0, 0)]
        padded: GradientInputs = {**inputs, "size": np.array((height, width), np.int32)}
        if "noise" in inputs:
            padded["noise"] = ops.pad(inputs["noise"], pads)
        if "original" in inputs:
            padded["original"] = ops.pad(inputs["original"], pads)
        loss, gradients = program(ops.pad(image, pads), padded)
        return loss, [gradient[:, :height, :width] for gradient in gradients]

    def update(
        self, image: Tensor, gradients: list[Tensor], step_sizes: Array, inputs: UpdateInputs
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Call AscentStep.update, compiled."""
        return self.programs.update(image, gradients, step_sizes, inputs)

    def filter_gradient(self, gradient: Tensor, inputs: UpdateInputs) -> Array:
        """Call AscentStep.filter_gradient, compiled."""
        return to_numpy(self.programs.filter_gradient(gradient, inputs))

    def advance(
        self, image: Array, gradient: Array, statistics: GradientStatistics, step_sizes: Array, inputs: UpdateInputs
    ) -> tuple[Tensor, list[Tensor]]:
        """Call AscentStep.advance, compiled."""
        return self.programs.advance(image, gradient, statistics, step_sizes, inputs)

    def activations(self, image: Tensor) -> dict[str, Tensor]:
        """Return the activations by layer of pictures from -1 to 1."""
        return self.features(preprocess_images(self.preprocess, ops.convert_to_tensor(image)), self.model_weights)

    @property
    def whole_only(self) -> bool:
        """Whether a picture can only be looked at as a whole, or in crops, but neither in tiles nor padded."""
        return self.features.whole_only or self.config.crops > 0

    @functools.cached_property
    def side(self) -> Size:
        """The size that crops are brought to."""
        return self.features.fixed_size or self.features.built_size or (CROP_SIDE, CROP_SIDE)

    def whole_view(self, images: Tensor) -> Tensor:
        """Return whole pictures as the network can take them: at its own size, where it dreams in crops."""
        if not self.config.crops:
            return images
        return crop(images, whole_crop(images.shape[1:3], self.side))[:, 0]

    @property
    def traces(self) -> int:
        """How often the gradient has been traced: on TensorFlow once for whole pictures of any size, once for
        those that are transformed or noisy, once for tiles."""
        programs = (self.programs.step, self.programs.gradient, self.programs.tile_gradient)
        return sum(map(self.backend.trace_count, programs))

    @functools.cached_property
    def bytes_per_pixel(self) -> float:
        """About how much memory the gradient of a pixel takes; regions are computed one after the other."""
        return self.features.bytes_per_pixel()

    # The shapes of the inputs

    def gradient_spec(self) -> GradientInputs:
        """Return the shapes of the gradient's inputs."""
        terms = {key: keras.KerasTensor(value.shape, str(value.dtype)) for key, value in self.constants.items()}
        for number, term in enumerate(self.terms):
            if (shape := term.octave_input_shape) is not None:
                terms[str(number)] = keras.KerasTensor(shape, term.octave_input_type)
        spec: GradientInputs = {"weights": keras.KerasTensor((None, None)), "terms": terms}
        if self.config.crops:
            height, width = self.side
            spec["crops"] = keras.KerasTensor((None, height, None)), keras.KerasTensor((None, width, None))
        elif self.config.smooth_samples:
            spec["noise"] = IMAGE
        if self.compares_original:
            spec["original"] = IMAGE
        if self.pads_to_buckets:
            spec["size"] = keras.KerasTensor((2,), "int32")
        return spec

    @property
    def compares_original(self) -> bool:
        """Whether the loss takes the activations of the original."""
        return any(term.compares_original for term in self.terms)

    @functools.cached_property
    def update_spec(self) -> UpdateInputs:
        """The shapes of the update's inputs."""
        spec: UpdateInputs = {}
        config = self.config
        if config.mask is not None:
            spec["mask"] = PLANE
        if any(region.mask is not None for region in self.regions):
            spec["regions"] = [PLANE] * len(self.regions)
        if np.any(config.gradient_blur) or config.blur_growth:
            spec["kernels"] = [VECTOR] * (3 if config.blur_kind == "cascade" else 1)
        if config.optimizer == "adam":
            spec["moments"], spec["time"] = [IMAGE, IMAGE], keras.KerasTensor(())
        return spec

    # What terms may ask: objectives.context.Network

    def channel_count(self, layer: str) -> int:
        """Return how many channels a layer has."""
        return int(self.features.outputs()[layer].shape[-1])

    def class_index(self, name: str) -> int:
        """Return the number of a class; LayerError where the network has no such class."""
        return number_of(name, self.channel_count(SCORES), self.features.class_names)

    def picture_pixels(self, picture: PictureSource, size: Size | None = None) -> Array:
        """Return the pixels (1, H, W, 3) of a picture; with `size`, of its middle at that size."""
        pixels: Array = load_picture(picture, self.config.max_pixels).pixels.astype(np.float32)
        if size is None or pixels.shape[1:3] == size:
            return pixels
        cut = {"crop_to_aspect_ratio": True, "antialias": True, "data_format": "channels_last"}
        return to_numpy(ops.image.resize(pixels, size, **cut))

    def picture_activations(self, picture: PictureSource, layer: str) -> Array:
        """Return the activations of every cell of a picture in a layer, one row each."""
        pixels = self.picture_pixels(picture)
        if (size := self.features.fixed_size or guide_size(pixels.shape[1:3])) != pixels.shape[1:3]:
            pixels = to_numpy(ops.image.resize(pixels, size, antialias=True, data_format="channels_last"))
        pixels = pad_reflect(pixels, (self.features.min_side(1),) * 2)
        activations = np.asarray(to_numpy(self.activations(pixels / 127.5 - 1.0)[layer]), np.float32)
        return activations.reshape(-1, activations.shape[-1])


def guide_size(size: tuple[int, ...]) -> Size:
    """Return the size at which a guide picture is looked at, with its longer side at most GUIDE_SIDE.

    >>> guide_size((300, 200)), guide_size((768, 1000))
    ((300, 200), (295, 384))
    """
    shrink = min(1.0, GUIDE_SIDE / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
