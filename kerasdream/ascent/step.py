"""One step of gradient ascent: the functions that a framework compiles, the same for every framework.

`gradient` finds the gradient of the objective, `update` takes the picture along it. What changes from step to step is
an argument; what a Dreamer fixes is a field: one trace each.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple, NotRequired, TypeAlias, TypedDict

from keras import ops

from kerasdream.ascent.backend import Weights
from kerasdream.ascent.crops import crop
from kerasdream.ascent.gradient_filters import (
    GradientStatistics,
    blur,
    gradient_statistics,
    laplacian_normalize,
    normalization,
)
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.model.features import Features
from kerasdream.objectives import ActivationView, Masked, Objective, Term, unwrap_mask, weighted_sum
from kerasdream.objectives.context import PictureSource
from kerasdream.types import Tensor

Preprocess: TypeAlias = Callable[[Tensor], Tensor]
ADAM_MEAN, ADAM_SQUARE, ADAM_EPSILON = 0.9, 0.999, 1e-8


class GradientInputs(TypedDict):
    """What the gradient takes besides the pictures."""

    weights: Tensor  # (terms, pictures)
    terms: dict[str, Tensor]  # inputs of terms, by their number
    spans: NotRequired[Tensor]  # of tiles: see ActivationView
    noise: NotRequired[Tensor]  # (samples, H, W, 3), for SmoothGrad
    crops: NotRequired[tuple[Tensor, Tensor]]  # matrices of rows and columns: see ascent.crops
    original: NotRequired[Tensor]  # the undreamt pictures, transformed as the pictures are
    size: NotRequired[Tensor]  # of pictures that are padded


class UpdateInputs(TypedDict, total=False):
    """What the update takes besides pictures, gradients and step sizes."""

    mask: Tensor  # (H, W, 1)
    regions: list[Tensor]  # a mask (H, W, 1) for each region
    kernels: list[Tensor]  # of the blur
    moments: list[Tensor]  # of Adam
    time: Tensor  # of Adam, from 1


class Region(NamedTuple):
    """Terms, by number, that change the same part of the picture."""

    mask: PictureSource | None
    invert: bool
    terms: tuple[int, ...]


def regions_of(objective: Objective) -> list[Region]:
    """Return the terms of an objective gathered by their masks."""
    found: dict[tuple[PictureSource | None, bool], list[int]] = {}
    for number, (term, _) in enumerate(objective.terms):
        key = (term.mask, term.invert) if isinstance(term, Masked) else (None, False)
        found.setdefault(key, []).append(number)
    return [Region(mask, invert, tuple(numbers)) for (mask, invert), numbers in found.items()]


def preprocess_images(preprocess: Preprocess | None, images: Tensor) -> Tensor:
    """Return pictures from -1 to 1 as the model takes them; its own function takes 0 to 255."""
    if preprocess is None:
        return images
    prepared = preprocess((images + 1.0) * 127.5)
    if prepared is None:
        raise ConfigError(f"preprocess={preprocess!r} returned nothing; the pictures for the model were expected.")
    return prepared


@dataclasses.dataclass(frozen=True)
class AscentStep:
    """The functions of one step, for an objective on a network."""

    features: Features
    preprocess: Preprocess | None
    objective: Objective
    config: DreamConfig
    gradient_of: Callable[[Callable[[Tensor], Tensor], Tensor], tuple[Tensor, Tensor]]

    @property
    def terms(self) -> list[Term]:
        """The terms without their masks."""
        return [unwrap_mask(term) for term, _ in self.objective.terms]

    def step(
        self, image: Tensor, inputs: GradientInputs, step_sizes: Tensor, update_inputs: UpdateInputs, weights: Weights
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        """Return the loss, and what `update` returns: both functions in one call, where nothing comes between."""
        loss, gradients = self.gradient(image, inputs, weights)
        return loss, *self.update(image, gradients, step_sizes, update_inputs)

    def gradient(self, image: Tensor, inputs: GradientInputs, weights: Weights) -> tuple[Tensor, list[Tensor]]:
        """Return the loss of each picture, and one gradient for each region."""
        original = None
        if "original" in inputs:
            undreamt = inputs["original"]
            if "crops" in inputs:
                undreamt = self.samples(undreamt, inputs)
            original = self.activations(undreamt, weights, inputs.get("size"))[0]
        terms, results = self.terms, []
        for region in regions_of(self.objective):
            numbered = [(number, terms[number]) for number in region.terms]

            def loss_of(image: Tensor, numbered: list[tuple[int, Term]] = numbered) -> Tensor:
                if "noise" in inputs or "crops" in inputs:
                    return self.sampled_loss(image, numbered, inputs, original, weights)
                return self.loss(image, numbered, inputs, original, weights)

            results.append(self.gradient_of(loss_of, image))
        return sum(loss for loss, _ in results), [gradient for _, gradient in results]

    def loss(
        self,
        image: Tensor,
        terms: Sequence[tuple[int, Term]],
        inputs: GradientInputs,
        original: dict[str, Tensor] | None,
        weights: Weights,
    ) -> Tensor:
        """Return the weighted sum of numbered terms for each picture."""
        activations, sizes = self.activations(image, weights, inputs.get("size"))
        view = ActivationView(image, activations, original, inputs.get("spans"), sizes, self.features.unbordered)
        return weighted_sum(terms, inputs["weights"], view, inputs["terms"])

    def sampled_loss(
        self,
        image: Tensor,
        terms: Sequence[tuple[int, Term]],
        inputs: GradientInputs,
        original: dict[str, Tensor] | None,
        weights: Weights,
    ) -> Tensor:
        """Return the mean loss of the noisy copies or crops of each picture."""
        samples = ops.shape(inputs["noise"] if "noise" in inputs else inputs["crops"][0])[0]
        repeated: GradientInputs = {**inputs, "weights": ops.repeat(inputs["weights"], samples, axis=1)}
        per_picture = [str(number) for number, term in terms if term.per_picture]
        repeated["terms"] = inputs["terms"] | {
            name: ops.repeat(inputs["terms"][name], samples, axis=0) for name in per_picture
        }
        if "spans" in inputs:
            repeated["spans"] = ops.repeat(inputs["spans"], samples, axis=0)
        if original is not None and "crops" not in inputs:
            original = {name: ops.repeat(a, samples, axis=0) for name, a in original.items()}
        losses = self.loss(self.samples(image, inputs), terms, repeated, original, weights)
        return ops.mean(ops.reshape(losses, (-1, samples)), axis=1)

    def samples(self, image: Tensor, inputs: GradientInputs) -> Tensor:
        """Return the noisy copies or the crops of each picture, one after another."""
        if "noise" in inputs:
            return ops.reshape(image[:, None] + inputs["noise"][None], (-1, *ops.shape(image)[1:]))
        rows, columns = inputs["crops"]
        return ops.reshape(crop(image, (rows, columns)), (-1, rows.shape[1], columns.shape[1], image.shape[3]))

    def activations(
        self, image: Tensor, weights: Weights, size: Tensor | None
    ) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """Return the activations by layer, and the sizes of padded pictures in each layer."""
        prepared = preprocess_images(self.preprocess, image)
        if size is None:
            return self.features(prepared, weights), None
        activations, sizes = self.features.call_padded(prepared, weights, size)
        return activations, sizes | {"": [size[0], size[1]]}

    def update(
        self, image: Tensor, gradients: Sequence[Tensor], step_sizes: Tensor, inputs: UpdateInputs
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the picture after the step, the mean absolute gradient of each picture, and Adam's moments.

        `step_sizes` has one number for each picture: 0 keeps a picture as it is.
        """
        gradient = sum_regions(gradients, inputs.get("regions"))
        mean_absolute = ops.mean(ops.abs(gradient), axis=(1, 2, 3))
        gradient = self.filter_gradient(gradient, inputs)
        image, moments = self.advance(image, gradient, gradient_statistics(gradient), step_sizes, inputs)
        return image, mean_absolute, moments

    def filter_gradient(self, gradient: Tensor, inputs: UpdateInputs) -> Tensor:
        """Return the gradient after Laplacian normalization and blur, where the settings ask for them."""
        if self.config.gradient_scales:
            gradient = laplacian_normalize(gradient, self.config.gradient_scales)
        return blur(gradient, inputs["kernels"]) if "kernels" in inputs else gradient

    def advance(
        self, image: Tensor, gradient: Tensor, statistics: GradientStatistics, step_sizes: Tensor, inputs: UpdateInputs
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the image, or a strip of it, after the step, and Adam's moments; `statistics` are of the whole."""
        shift, scale = normalization(statistics, self.config.normalize)
        direction, rate = gradient - shift, ops.reshape(step_sizes, (-1, 1, 1, 1))
        moments: list[Tensor] = []
        if self.config.optimizer == "adam":
            direction, moments = adam(direction / scale, inputs["moments"], inputs["time"])
        else:
            rate = rate / scale
        if "mask" in inputs:
            direction = direction * inputs["mask"]
        # A rate of 0 gives 0 even where the gradient is not finite, in a third of the time of a choice by pixel.
        image = image + ops.divide_no_nan(direction, ops.where(rate > 0, 1.0 / rate, 0.0))
        return ops.clip(image, -1.0, 1.0) if self.config.clip else image, moments


def sum_regions(gradients: Sequence[Tensor], masks: Sequence[Tensor] | None) -> Tensor:
    """Return the gradients of all regions together, each where its mask (H, W, 1) lets it change the picture."""
    return sum(g * m for g, m in zip(gradients, masks, strict=True)) if masks else gradients[0]


def adam(
    gradient: Tensor, moments: Sequence[Tensor], time: Tensor, nesterov: bool = False
) -> tuple[Tensor, list[Tensor]]:
    """Return Adam's direction, and its two moving means; `time` counts from 1. With `nesterov` it is NAdam's.

    >>> zero, one = ops.zeros((1,)), ops.ones((1,))
    >>> [round(float(adam(one, [zero, zero], 1.0, nesterov)[0][0]), 3) for nesterov in (False, True)]
    [1.0, 1.474]
    """
    mean = ADAM_MEAN * moments[0] + (1 - ADAM_MEAN) * gradient
    square = ADAM_SQUARE * moments[1] + (1 - ADAM_SQUARE) * ops.square(gradient)
    if nesterov:  # the mean as it will be after the next step, and the gradient of this one
        direction = ADAM_MEAN * mean / (1 - ADAM_MEAN ** (time + 1))
        direction = direction + (1 - ADAM_MEAN) * gradient / (1 - ADAM_MEAN**time)
    else:
        direction = mean / (1 - ADAM_MEAN**time)
    return direction / (ops.sqrt(square / (1 - ADAM_SQUARE**time)) + ADAM_EPSILON), [mean, square]
