"""A Keras model read as activations by layer name, no deeper than asked, with batch norm folded away."""

import contextlib
import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerasdream.errors import LayerError, ModelError, suggest
from kerasdream.model import padded
from kerasdream.model.fixed import FixedConv2D

Weights = dict[str, tuple[Any, ...]]
REST = ""  # stands for the variables that no layer's weights replace; no layer has such a name
OWN_CLASS = (
    "Of a model of your own class make one: image = keras.Input((None, None, 3)), then "
    "keras.Model(image, yours.features(image)), where features calls its layers."
)
MANY = 1_000_000  # cells, of an output that has no plane and so no smallest size
IN_PLACE = (layers.BatchNormalization, layers.Activation, layers.ReLU, layers.Dropout)  # cost no memory of their own
PLAIN = (layers.Conv2D, FixedConv2D)
WINDOWS = (*PLAIN, layers.DepthwiseConv2D, layers.MaxPooling2D, layers.AveragePooling2D)
ROUNDING = 16  # pixels by which a size may be off for a network that takes few
GRADIENT_SHARE = 1.25  # of that memory, what the way back takes besides, as measured


def outputs_of(model: keras.Model) -> dict[str, Any]:
    """Every layer of a functional model with the symbolic tensor it puts out, from the picture upwards."""
    graph = getattr(model, "_functional", None) or model  # a Sequential keeps its graph inside
    depths = getattr(graph, "_nodes_by_depth", None)
    if depths is None:
        raise ModelError(
            f"{model.name!r} is a {type(model).__name__} without a graph of layers. kerasdream reads functional and "
            f"built Sequential models. {OWN_CLASS}"
        )
    nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth] if not node.is_input]
    height: dict[int, int] = {}  # of a tensor above the picture; Keras's own depth counts down from the outputs
    for node in nodes:
        above = 1 + max((height.get(id(tensor), 0) for tensor in node.input_tensors), default=0)
        height |= {id(tensor): above for tensor in node.outputs}
    nodes.sort(key=lambda node: height[id(node.outputs[0])])
    return {node.operation.name: node.outputs[0] for node in nodes}


def plane_fault(tensor: Any) -> str | None:
    """Why a layer's output is no picture plane, or None where it is one."""
    shape = tuple(tensor.shape)
    if len(shape) != 4:
        return f"its output has the shape {shape}"
    if shape[1:3] == (1, 1):
        return f"its output {shape} is pooled to a single cell"
    return None


def pick_outputs(model: keras.Model, names: Sequence[str]) -> list[Any]:
    """The output tensors of the named layers; LayerError for a name that is unknown or shows no plane.

    `backbone/conv3` is the layer `conv3` of a model that is itself the layer `backbone`.
    """
    known = outputs_of(model)
    known |= inside(known, [name for name in names if name not in known])
    for name in names:
        if name not in known:
            raise LayerError(
                f"The model {model.name!r} has no layer {name!r}.{suggest(name, known)} "
                "kerasdream.layers(model) and --list_layers list what can be dreamt on."
            )
        if fault := plane_fault(known[name]):
            raise LayerError(
                f"The layer {name!r} of {model.name!r} has no picture plane to dream on: {fault}. "
                "A layer with activations (batch, height, width, channels) was expected."
            )
    return [known[name] for name in names]


