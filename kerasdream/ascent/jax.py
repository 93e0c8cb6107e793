"""JAX: one compiled program for each size of picture or tile, and gradients from its vjp."""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import keras
from keras import ops

from kerasdream.ascent.devices import check_device, processor_has_bfloat16, tensors

OUT_OF_MEMORY = (MemoryError,)
CONVOLUTION = None  # Keras's own
STATIC = True  # whether sizes, and what is no argument, are compiled in
MIRRORED = False  # whether a convolution wants the kernel of its way back


class Compiled:
    """A function compiled for each set of sizes that it meets."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], held: Any):
        self.traces, self.arguments = 0, arguments
        self.last = () if held is None else (held,)

        def traced(*given: Any) -> Any:
            self.traces += 1
            return function(*given)

        self.program = jax.jit(traced)

    def __call__(self, *given: Any) -> Any:
        try:
            return self.program(*tensors(self.arguments, given), *self.last)
        except jax.errors.JaxRuntimeError as fault:
            if "RESOURCE_EXHAUSTED" in str(fault) or "Out of memory" in str(fault):
                raise MemoryError(str(fault)) from fault
            raise


def hold(held: dict[str, Any], fresh: dict[str, Any]) -> None:
    """Put fresh weights where compiled functions look for them."""
    held.update(fresh)


def compiled(function: Callable[..., Any], *arguments: Any, held: Any = None) -> Compiled:
    """A function as one program for each size; `arguments` are trees of KerasTensors, what is `held` comes last."""
    return Compiled(function, arguments, held)


def traces(compiled: Compiled) -> int:
    """How often a compiled function has been traced: once for each size."""
    return compiled.traces


def gradient(function: Callable[[Any], Any], image: Any) -> tuple[Any, Any]:
    """The losses of the pictures, and the gradient of their sum."""
    losses, back = jax.vjp(function, image)
    (slope,) = back(ops.ones_like(losses))
    return losses, slope


def has_bfloat16() -> bool:
    """Whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    first = jax.devices()[0]
    if first.platform == "cpu":
        return processor_has_bfloat16()
    return float(getattr(first, "compute_capability", 8)) >= 8


def on_device(name: str | None) -> contextlib.AbstractContextManager[Any]:
    """A scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where JAX finds best."""
    if name is None:
        return contextlib.nullcontext()
    devices = ["cpu:0"]
    if jax.default_backend() != "cpu":
        devices += [f"{jax.default_backend()}:{device.id}" for device in jax.devices()]
    return keras.device(check_device(name, devices))
