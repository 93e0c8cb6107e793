"""What is random in a step: jitter, flips, crops, and the noisy copies of SmoothGrad."""

from typing import NamedTuple

import numpy as np
from keras import ops

from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.crops import draw_crops
from kerasdream.ascent.step import GradientInputs
from kerasdream.ascent.transforms import Transform
from kerasdream.config import DreamConfig
from kerasdream.types import Tensor


class StepIndex(NamedTuple):
    """Which step of a dream: the octave among all of num_octave, and the step in it, from 0."""

    octave: int
    step: int


def step_rng(config: DreamConfig, index: StepIndex) -> np.random.Generator:
    """Return the random numbers of a step: the same for the same seed, whatever came before."""
    return np.random.default_rng([config.seed, index.octave, index.step])


def draw_transform(config: DreamConfig, rng: np.random.Generator) -> Transform:
    """Draw the jitter and the flips of a step."""
    reach = config.jitter
    rows, columns = rng.integers(-reach, reach + 1, 2).tolist() if reach else (0, 0)
    return Transform((rows, columns), int(rng.integers(8)) if config.turns else 0)


def sampled_gradient(
    compiled: CompiledObjective,
    images: Tensor,
    inputs: GradientInputs,
    rng: np.random.Generator,
    affordable_pixels: int,
) -> tuple[Tensor, list[Tensor]]:
    """Return losses and gradients of pictures or tiles; with crops or SmoothGrad their means over all samples.

    As many samples go through the network together as memory affords.
    """
    config = compiled.config
    samples = config.crops or config.smooth_samples
    if not samples:
        return compiled.gradient(images, inputs)
    count, height, width, _ = images.shape
    side = compiled.side if config.crops else (height, width)
    together = max(1, affordable_pixels // (count * side[0] * side[1]))
    crops = draw_crops(rng, config.crops, (height, width), side) if config.crops else None
    mean_loss: Tensor = 0.0
    means: list[Tensor] = []
    for start in range(0, samples, together):
        some = min(together, samples - start)
        sampled: GradientInputs = {**inputs}
        if crops:
            sampled["crops"] = crops[0][start : start + some], crops[1][start : start + some]
        else:
            noise = rng.standard_normal((some, height, width, 3), np.float32) * np.float32(config.smooth_noise)
            sampled["noise"] = ops.convert_to_tensor(noise)
        loss, gradients = compiled.gradient(images, sampled)
        share = some / samples
        mean_loss = mean_loss + share * loss
        means = [share * g + (means[i] if means else 0.0) for i, g in enumerate(gradients)]
    return mean_loss, means
