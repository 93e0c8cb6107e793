"""TensorFlow: one open graph for every picture size, and gradients from its tape."""

import contextlib
import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
from keras import ops

from kerasdream.ascent.devices import check_device, processor_has_bfloat16

OUT_OF_MEMORY = (tf.errors.ResourceExhaustedError, MemoryError)
STATIC = False  # whether sizes, and what is no argument, are compiled in
MIRRORED = True  # whether a convolution wants the kernel of its way back
ways_back: ContextVar[dict[str, Any] | None] = ContextVar("ways_back", default=None)  # by operation, while one traces


def convolution(
    images: Any, kernel: Any, bias: Any, strides: Any, padding: str, dilation: Any, mirrored: Any = None
) -> Any:
    """A convolution in two operations; Keras makes it of more, which all take their time to trace.

    Its gradient is one more convolution where the kernel for that is at hand, `mirrored`: TensorFlow's own way back
    would bring the kernel into that order in every step.
    """
    if images.shape[-1] != kernel.shape[2]:  # in groups, which Keras has compiled
        return ops.conv(images, kernel, strides, padding, "channels_last", dilation) + bias
    kept = ways_back.get()
    if mirrored is None or kept is None:
        return tf.nn.bias_add(tf.nn.conv2d(images, kernel, strides, padding.upper(), dilations=dilation), bias)
    names = {"Conv2D": "KerasdreamConv2D", "BiasAdd": "KerasdreamBiasAdd"}
    with images.graph.gradient_override_map(names):
        convolved = tf.nn.conv2d(images, kernel, strides, padding.upper())
        kept[convolved.op.name] = tf.convert_to_tensor(mirrored)
        return tf.nn.bias_add(convolved, bias)


@tf.RegisterGradient("KerasdreamConv2D")
def way_back(convolution: Any, slope: Any) -> tuple[Any, None]:
    """The gradient of a convolution in steps of one; that of its kernel is of no interest."""
    kept = ways_back.get()
    assert kept is not None
    mirrored = kept[convolution.name]
    same = convolution.get_attr("padding") == b"SAME"
    # Of a window's cells beside its middle the framework puts the smaller half before the picture, in padding "same".
    sides = [((k - 1) - (k - 1) // 2, (k - 1) // 2) if same else (k - 1, k - 1) for k in mirrored.shape[:2]]
    return tf.nn.conv2d(slope, mirrored, 1, [(0, 0), *sides, (0, 0)]), None


@tf.RegisterGradient("KerasdreamConcat")
def parted(joining: Any, slope: Any) -> list[Any]:
    """The gradient of a concatenation, parted in one operation where TensorFlow takes three for each part."""
    *parts, axis = joining.inputs
    sizes = [part.shape[tf.get_static_value(axis)] for part in parts]
    if None in sizes:  # open, as where pictures are joined
        sizes = tf.stack([tf.shape(part)[axis] for part in parts])
    return [*tf.split(slope, sizes, axis, num=len(parts)), None]


@tf.RegisterGradient("KerasdreamBiasAdd")
def past_the_bias(addition: Any, slope: Any) -> tuple[Any, None]:
    """The gradient of what a bias is added to."""
    return slope, None


CONVOLUTION = convolution


def hold(held: dict[str, Any], fresh: dict[str, Any]) -> None:
    """Put fresh weights where compiled functions look for them: into variables, which cost no time in each call."""
    for name, arrays in fresh.items():
        if name not in held:
            held[name] = tuple(tf.Variable(array, trainable=False) for array in arrays)
            continue
        for variable, array in zip(held[name], arrays, strict=True):
            variable.assign(array)


class Compiled:
    """A function as one graph. Called directly: to search for the trace that fits would take 0.3 ms of each call."""

    def __init__(self, function: Any):
        self.function = function

    @functools.cached_property
    def graph(self) -> Callable[..., Any]:
        return self.function.get_concrete_function()

    def __call__(self, *given: Any) -> Any:
        return self.graph(*given)


def compiled(function: Callable[..., Any], *arguments: Any, held: Any = None) -> Compiled:
    """A function as one graph. `arguments` are trees of KerasTensors; sizes of None stay open, so that it is traced
    once. What is `held` is handed to it last."""
    signature = tf.nest.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), arguments)
    last = () if held is None else (held,)
    return Compiled(tf.function(lambda *given: function(*given, *last), input_signature=signature, autograph=False))


def traces(compiled: Compiled) -> int:
    """How often a compiled function has been traced."""
    return compiled.function.experimental_get_tracing_count()


def gradient(function: Callable[[Any], Any], image: Any) -> tuple[Any, Any]:
    """The losses of the pictures, and the gradient of their sum."""
    if tf.executing_eagerly():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            losses = function(image)
        return losses, tape.gradient(losses, image, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    before, image = ways_back.set({}), tf.identity(image)
    try:
        with image.graph.gradient_override_map({"ConcatV2": "KerasdreamConcat"}):
            losses = function(image)
        return losses, tf.gradients(losses, image, unconnected_gradients=tf.UnconnectedGradients.ZERO)[0]
    finally:
        ways_back.reset(before)


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
