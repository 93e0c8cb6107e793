"""The activations of some layers of a Keras model, computed no deeper than needed."""

import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from kerasdream.errors import LayerError, ModelError
from kerasdream.model import padded
from kerasdream.model.folding import Convolution, convolve, find_folds, flip_kernel, fold, needs_flipped_kernel
from kerasdream.model.graph import (
    IN_PLACE,
    Kind,
    Operation,
    all_layers,
    find_logits,
    graph_of,
    kind_of,
    logits,
    output_spec,
    pick_outputs,
    walk,
)
from kerasdream.model.rectifiers import find_rectifiers, soften
from kerasdream.types import Size, Tensor

Weights = dict[str, tuple[Tensor, ...]]
REST = ""  # stands for the variables that are part of no convolution; no layer has such a name
MANY = 1_000_000  # cells, of an output that is no plane and so has no smallest size
ROUNDING = 16  # pixels by which a size may be off for a network that takes few
GRADIENT_SHARE = 1.25  # memory of the gradient of a pixel over that of the activations, as measured


class Features:
    """The activations of some layers of a model, as a function of pictures and weights.

    Weights are arguments, so that a compiled function is right after a training, too. Every layer shows a plane
    (N, H, W, C): tokens (N, tokens, C) as one column, a vector (N, C) as a single cell. `kinds` says which it is.

    >>> features = Features(keras.applications.MobileNetV2(weights=None), ["block_4_add", "predictions"])
    >>> images = ops.zeros((1, 224, 224, 3))
    >>> {name: tuple(values.shape) for name, values in features(images, features.weights()).items()}
    {'block_4_add': (1, 28, 28, 32), 'predictions': (1, 1, 1, 1000)}
    """

    def __init__(
        self,
        model: keras.Model,
        names: Sequence[str],
        head: str | None = None,
        convolution: Convolution | None = None,
        flipped_kernels: bool = False,
    ):
        """Read the layers `names` of a functional or built Sequential model.

        With `head`, the logits of the model's classes (N, classes) are shown under that name, too. `convolution`
        computes every convolution, where a framework has a better one than Keras; with `flipped_kernels` it is handed
        the kernel of its gradient. Raises LayerError for a layer that is not there or cannot be followed, ModelError
        for a model that does not take one batch of pictures.
        """
        graph_of(model)  # ModelError for a model that has none
        if len(model.inputs) != 1:
            raise ModelError(
                f"The model {model.name!r} takes {len(model.inputs)} inputs; one, a batch of pictures, was expected."
            )
        outputs = pick_outputs(model, names)
        self.kinds: dict[str, Kind] = {
            name: kind for name, tensor in zip(names, outputs, strict=True) if (kind := kind_of(tensor))
        }
        self.softmax: keras.Layer | None = None
        if head is not None:
            self.softmax, output = find_logits(model)
            names, outputs = [*names, head], [*outputs, output]
        self.head, self.names = head, tuple(names)
        self.class_names: tuple[str, ...] = tuple(getattr(model, "class_names", ()))
        if not outputs:
            raise LayerError("No layer of the network is followed; at least one layer or class was expected.")
        self.function = keras.Function(model.inputs, outputs, name="features")
        self.convolution, self.flipped_kernels = convolution, flipped_kernels
        self.folds = find_folds(self.function)
        self.absorbed = {id(norm) for norm in self.folds.values() if norm}
        replaced = {id(v) for pair in self.folds.items() for layer in pair if layer for v in layer.variables}
        variables = {id(v): v for layer in all_layers(self.function) for v in getattr(layer, "variables", [])}
        self.rest = [variable for number, variable in variables.items() if number not in replaced]
        self._shapes: dict[Size, dict[str, tuple[int, ...]]] = {}

    def weights(self, include_rest: bool = False) -> Weights:
        """Return kernel and bias of every convolution as they are now, batch norms folded in, in its precision.

        With `include_rest` also copies of all other variables, for a framework that compiles in whatever is no
        argument.
        """
        found: Weights = {}
        for layer, norm in self.folds.items():
            arrays = list(fold(layer, norm))
            if self.flipped_kernels and needs_flipped_kernel(layer):
                arrays.append(flip_kernel(arrays[0]))
            found[layer.name] = tuple(ops.cast(ops.convert_to_tensor(a), layer.compute_dtype) for a in arrays)
        if include_rest:
            found[REST] = tuple(ops.copy(variable.value) for variable in self.rest)
        return found

    def outputs(self) -> dict[str, keras.KerasTensor]:
        """Return the symbolic output behind each name, in the rank that its layer gives it."""
        return dict(zip(self.names, self.function.outputs, strict=True))

    def __call__(
        self, images: Tensor, weights: Weights | None = None, asleep: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the activations by layer name; without `weights`, with the variables of the model as they are.

        Of the pictures where `asleep` is 1 a softplus stands in for the last ReLU: see `model/rectifiers.py`.
        """
        self.check_channels(images)
        activations = self._walk(images, self._operation(weights, asleep), weights)
        return {name: self._as_plane(name, values) for name, values in activations.items()}

    def check_channels(self, images: Tensor) -> None:
        """Raise ModelError for what is no batch of pictures (N, H, W, C) of the channels that the network takes."""
        given, channels = tuple(images.shape), self.function.inputs[0].shape[-1]
        if len(given) != 4 or given[-1] != channels:
            raise ModelError(
                f"The network got pictures of shape {given}; (N, H, W, {channels}) was expected, from a preprocess "
                "function, too."
            )

    @functools.cached_property
    def supports_padding(self) -> bool:
        """Whether `call_padded` can be used: whether all layers are of known kinds."""
        return all(map(padded.supports_padding, all_layers(self.function)))

    def call_padded(
        self, images: Tensor, weights: Weights | None, size: Sequence[Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the activations of pictures that fill only `size` of the images, and the size that each layer's fill.

        The size may be tensors: one compiled program then serves pictures of many sizes.
        """
        self.check_channels(images)
        operation = self._operation(weights)
        planes = self._walk(
            padded.PaddedPlane(images, [size[0], size[1]]),
            lambda layer: padded.padded_call(layer, operation(layer)),
            weights,
        )
        activations = {name: self._as_plane(name, plane.values) for name, plane in planes.items()}
        return activations, {name: plane.size for name, plane in planes.items()}

    def _walk(
        self, inputs: Any, operation: Callable[[keras.Operation], Operation], weights: Weights | None
    ) -> dict[str, Any]:
        """Run the graph with these operations; the variables that `weights` hold replace those of the model."""
        rest = zip(self.rest, weights[REST], strict=True) if weights and REST in weights else ()
        with keras.StatelessScope(state_mapping=rest) if rest else contextlib.nullcontext():
            return dict(zip(self.names, walk(self.function, [inputs], operation), strict=True))

    @functools.cached_property
    def rectifiers(self) -> set[keras.Operation]:
        """The layers with a ReLU right below those that are followed."""
        return find_rectifiers(self.function.outputs)

    def _operation(
        self, weights: Weights | None, asleep: Tensor | None = None
    ) -> Callable[[keras.Operation], Operation]:
        """Return a function that says what each layer computes with these weights."""

        def operation(layer: keras.Operation) -> Operation:
            if layer is self.softmax:
                return lambda x, **_: logits(layer, x)
            if weights is not None and id(layer) in self.absorbed:
                return lambda x, **_: x
            soft = asleep is not None and layer in self.rectifiers
            if weights is not None and layer in self.folds:
                activation = soften(layer.activation, asleep) if soft else None
                return lambda x, **_: convolve(
                    layer, x, *weights[layer.name], convolution=self.convolution, activation=activation
                )
            if soft and isinstance(layer, (layers.Activation, layers.ReLU)):
                return lambda x, **_: soften(layer, asleep)(x)
            own: Operation = layer
            return own

        return operation

    def _as_plane(self, name: str, values: Tensor) -> Tensor:
        """Return tokens as one column and a vector as a single cell; the logits under `head` as they are."""
        if name == self.head or len(values.shape) == 4:
            return values
        return ops.expand_dims(values, 2) if len(values.shape) == 3 else values[:, None, None]

    def shapes(self, size: Size) -> dict[str, tuple[int, ...]]:
        """Return the shape of the activations of one picture of that size; nothing where the network cannot take it."""
        if size not in self._shapes:
            shapes: dict[str, tuple[int, ...]] = {}
            with contextlib.suppress(Exception):  # each kind of layer has its own way to refuse a size
                specs = walk(self.function, [self._image_spec(size)], output_spec)
                shapes = {
                    name: tuple(spec.shape) if name == self.head else plane_shape(spec.shape)
                    for name, spec in zip(self.names, specs, strict=True)
                }
            self._shapes[size] = shapes  # whole: another thread may ask at the same time
        return self._shapes[size]

    def _image_spec(self, size: Size) -> keras.KerasTensor:
        """Return one picture of that size as a shape."""
        return keras.KerasTensor((1, *size, self.function.inputs[0].shape[-1]))

    def bytes_per_pixel(self) -> float:
        """Estimate the memory that the gradient of a pixel takes: the outputs of the layers are kept for it."""
        declared, count = self.function.inputs[0].shape[1:3], 0
        size = next((size for size in ((512, 512), declared) if None not in size and self.fits(size)), None)
        size = size or (self.min_side(1),) * 2

        def counted(layer: keras.Operation) -> Operation:
            def spec(x: Any, *arguments: Any, **settings: Any) -> Any:
                nonlocal count
                output = output_spec(layer)(x, *arguments, **settings)
                if not isinstance(layer, IN_PLACE):
                    count += sum(math.prod(tensor.shape) for tensor in keras.tree.flatten(output))
                return output

            return spec

        walk(self.function, [self._image_spec(size)], counted)
        return GRADIENT_SHARE * 4 * count / math.prod(size)

    def min_cells(self, size: Size) -> int:
        """Return the shortest side of any plane for a picture of that size; 0 where the network cannot take it."""
        shapes = self.shapes(size)
        sides = [min(shape[1:3]) if self.kinds.get(name) == "plane" else MANY for name, shape in shapes.items()]
        return min(sides, default=0)

    def fits(self, size: Size) -> bool:
        """Return whether the network can take pictures of that size, and each layer then shows a cell."""
        return self.min_cells(size) > 0

    @functools.cached_property
    def fixed_size(self) -> Size | None:
        """The only size of picture that the network can take; None where it takes others, too.

        A network that was built for one size often takes others, where nothing in it depends on the size.
        """
        height, width = self.function.inputs[0].shape[1:3]
        if not height or not width or not self.fits((height, width)):
            return None
        others = ((2 * height, 2 * width), (height + 32, width + 32))
        return None if any(map(self.fits, others)) else (height, width)

    @property
    def built_size(self) -> Size | None:
        """The size of picture that the network was built for; None where it says nothing of it."""
        height, width = self.function.inputs[0].shape[1:3]
        return (height, width) if height and width else None

    @functools.cached_property
    def unbordered(self) -> frozenset[str]:
        """The layers that are no planes: all of their cells count."""
        return frozenset(name for name, kind in self.kinds.items() if kind != "plane")

    @functools.cached_property
    def whole_only(self) -> bool:
        """Whether a picture can only be looked at as a whole, not in tiles, nor padded."""
        return any(kind != "plane" for kind in self.kinds.values()) or self.fixed_size is not None

    def nearest_size(self, size: Size) -> Size | None:
        """Return the size that the network can take, at most ROUNDING pixels smaller; None where none is.

        Most take any size. NASNet joins branches that shrink differently, and takes a quarter of all.
        """
        if self.fits(size):
            return size
        if self.head is not None or any(kind != "plane" for kind in self.kinds.values()):
            return None  # what shows the whole picture at once takes one size only: nothing is bent to it unasked
        sides = []
        for side in size:
            near = range(side, max(0, side - ROUNDING), -1)
            sides.append(next((other for other in near if self.fits((other, other))), 0))
        found = (sides[0], sides[1])
        return found if min(found) > 0 and self.fits(found) else None

    def min_side(self, cells: int) -> int:
        """Return the side of the smallest square picture in which every plane is at least `cells` wide.

        Raises LayerError where no picture is large enough.
        """
        if (only := self.fixed_size) and only[0] == only[1] and self.min_cells(only) >= cells:
            return only[0]
        low, high = 0, 8
        while self.min_cells((high, high)) < cells:
            low, high = high, high * 2
            if high > 16384:
                raise LayerError(f"The layers {', '.join(self.names)} stay under {cells} cells at any size of picture.")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.min_cells((middle, middle)) >= cells else (middle, high)
        return high


def plane_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of a plane that shows tokens or a vector.

    >>> plane_shape((1, 196, 768)), plane_shape((1, 1000))
    ((1, 196, 1, 768), (1, 1, 1, 1000))
    """
    if len(shape) == 3:
        return (shape[0], shape[1], 1, shape[2])
    return tuple(shape) if len(shape) == 4 else (shape[0], 1, 1, shape[1])
