"""PyTorch: computed as it comes, without a graph to compile, and gradients from autograd."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import torch
from keras import ops

from kerasdream.ascent.devices import check_device, processor_has_bfloat16

OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError)
STATIC = False  # whether sizes, and what is no argument, are compiled in


def compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of tensors, as it is; `arguments` are trees of KerasTensors, which what comes is converted to."""

    def run(*given: Any) -> Any:
        try:
            with torch.no_grad():
                return function(*keras.tree.map_structure(tensor_like, arguments, given))
        except RuntimeError as fault:  # the processor's allocator has no error of its own
            if "can't allocate memory" in str(fault) or "not enough memory" in str(fault):
                raise MemoryError(str(fault)) from fault
            raise

    return run


def tensor_like(form: keras.KerasTensor, value: Any) -> Any:
    """A tensor on the device that Keras computes on."""
    return ops.convert_to_tensor(value, form.dtype)


def traces(compiled: Any) -> int:
    """How often a compiled function has been traced: nothing is."""
    return 0


def gradient(function: Callable[[Any], Any], image: Any) -> tuple[Any, Any]:
    """The losses of the pictures, and the gradient of their sum."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        losses = function(image)
        if not losses.requires_grad:
            return losses, torch.zeros_like(image)
        (slope,) = torch.autograd.grad(losses.sum(), image, allow_unused=True)
    return losses.detach(), torch.zeros_like(image) if slope is None else slope


def has_bfloat16() -> bool:
    """Whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_capability() >= (8, 0)
    return processor_has_bfloat16()


def on_device(name: str | None) -> contextlib.AbstractContextManager[Any]:
    """A scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where Keras computes."""
    if name is None:
        return contextlib.nullcontext()
    return keras.device(check_device(name, ["cpu:0", *(f"gpu:{i}" for i in range(torch.cuda.device_count()))]))
