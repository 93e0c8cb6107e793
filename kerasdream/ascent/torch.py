"""PyTorch: computed as it comes, without a graph to compile, and gradients from autograd."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import torch
from torch.nn import functional

from kerasdream.ascent.devices import check_device, processor_has_bfloat16, tensors

OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError)
STATIC = False  # whether sizes, and what is no argument, are compiled in
MIRRORED = False  # whether a convolution wants the kernel of its way back


def convolution(images: Any, kernel: Any, bias: Any, strides: Any, padding: str, dilation: Any) -> Any:
    """A convolution of images as they lie, channels last; Keras lays each out anew, before and after."""
    x, k = images.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1)
    pads = [(0, 0), (0, 0)]
    if padding == "same":
        windows = zip(x.shape[2:], k.shape[2:], strides, dilation, strict=True)
        more = [max((-(-n // s) - 1) * s + (w - 1) * d + 1 - n, 0) for n, w, s, d in windows]
        pads = [(m // 2, m - m // 2) for m in more]
    if any(before != after for before, after in pads):
        x, pads = functional.pad(x, (*pads[1], *pads[0])), [(0, 0), (0, 0)]
    around = [before for before, _ in pads]
    y = functional.conv2d(x, k, bias, strides, around, dilation, x.shape[1] // k.shape[1])
    return y.permute(0, 2, 3, 1)


CONVOLUTION = convolution


def hold(held: dict[str, Any], fresh: dict[str, Any]) -> None:
    """Put fresh weights where compiled functions look for them."""
    held.update(fresh)


def compiled(function: Callable[..., Any], *arguments: Any, held: Any = None) -> Any:
    """A function of tensors, as it is; `arguments` are trees of KerasTensors, which what comes is converted to. What is
    `held` is handed to it last."""
    last = () if held is None else (held,)

    def run(*given: Any) -> Any:
        try:
            with torch.no_grad():
                return function(*tensors(arguments, given), *last)
        except RuntimeError as fault:  # the processor's allocator has no error of its own
            if "can't allocate memory" in str(fault) or "not enough memory" in str(fault):
                raise MemoryError(str(fault)) from fault
            raise

    return run


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
