"""One step of a drawing: Adam on the parameters of several pictures from noise."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kerasdream.ascent import parameterization
from kerasdream.ascent.backend import Compiled, Weights
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.step import adam, preprocess_images
from kerasdream.model.rectifiers import is_capped
from kerasdream.objectives import ActivationView, weighted_sum
from kerasdream.types import Array, Tensor
from kerasdream.visual_config import VisualConfig

NOISE_GROWTH = 1.5  # growth of the noise, step by step, that a sleeping channel sees


class Drawing(NamedTuple):
    """One picture to draw: the number of its objective and of its answer, and whether it shows the opposite."""

    objective: int
    answer: int
    sign: float


class State(NamedTuple):
    """What a step changes: the parameters, Adam's moments, and how much each place of the pictures counted so far."""

    parameters: Tensor  # (parts, pictures, 3, side, side)
    moments: list[Tensor]
    importance: Tensor  # (pictures, side, side)


@dataclasses.dataclass(frozen=True, eq=False)
class DrawingStep:
    """The step of a batch of pictures that are drawn together."""

    compiled: CompiledObjective
    settings: VisualConfig
    pad: int  # pixels of grey around each picture
    magnitude: Tensor  # of the Fourier coefficients
    term_weights: Array  # (terms, pictures)
    siblings: Array  # (pictures, pictures): see `siblings_of`
    term_inputs: Mapping[str, Tensor]

    def initial_state(self, rngs: Sequence[np.random.Generator]) -> State:
        """Return the state before the first step: noise, drawn for each picture by itself."""
        method, size = self.settings.method, self.settings.size
        noise = [parameterization.initial_parameters(method, 1, size, rng) for rng in rngs]
        x = ops.convert_to_tensor(np.concatenate(noise, axis=1))
        return State(x, [ops.zeros_like(x), ops.zeros_like(x)], ops.zeros((len(rngs), size, size)))

    def render(self, parameters: Tensor) -> Tensor:
        """Return the pictures (N, H, W, 3), from -1 to 1."""
        return parameterization.render(self.settings.method, parameters, self.magnitude)

    def compile(self, state: State, soft: bool) -> Compiled:
        """Compile the step; with `soft`, pictures that are asleep see a soft ReLU."""

        def step(
            x: Tensor,
            moments: list[Tensor],
            importance: Tensor,
            time: Tensor,
            rows: Tensor,
            asleep: Tensor,
            weights: Weights,
        ) -> tuple[Tensor, list[Tensor], Tensor, Tensor, Tensor]:
            return self.step(State(x, moments, importance), time, rows, asleep if soft else None, weights)

        spec = keras.KerasTensor(state.parameters.shape, keras.backend.standardize_dtype(state.parameters.dtype))
        count = len(self.siblings)
        others = [keras.KerasTensor(shape) for shape in (state.importance.shape, (), (count, 8), (count,))]
        compile_function, weights = self.compiled.backend.compile_function, self.compiled.model_weights
        return compile_function(step, spec, [spec] * 2, *others, weights=weights)

    def step(
        self, state: State, time: Tensor, rows: Tensor, asleep: Tensor | None, weights: Weights
    ) -> tuple[Tensor, list[Tensor], Tensor, Tensor, Tensor]:
        """Return the state after a step, and of each picture whether it is asleep, and its value."""
        x, gradient_of = state.parameters, self.compiled.backend.gradient
        values, by_pixel = gradient_of(lambda images: self.value(images, rows, asleep, weights), self.render(x))
        by_pixel = ops.stop_gradient(by_pixel)
        _, gradient = gradient_of(lambda x: ops.sum(self.render(x) * by_pixel, axis=(1, 2, 3)), x)
        # Each picture counts as one, however strong its layer is.
        strength = ops.sqrt(ops.mean(ops.square(gradient), axis=(0, 2, 3, 4), keepdims=True))
        direction, moments = adam(gradient / (strength + 1e-12), state.moments, time, self.settings.method == "maco")
        silent = ops.logical_not(strength[0, :, 0, 0, 0] > 0)
        if any(map(is_capped, self.compiled.features.rectifiers)):
            silent = ops.logical_and(silent, values <= 0)  # and not as loud as can be
        # A channel that finds nothing in the first faint noise gets stronger noise, too; not what is to find nothing.
        deviation = ops.std(x, axis=(0, 2, 3, 4), keepdims=True)
        wakes = (self.term_weights.sum(axis=0) > 0)[:, None, None, None]
        louder = ops.where(ops.logical_and(deviation < parameterization.MAX_DEVIATION, wakes), x * NOISE_GROWTH, x)
        x = ops.where(silent[:, None, None, None], louder, x + self.settings.rate * direction)
        share = ops.sqrt(ops.sum(ops.square(by_pixel), axis=-1))
        share = share / (ops.mean(share, axis=(1, 2), keepdims=True) + 1e-12)
        return x, moments, state.importance + share, silent, values

    def value(self, images: Tensor, rows: Tensor, asleep: Tensor | None, weights: Weights) -> Tensor:
        """Return how much each picture, transformed, excites its objective, less what it has of its siblings."""
        s, compiled = self.settings, self.compiled
        images = parameterization.pad_grey(images, self.pad)
        images = parameterization.affine_transform(images, rows) if s.transform else images
        activations = compiled.features(preprocess_images(compiled.preprocess, images), weights, asleep)
        view = ActivationView(images, activations, unbordered=compiled.features.unbordered)
        terms = [(int(number), compiled.terms[number]) for number in np.flatnonzero(self.term_weights.any(axis=1))]
        by_term = {number: ops.convert_to_tensor(self.term_weights[number]) for number, _ in terms}
        total = weighted_sum(terms, by_term, view, self.term_inputs)
        if s.answers > 1 and s.diversity:
            apart = similarity(activations, self.siblings)
            total = total - s.diversity * ops.abs(ops.stop_gradient(total)) * apart
        return total


def siblings_of(drawings: Sequence[Drawing]) -> Array:
    """Return which pictures are other answers to the same objective, as the share that each has."""
    keys = [(drawing.objective, drawing.sign) for drawing in drawings]
    same = np.array([[float(one == other) for other in keys] for one in keys], np.float32)
    np.fill_diagonal(same, 0.0)
    shares: Array = same / np.maximum(same.sum(-1, keepdims=True), 1.0)
    return shares


def similarity(activations: Mapping[str, Tensor], siblings: Array) -> Tensor:
    """Return how much each picture's textures are those of its siblings: the mean cosine of their Gram matrices."""
    layer = next(iter(activations.values()))
    if len(layer.shape) != 4:
        return 0.0
    a = ops.cast(layer, "float32")
    shape = ops.shape(a)
    a = ops.reshape(a, (shape[0], -1, shape[3]))
    gram = ops.reshape(ops.matmul(ops.transpose(a, (0, 2, 1)), a), (shape[0], -1))
    gram = gram / (ops.sqrt(ops.sum(ops.square(gram), axis=-1, keepdims=True)) + 1e-12)
    return ops.sum(ops.matmul(gram, ops.transpose(gram)) * ops.convert_to_tensor(siblings), axis=-1)
