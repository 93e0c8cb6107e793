"""TensorFlow: one open graph for every picture size, and gradients from its tape."""

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from keras import ops

from kerasdream.ascent.devices import check_device, processor_has_bfloat16

OUT_OF_MEMORY = (tf.errors.ResourceExhaustedError, MemoryError)
STATIC = False  # whether sizes, and what is no argument, are compiled in
EVERY_KERNEL = False  # whether the weights of all convolutions are arguments


def convolution(images: Any, kernel: Any, bias: Any, strides: Any, padding: str, dilation: Any) -> Any:
    """A convolution in two operations; Keras makes it of more, which all take their time to trace."""
    if images.shape[-1] != kernel.shape[2]:  # in groups, which Keras has compiled
        return ops.conv(images, kernel, strides, padding, "channels_last", dilation) + bias
    return tf.nn.bias_add(tf.nn.conv2d(images, kernel, strides, padding.upper(), dilations=dilation), bias)


CONVOLUTION = convolution


def compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function as one graph. `arguments` are trees of KerasTensors; sizes of None stay open, so that it is traced
    once."""
    signature = tf.nest.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), arguments)
    return tf.function(function, input_signature=signature, autograph=False)


def traces(compiled: Any) -> int:
    """How often a compiled function has been traced."""
    return compiled.experimental_get_tracing_count()


def gradient(function: Callable[[Any], Any], image: Any) -> tuple[Any, Any]:
    """The losses of the pictures, and the gradient of their sum."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(image)
        losses = function(image)
    return losses, tape.gradient(losses, image, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def has_bfloat16() -> bool:
    """Whether the GPU, or where there is none the processor, computes bfloat16 in hardware."""
    if gpus := tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= (8, 0)
    return processor_has_bfloat16()


def on_device(name: str | None) -> contextlib.AbstractContextManager[Any]:
    """A scope that computes on `cpu`, `gpu` or `gpu:1`; with None, where TensorFlow finds best."""
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):  # TensorFlow is already at work: its memory is as its user wanted it
            tf.config.experimental.set_memory_growth(gpu, True)
    if name is None:
        return contextlib.nullcontext()
    devices = [
        f"{device.device_type.lower()}:{device.name.rsplit(':', 1)[-1]}" for device in tf.config.list_logical_devices()
    ]
    return tf.device(check_device(name, devices))


def mapped(dataset: Any, function: Callable[[int, Any], Any]) -> Any:
    """A `tf.data` pipeline whose pictures, by number, go through a function of numpy arrays; labels stay."""

    def change(number: Any, element: Any) -> Any:
        picture, *rest = element if isinstance(element, tuple) else (element,)
        changed = tf.numpy_function(function, [number, picture], picture.dtype)
        changed.set_shape(picture.shape)
        return (changed, *rest) if isinstance(element, tuple) else changed

    return dataset.enumerate().map(change)