def inside(known: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What layers of inner models show, where those models stand in the outer one."""
    paths: dict[str, list[str]] = {}
    for outer, _, name in (name.partition("/") for name in names):
        if name and outer in known and isinstance(known[outer]._keras_history.operation, keras.Model):
            paths.setdefault(outer, []).append(name)
    found: dict[str, Any] = {}
    for outer, inner_names in paths.items():
        inner, index, _ = known[outer]._keras_history
        function = keras.Function(inner.inputs, pick_outputs(inner, inner_names), name=f"inside_{outer}")
        shown = function(inner._inbound_nodes[index].input_tensors)
        found |= {f"{outer}/{name}": tensor for name, tensor in zip(inner_names, shown, strict=True)}
    return found


class Features:
    """The activations of some layers of a model, as a function of pictures and weights.

    Weights are arguments, so that the numbers of this moment count and a compiled step never goes stale.

    >>> features = Features(keras.applications.MobileNetV2(weights=None), ["block_3_add"])
    >>> features(images, features.weights())["block_3_add"].shape
    (1, 28, 28, 24)
    """

    def __init__(
        self,
        model: keras.Model,
        names: Sequence[str],
        head: str | None = None,
        convolution: Callable[..., Any] | None = None,
        mirrored: bool = False,
    ):
        """With `head`, the scores of the model's classes, before any softmax, are shown under that name too.

        `convolution` computes every convolution, where a framework has a better one than Keras makes of it: of images,
        kernel, bias, strides, padding and dilation. With `mirrored`, it also gets the kernel of its way back.
        """
        if len(model.inputs) != 1:
            raise ModelError(
                f"The model {model.name!r} takes {len(model.inputs)} inputs; one, a batch of pictures, was expected."
            )
        outputs = pick_outputs(model, names)
        self.softmax = None
        if head is not None:
            self.softmax, output = find_scores(model)
            names, outputs = [*names, head], [*outputs, output]
        self.names = tuple(names)
        if not outputs:
            raise LayerError("Nothing of the network is looked at; at least one layer or class was expected.")
        self.function = keras.Function(model.inputs, outputs, name="features")
        self.convolution, self.mirrored = convolution, mirrored
        self.folds = find_folds(self.function)
        self.absorbed = {id(norm) for norm in self.folds.values() if norm}
        replaced = {id(v) for pair in self.folds.items() for layer in pair if layer for v in layer.variables}
        known = {id(v): v for layer in layers_of(self.function) for v in getattr(layer, "variables", [])}
        self.rest = [variable for number, variable in known.items() if number not in replaced]
        self.sizes: dict[tuple[int, int], dict[str, tuple[int, ...]]] = {}

    def weights(self, rest: bool = False) -> Weights:
        """Kernel and bias of every convolution, its batch norm folded in, from the present weights, in its precision.

        With `rest` also copies of all other variables, for a framework that compiles them in where they are no
        arguments.
        """
        found: Weights = {}
        for layer, norm in self.folds.items():
            arrays = fold(layer, norm)
            if self.mirrored and goes_back_mirrored(layer):
                arrays = *arrays, mirror(arrays[0])
            found[layer.name] = tuple(in_precision(array, layer.compute_dtype) for array in arrays)
        return found | ({REST: tuple(ops.copy(variable.value) for variable in self.rest)} if rest else {})

    def outputs(self) -> dict[str, Any]:
        """The symbolic tensor behind each name."""
        return dict(zip(self.names, self.function.outputs, strict=True))

    def __call__(self, images: Any, weights: Weights | None = None) -> dict[str, Any]:
        """The activations by layer name; without `weights`, with the variables of the model as they are."""
        return self.walked(images, self.operation(weights), weights)

    @functools.cached_property
    def takes_room(self) -> bool:
        """Whether pictures of many sizes can be looked at in one."""
        return all(map(padded.knows, layers_of(self.function)))

    def in_room(self, images: Any, weights: Weights | None, size: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The activations of pictures that fill only `size` of theirs, and the size that each layer's fill."""
        operation = self.operation(weights)
        planes = self.walked(
            padded.Plane(images, [size[0], size[1]]), lambda layer: padded.on_planes(layer, operation(layer)), weights
        )
        return {name: p.values for name, p in planes.items()}, {name: p.size for name, p in planes.items()}

    def walked(self, inputs: Any, operation: Callable[[Any], Callable[..., Any]], weights: Weights | None) -> Any:
        """What becomes of the inputs, by name."""
        rest = zip(self.rest, weights[REST], strict=True) if weights and REST in weights else ()
        with keras.StatelessScope(state_mapping=rest) if rest else contextlib.nullcontext():
            return dict(zip(self.names, walk(self.function, [inputs], operation), strict=True))

    def operation(self, weights: Weights | None) -> Callable[[Any], Callable[..., Any]]:
        """What each layer computes, with these weights."""

        def operation(layer: Any) -> Callable[..., Any]:
            if layer is self.softmax:
                return lambda x, **_: scores(layer, x)
            if weights is None:
                return layer
            if id(layer) in self.absorbed:
                return lambda x, **_: x
            if layer in self.folds:
                return lambda x, **_: convolve(layer, x, *weights[layer.name], convolution=self.convolution)
            return layer

        return operation

    def shapes(self, size: tuple[int, int]) -> dict[str, tuple[int, ...]]:
        """The shape that each output has for one picture of that size; nothing where it is too small."""
        if size not in self.sizes:
            image = keras.KerasTensor((1, *size, self.function.inputs[0].shape[-1]))
            try:
                specs = walk(self.function, [image], shape_of)
                self.sizes[size] = {name: spec.shape for name, spec in zip(self.names, specs, strict=True)}
            except Exception:  # each kind of layer has its own way to refuse a picture that is too small
                self.sizes[size] = {}
        return self.sizes[size]

    def bytes_per_pixel(self) -> float:
        """About how much memory the gradient of a pixel takes: what the layers put out, kept for the way back."""
        fixed, sizes = self.function.inputs[0].shape[1:3], [0]
        size = next((size for size in ((512, 512), fixed) if None not in size and self.fits(size)), None)
        size = size or (self.least_side(1),) * 2

        def counted(layer: Any) -> Callable[..., Any]:
            def spec(x: Any, *arguments: Any, **settings: Any) -> Any:
                output = shape_of(layer)(x, *arguments, **settings)
                if not isinstance(layer, IN_PLACE):
                    sizes[0] += sum(math.prod(t.shape) for t in keras.tree.flatten(output))
                return output

            return spec

        image = keras.KerasTensor((1, *size, self.function.inputs[0].shape[-1]))
        walk(self.function, [image], counted)
        return GRADIENT_SHARE * 4 * sizes[0] / math.prod(size)

    def cells(self, size: tuple[int, int]) -> int:
        """The shortest side of any of the layers for a picture of that size; 0 where it is too small."""
        shapes = self.shapes(size).values()
        return min((min(shape[1:3]) if len(shape) == 4 else MANY for shape in shapes), default=0)

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether the network can look at pictures of that size."""
        shapes = self.shapes(size).values()
        return bool(shapes) and all(min(shape[1:3]) > 0 for shape in shapes if len(shape) == 4)

    def fitting(self, size: tuple[int, int]) -> tuple[int, int] | None:
        """The size that the network can look at, a few pixels smaller at most; None where none is.

        Most take any size. NASNet joins branches that shrink differently, and takes a quarter of all.
        """
        if self.fits(size):
            return size
        if any(len(tensor.shape) != 4 for tensor in self.function.outputs):
            return None  # a classifier wants one size only: nothing is bent to it unasked
        sides = []
        for side in size:
            near = range(side, max(0, side - ROUNDING), -1)
            sides.append(next((other for other in near if self.fits((other, other))), 0))
        found = (sides[0], sides[1])
        return found if min(found) > 0 and self.fits(found) else None

    def least_side(self, cells: int) -> int:
        """The smallest picture in which every layer is at least `cells` wide."""
        low, high = 0, 8
        while self.cells((high, high)) < cells:
            low, high = high, high * 2
            if high > 16384:
                raise LayerError(f"The layers {', '.join(self.names)} stay under {cells} cells at any size of picture.")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.cells((middle, middle)) >= cells else (middle, high)
        return high


def walk(function: Any, inputs: Any, operation: Callable[[Any], Callable[..., Any]]) -> Any:
    """Keras's own walk through a graph, which it also uses to call and to clone models; into inner models, too."""

    def enter(layer: Any) -> Callable[..., Any]:
        graph = getattr(layer, "_functional", None) or layer
        if isinstance(graph, keras.Function):
            return lambda inputs, **_: walk(graph, inputs, operation)
        return operation(layer)

    return function._run_through_graph(inputs, enter)


def layers_of(function: Any) -> list[Any]:
    """The layers and operations of a graph, with those of the graphs inside it."""
    found = []
    for one in function.operations:
        graph = getattr(one, "_functional", None) or one
        found += layers_of(graph) if isinstance(graph, keras.Function) else [one]
    return found


def shape_of(layer: Any) -> Callable[..., Any]:
    """What a layer puts out, in shapes only; ValueError where a dense layer gets another width than it was made for.

    Of most layers it is known without Keras's way to ask them, which takes four times as long.
    """
    if type(layer) in IN_PLACE:
        return lambda x, **_: x
    if type(layer) in WINDOWS:
        return lambda x, **_: keras.KerasTensor(layer.compute_output_shape(x.shape), x.dtype)

    def spec(x: Any, *arguments: Any, **settings: Any) -> Any:
        if isinstance(layer, layers.Dense) and x.shape[-1] != layer.kernel.shape[0]:
            raise ValueError(f"{layer.name} takes {layer.kernel.shape[0]} numbers")
        return layer.compute_output_spec(x, *arguments, **settings)

    return spec


def find_scores(model: keras.Model) -> tuple[Any, Any]:
    """The softmax at the end of a classifier, or None where it ends in scores, and its output."""
    output = model.outputs[0]
    if len(model.outputs) != 1 or len(output.shape) != 2 or (output.shape[1] or 0) < 2:
        raise ModelError(
            f"The model {model.name!r} ends in {[tuple(tensor.shape) for tensor in model.outputs]}; a class needs one "
            "output (batch, classes). Try model='mobilenet_v2'."
        )
    last = output._keras_history.operation
    soft = type(last) is layers.Softmax or getattr(last, "activation", None) is keras.activations.softmax
    return last if soft else None, output


def scores(layer: Any, x: Any) -> Any:
    """What a layer with a softmax computes before it."""
    if not isinstance(layer, layers.Dense):
        return x
    x = ops.matmul(ops.cast(x, "float32"), layer.kernel)
    return x + layer.bias if layer.use_bias else x


def find_folds(function: Any) -> dict[Any, Any]:
    """The convolutions of a graph, each with the batch norm that is its only reader, or None."""
    nodes = [node for depth in function._nodes_by_depth.values() for node in depth if not node.is_input]
    calls = Counter(id(node.operation) for node in nodes)
    readers: dict[int, list[Any]] = {}
    for node in nodes:
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append(node.operation)
    asked_for = {id(tensor) for tensor in function.outputs}
    folds = {}
    for node in nodes:
        layer, output = node.operation, node.outputs[0]
        if not convolves(layer):
            continue
        norm, *others = readers.get(id(output), [None])
        alone = (
            layer.activation is keras.activations.linear
            and not others
            and type(norm) is layers.BatchNormalization
            and norm.axis in (-1, 3)
            and calls[id(layer)] == calls[id(norm)] == 1
            and id(output) not in asked_for
        )
        folds[layer] = norm if alone else None
    return folds


def convolves(layer: Any) -> bool:
    """Whether a layer is a convolution that `convolve` computes."""
    return type(layer) in (*PLAIN, layers.DepthwiseConv2D) and layer.data_format == "channels_last"


def goes_back_mirrored(layer: Any) -> bool:
    """Whether the gradient of a convolution is itself a convolution, with its kernel mirrored."""
    return type(layer) in PLAIN and layer.groups == 1 and {*layer.strides, *layer.dilation_rate} == {1}


def mirror(kernel: np.ndarray) -> np.ndarray:
    """The kernel of a convolution's way back: turned around in its plane, from outputs to inputs."""
    return kernel[::-1, ::-1].swapaxes(2, 3)


def fold(convolution: Any, norm: Any) -> tuple[np.ndarray, ...]:
    """Kernel and bias that do the work of a convolution and the batch norm after it, where there is one."""
    kernel = numbers(convolution.kernel)
    depthwise = isinstance(convolution, layers.DepthwiseConv2D)
    channels = kernel.shape[2] * kernel.shape[3] if depthwise else kernel.shape[3]
    bias = numbers(convolution.bias) if convolution.use_bias else np.zeros(channels, np.float32)
    if norm is None:
        return kernel, bias
    scale = 1.0 / np.sqrt(numbers(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * numbers(norm.gamma)
    bias = (bias - numbers(norm.moving_mean)) * scale + (numbers(norm.beta) if norm.center else 0.0)
    return kernel * (scale.reshape(kernel.shape[2:]) if depthwise else scale), bias


def numbers(variable: Any) -> np.ndarray:
    """A Keras variable as numpy float32."""
    return np.asarray(variable if isinstance(variable, np.ndarray) else ops.convert_to_numpy(variable), np.float32)


def in_precision(array: np.ndarray, dtype: str) -> Any:
    """An array as a tensor of another precision, which numpy may not know."""
    return ops.cast(ops.convert_to_tensor(array), dtype)


def convolve(
    layer: Any, images: Any, kernel: Any, bias: Any, *mirrored: Any, convolution: Callable[..., Any] | None = None
) -> Any:
    """What the convolution `layer` computes, with another kernel and bias, in its precision."""
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    apply = ops.depthwise_conv if depthwise else ops.conv
    images = ops.cast(images, layer.compute_dtype)
    kernel, bias = ops.cast(kernel, images.dtype), ops.cast(bias, images.dtype)
    if convolution and not depthwise:
        given = layer.strides, layer.padding, layer.dilation_rate
        return layer.activation(convolution(images, kernel, bias, *given, *mirrored))
    images = apply(images, kernel, layer.strides, layer.padding, layer.data_format, layer.dilation_rate) + bias
    return layer.activation(images)
