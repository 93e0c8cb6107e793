"""TensorFlow: one graph with open shapes for pictures of every size."""

import contextlib
import functools
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
from keras import ops

from kerasdream.ascent.backend import Compiled, Convolution, Strides, Weights
from kerasdream.ascent.devices import check_device, processor_has_bfloat16
from kerasdream.errors import ModelError
from kerasdream.types import Array, Tensor

OUT_OF_MEMORY: tuple[type[BaseException], ...] = (tf.errors.ResourceExhaustedError, MemoryError)
STATIC_SHAPES = False
FLIPPED_KERNELS = True
# While a gradient is traced: the flipped kernels, by the names of their convolutions.
flipped_kernels: ContextVar[dict[str, Tensor] | None] = ContextVar("flipped_kernels", default=None)


def convolve(
    images: Tensor,
    kernel: Tensor,
    bias: Tensor,
    strides: Strides,
    padding: str,
    dilation: Strides,
    flipped: Tensor | None = None,
) -> Tensor:
    """Convolve in two operations; Keras makes more of it, which all take their time to trace.

    Where the `flipped` kernel is at hand, the gradient is one more convolution: TensorFlow's own would transpose the
    kernel in every step.
    """
    if images.shape[-1] != kernel.shape[2]:  # in groups, which Keras has compiled
        return ops.conv(images, kernel, strides, padding, "channels_last", dilation) + bias
    kernels = flipped_kernels.get()
    if flipped is None or kernels is None:
        return tf.nn.bias_add(tf.nn.conv2d(images, kernel, strides, padding.upper(), dilations=dilation), bias)
    with images.graph.gradient_override_map({"Conv2D": "KerasdreamConv2D"}):
        convolved = tf.nn.conv2d(images, kernel, strides, padding.upper())
    kernels[convolved.op.name] = tf.convert_to_tensor(flipped)
    return tf.nn.bias_add(convolved, bias)


CONVOLUTION: Convolution | None = convolve


@tf.RegisterGradient("KerasdreamConv2D")
def convolution_input_gradient(convolution: tf.Operation, gradient: Tensor) -> tuple[Tensor, None]:
    """Return the gradient of a convolution with stride 1 with respect to its images; that of its kernel is not used."""
    kernels = flipped_kernels.get()
    assert kernels is not None
    flipped = kernels[convolution.name]
    same = convolution.get_attr("padding") == b"SAME"
    # With "same" the framework puts the smaller half of the padding before the picture.
    pads = [((k - 1) - (k - 1) // 2, (k - 1) // 2) if same else (k - 1, k - 1) for k in flipped.shape[:2]]
    return tf.nn.conv2d(gradient, flipped, 1, [(0, 0), *pads, (0, 0)]), None


def store_weights(stored: Weights, fresh: Weights) -> None:
    """Put fresh weights into variables: as arguments they would cost time in each call."""
    for name, arrays in fresh.items():
        if name not in stored:
            stored[name] = tuple(tf.Variable(array, trainable=False) for array in arrays)
            continue
        for variable, array in zip(stored[name], arrays, strict=True):
            variable.assign(array)


class CompiledGraph:
    """A function as one graph. Called directly: to search for the trace that fits would take 0.3 ms of each call."""

    def __init__(self, function: tf.types.experimental.PolymorphicFunction):
        self.function, self.tracing = function, threading.Lock()

    @functools.cached_property
    def graph(self) -> Compiled:
        """The graph, traced at the first call; a second thread waits for it."""
        with self.tracing:
            return self.function.get_concrete_function()

    def __call__(self, *arguments: Any) -> Any:
        return self.graph(*arguments)


def compile_function(function: Callable[..., Any], *specs: Any, weights: Weights | None = None) -> CompiledGraph:
    """Compile a function of tensors as one graph; sizes of None in `specs` stay open. `weights` come last."""
    signature = tf.nest.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), specs)
    last = () if weights is None else (weights,)
    return CompiledGraph(
        tf.function(lambda *arguments: function(*arguments, *last), input_signature=signature, autograph=False)
    )


def trace_count(compiled: CompiledGraph) -> int:
    """Return how often a compiled function has been traced."""
    return compiled.function.experimental_get_tracing_count()


def gradient(function: Callable[[Tensor], Tensor], image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values of a function of pictures, and the gradient of their sum."""
    zero = tf.UnconnectedGradients.ZERO
    if tf.executing_eagerly():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            values = function(image)
        return values, tape.gradient(values, image, unconnected_gradients=zero)
    before, image = flipped_kernels.set({}), tf.identity(image)
    try:
        values = function(image)
        return values, tf.gradients(values, image, unconnected_gradients=zero)[0]
    finally:
        flipped_kernels.reset(before)


def has_bfloat16() -> bool:
    """Return whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    if gpus := tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpus[0])
        return bool(details.get("compute_capability", (0, 0)) >= (8, 0))
    return processor_has_bfloat16()


def on_device(name: str | None) -> contextlib.AbstractContextManager[object]:
    """Return a scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where TensorFlow finds best.

    Raises ModelError where eager execution is disabled, without which Keras builds no model.
    """
    if not tf.compat.v1.executing_eagerly_outside_functions():
        raise ModelError(
            "TensorFlow's eager execution is disabled in this process, and Keras needs it. Leave out "
            "tf.compat.v1.disable_eager_execution() and disable_v2_behavior()."
        )
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):  # TensorFlow is already at work: its memory is as its user wanted it
            tf.config.experimental.set_memory_growth(gpu, True)
    if name is None:
        return contextlib.nullcontext()
    devices = [
        f"{device.device_type.lower()}:{device.name.rsplit(':', 1)[-1]}" for device in tf.config.list_logical_devices()
    ]
    return tf.device(check_device(name, devices))


def map_pictures(dataset: tf.data.Dataset, function: Callable[[int, Array], Array]) -> tf.data.Dataset:
    """Return a `tf.data` pipeline whose pictures, by number, go through a function of numpy arrays; labels stay."""

    def change(number: Tensor, element: Any) -> Any:
        picture, *rest = element if isinstance(element, tuple) else (element,)
        changed = tf.numpy_function(function, [number, picture], picture.dtype)
        changed.set_shape(picture.shape)
        return (changed, *rest) if isinstance(element, tuple) else changed

    return dataset.enumerate().map(change)
