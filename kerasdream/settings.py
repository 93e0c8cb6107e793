"""The types of the settings that `dream`, `Dreamer` and others take as keyword arguments: what an editor completes.

`config.py` says what they mean; a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np

from kerasdream.objectives import Expression
from kerasdream.pixels import PictureLike

Numbers: TypeAlias = float | Sequence[float] | np.ndarray  # one, or one for each octave
Integers: TypeAlias = int | Sequence[int] | np.ndarray
# Layers and weights as text, {name: weight}, a list, or terms and sums of them.
ObjectiveLike: TypeAlias = str | Expression | Mapping[Any, float] | Sequence[Any]


class Settings(TypedDict, total=False):
    """The knobs of DreamConfig but the network and its layers."""

    weights: str
    preset: str
    step: Numbers
    iterations: Integers
    max_loss: float | None
    num_octave: int
    octave_scale: float
    octaves_above: int
    detail: Literal["kept", "added", "none"]
    normalize: Literal["mean", "std", "standard", "l2"]
    optimizer: Literal["ascent", "adam"]
    clip: bool
    jitter: int
    turns: bool
    smooth_samples: int
    smooth_noise: float
    crops: int
    gradient_blur: Numbers
    blur_growth: float
    blur_kind: Literal["gaussian", "cascade"]
    gradient_scales: int
    mask: PictureLike
    strength: float
    keep_color: bool
    opacity: bool
    snapshots: Integers | None
    seed: int
    precision: Literal["float32", "bfloat16", "auto"]
    device: str | None
    memory: str
    tile: int | None
    overlap: int
    max_pixels: int


class AllSettings(Settings, total=False):
    """All knobs of DreamConfig."""

    model: str
    layers: ObjectiveLike | None
