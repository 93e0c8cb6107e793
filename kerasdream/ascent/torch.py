"""PyTorch: computed eagerly, without a graph to compile."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import torch
from torch.nn import functional

from kerasdream.ascent.backend import Compiled, Convolution, Strides, Weights
from kerasdream.ascent.devices import check_device, convert_arguments, processor_has_bfloat16
from kerasdream.types import Tensor

OUT_OF_MEMORY: tuple[type[BaseException], ...] = (torch.OutOfMemoryError, MemoryError)
STATIC_SHAPES = False
FLIPPED_KERNELS = False


def convolve(images: Tensor, kernel: Tensor, bias: Tensor, strides: Strides, padding: str, dilation: Strides) -> Tensor:
    """Convolve images as they lie, channels last; Keras transposes each before and after."""
    x, k = images.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1)
    pads = [(0, 0), (0, 0)]
    if padding == "same":
        windows = zip(x.shape[2:], k.shape[2:], strides, dilation, strict=True)
        totals = [max((-(-n // s) - 1) * s + (w - 1) * d + 1 - n, 0) for n, w, s, d in windows]
        pads = [(total // 2, total - total // 2) for total in totals]
    if any(before != after for before, after in pads):
        x, pads = functional.pad(x, (*pads[1], *pads[0])), [(0, 0), (0, 0)]
    symmetric = [before for before, _ in pads]
    y = functional.conv2d(x, k, bias, strides, symmetric, dilation, x.shape[1] // k.shape[1])
    return y.permute(0, 2, 3, 1)


CONVOLUTION: Convolution | None = convolve


def compile_function(function: Callable[..., Any], *specs: Any, weights: Weights | None = None) -> Compiled:
    """Return a function that converts its arguments to tensors as `specs` say and calls `function`; `weights` last."""
    last = () if weights is None else (weights,)

    def run(*arguments: Any) -> Any:
        try:
            with torch.no_grad():
                return function(*convert_arguments(specs, arguments), *last)
        except RuntimeError as fault:  # the processor's allocator has no error of its own
            if "can't allocate memory" in str(fault) or "not enough memory" in str(fault):
                raise MemoryError(str(fault)) from fault
            raise

    return run


def trace_count(compiled: Compiled) -> int:
    """Return how often a function has been traced: never."""
    return 0


def store_weights(stored: Weights, fresh: Weights) -> None:
    """Put fresh weights where compiled functions read them."""
    stored.update(fresh)


def gradient(function: Callable[[Tensor], Tensor], image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values of a function of pictures, and the gradient of their sum."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        values = function(image)
        if not values.requires_grad:
            return values, torch.zeros_like(image)
        (gradient,) = torch.autograd.grad(values.sum(), image, allow_unused=True)
    return values.detach(), torch.zeros_like(image) if gradient is None else gradient


def has_bfloat16() -> bool:
    """Return whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    if torch.cuda.is_available():
        return bool(torch.cuda.get_device_capability() >= (8, 0))
    return processor_has_bfloat16()


def on_device(name: str | None) -> contextlib.AbstractContextManager[object]:
    """Return a scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where Keras computes."""
    if name is None:
        return contextlib.nullcontext()
    devices = ["cpu:0", *(f"gpu:{i}" for i in range(torch.cuda.device_count()))]
    return keras.device(check_device(name, devices))
