"""JAX: one compiled program for each size of picture or tile."""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import keras
from keras import ops

from kerasdream.ascent.backend import Convolution, Weights
from kerasdream.ascent.devices import check_device, convert_arguments, processor_has_bfloat16
from kerasdream.types import Tensor

OUT_OF_MEMORY: tuple[type[BaseException], ...] = (MemoryError,)
STATIC_SHAPES = True
CONVOLUTION: Convolution | None = None  # Keras's own
FLIPPED_KERNELS = False


class CompiledPrograms:
    """A function compiled for each set of sizes that it meets."""

    def __init__(self, function: Callable[..., Any], specs: tuple[Any, ...], weights: Weights | None):
        self.traces, self.specs = 0, specs
        self.last = () if weights is None else (weights,)

        def traced(*arguments: Any) -> Any:
            self.traces += 1
            return function(*arguments)

        self.program = jax.jit(traced)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.program(*convert_arguments(self.specs, arguments), *self.last)
        except jax.errors.JaxRuntimeError as fault:
            if "RESOURCE_EXHAUSTED" in str(fault) or "Out of memory" in str(fault):
                raise MemoryError(str(fault)) from fault
            raise


def compile_function(function: Callable[..., Any], *specs: Any, weights: Weights | None = None) -> CompiledPrograms:
    """Compile a function of tensors, once for each size; `weights` come last."""
    return CompiledPrograms(function, specs, weights)


def trace_count(compiled: CompiledPrograms) -> int:
    """Return how often a compiled function has been traced: once for each size."""
    return compiled.traces


def store_weights(stored: Weights, fresh: Weights) -> None:
    """Put fresh weights where compiled functions read them."""
    stored.update(fresh)


def gradient(function: Callable[[Tensor], Tensor], image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values of a function of pictures, and the gradient of their sum."""
    values, pull_back = jax.vjp(function, image)
    (gradient,) = pull_back(ops.ones_like(values))
    return values, gradient


def has_bfloat16() -> bool:
    """Return whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    first = jax.devices()[0]
    if first.platform == "cpu":
        return processor_has_bfloat16()
    return float(getattr(first, "compute_capability", 8)) >= 8


def on_device(name: str | None) -> contextlib.AbstractContextManager[object]:
    """Return a scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where JAX finds best."""
    if name is None:
        return contextlib.nullcontext()
    devices = ["cpu:0"]
    if jax.default_backend() != "cpu":
        devices += [f"{jax.default_backend()}:{device.id}" for device in jax.devices()]
    return keras.device(check_device(name, devices))
