"""The steps of a teaching: what misleads the network is added to half of the pictures, and it learns what they show."""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.current_backend import current_backend
from kerasdream.teaching.config import TeachConfig
from kerasdream.teaching.lessons import HALF, Lessons
from kerasdream.types import Array, Tensor

WARM_UP = 30  # steps
DECAY = 1e-3  # of the weights
TOGETHER = 32  # held-out pictures that are looked at together


class Score(NamedTuple):
    """How well the held-out pictures are told apart: the share that is, and the error on noisy ones."""

    accuracy: float
    error: float


class Trainer:
    """A network that learns from lessons. Each step depends on the weights, the seed and its number alone."""

    def __init__(self, model: keras.Model, lessons: Lessons, config: TeachConfig):
        self.model, self.lessons, self.config = model, lessons, config
        optimizer = keras.optimizers.AdamW(config.rate, weight_decay=DECAY, global_clipnorm=1.0)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        optimizer.build(model.trainable_variables)
        self.optimizer, self.backend = optimizer, current_backend()
        side = config.side
        self.slope = self.backend.compile_function(
            self.slope_of, keras.KerasTensor((None, side, side, 3)), keras.KerasTensor((None,), "int32")
        )

    def slope_of(self, pixels: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of the error with respect to each picture."""

        def error(pixels: Tensor) -> Tensor:
            return keras.losses.sparse_categorical_crossentropy(labels, self.model(pixels, training=False))

        return self.backend.gradient(error, pixels)[1]

    def step(self, number: int, share: float) -> float:
        """Take a step, when so large a share of all is done; returns the error before it."""
        pixels, labels = self.lessons.batch(number)
        if self.config.adversarial and number >= WARM_UP:
            rng = np.random.default_rng([self.config.seed, 4, number])
            pixels[::2] += self.misleading(pixels[::2], labels[::2], rng)
        warmth = min(1.0, (number + 1) / WARM_UP)
        self.optimizer.learning_rate = self.config.rate * warmth * (0.5 + 0.5 * math.cos(math.pi * min(1.0, share)))
        return float(self.model.train_on_batch(pixels, labels))

    def misleading(self, pixels: Array, labels: Array, rng: np.random.Generator) -> Array:
        """Return the changes of pictures, each of its own strength, that most raise the error."""
        slope = to_numpy(self.slope(ops.convert_to_tensor(pixels), ops.convert_to_tensor(labels)))
        strength = HALF * self.config.adversarial * rng.uniform(0, 1, (len(pixels), 1, 1, 1))
        changes: Array = strength * slope / (np.sqrt(np.mean(slope**2, (1, 2, 3), keepdims=True)) + 1e-12)
        return changes.astype(np.float32)

    def probabilities(self, pixels: Array) -> Array:
        """Return the probabilities of the classes in pictures."""
        parts = [self.model.predict_on_batch(pixels[at : at + TOGETHER]) for at in range(0, len(pixels), TOGETHER)]
        return np.concatenate(parts)

    def score(self) -> Score:
        """Return how well the held-out pictures are told apart."""
        lessons, labels = self.lessons, self.lessons.held_out_labels
        right = self.probabilities(lessons.held_out).argmax(1) == labels
        noisy = self.probabilities(lessons.noisy_held_out())[np.arange(len(labels)), labels]
        counted = right if lessons.flat else right[~lessons.of_background]
        return Score(float(counted.mean()), float(-np.log(np.maximum(noisy, 1e-7)).mean()))

    def learnt(self) -> list[Array]:
        """Return copies of the variables that learn."""
        return [np.array(to_numpy(variable.value)) for variable in self.model.trainable_variables]

    def state(self) -> list[Array]:
        """Return all that the next step depends on."""
        return self.learnt() + [np.array(to_numpy(variable.value)) for variable in self.optimizer.variables]

    def restore(self, arrays: list[Array]) -> None:
        """Take up a state, or only the variables that learn."""
        variables = [*self.model.trainable_variables, *self.optimizer.variables]
        for variable, array in zip(variables, arrays, strict=False):
            variable.assign(array)
