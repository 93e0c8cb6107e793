"""What the files for TensorFlow, JAX and PyTorch have in common."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias, cast

import keras

from kerasdream.types import Array, Tensor

Weights: TypeAlias = dict[str, tuple[Any, ...]]  # tensors or variables by the name of their layer
Strides: TypeAlias = tuple[int, int]  # rows, columns
Compiled: TypeAlias = Callable[..., Any]
Convolution: TypeAlias = Callable[..., Tensor]  # of images, kernel, bias, strides, padding and dilation


class Backend(Protocol):
    """What each of the three files provides.

    `STATIC_SHAPES` says whether shapes and closed-over tensors are compiled in, `CONVOLUTION` is a faster convolution
    than Keras makes, and `FLIPPED_KERNELS` says whether it takes a kernel's flipped copy for its gradient.
    """

    OUT_OF_MEMORY: tuple[type[BaseException], ...]
    STATIC_SHAPES: bool
    CONVOLUTION: Convolution | None
    FLIPPED_KERNELS: bool

    def compile_function(self, function: Callable[..., Any], *specs: Any, weights: Weights | None = None) -> Compiled:
        """Compile a function of tensors; `specs` are trees of KerasTensors, and `weights` its last argument."""

    def trace_count(self, compiled: Any) -> int:
        """Return how often a compiled function has been traced."""

    def store_weights(self, stored: Weights, fresh: Weights) -> None:
        """Put fresh weights where compiled functions read them."""

    def gradient(self, function: Callable[[Tensor], Tensor], image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values of a function of pictures, and the gradient of their sum."""

    def has_bfloat16(self) -> bool:
        """Return whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""

    def on_device(self, name: str | None) -> AbstractContextManager[object]:
        """Return a scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where the framework finds best."""


def to_numpy(image: Tensor) -> Array:
    """Return a tensor as an array; an array, which may be a large one on disk, as it is."""
    return image if isinstance(image, Array) else cast(Array, keras.ops.convert_to_numpy(image))
