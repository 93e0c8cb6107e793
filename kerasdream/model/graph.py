"""The graph of layers inside a Keras model: what each layer puts out, and walking it with other operations.

Keras's own graph is not public. All that leans on it stands in this file.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import keras
from keras import layers, ops

from kerasdream.errors import LayerError, ModelError, suggest
from kerasdream.model.fixed import FixedConv2D
from kerasdream.types import Tensor

Kind = Literal["plane", "tokens", "vector"]
"""What a layer puts out: (N, H, W, C), (N, tokens, C), or (N, C), which a plane of a single cell is, too."""

Operation = Callable[..., Tensor]

FUNCTIONAL_HINT = (
    "Of a model of your own class make one: image = keras.Input((None, None, 3)), then "
    "keras.Model(image, yours.features(image)), where features calls its layers."
)
# Layers whose output is as large as their input; the first ones keep nothing of their own for the gradient.
IN_PLACE = (layers.BatchNormalization, layers.Activation, layers.ReLU, layers.Dropout)
WINDOWED = (layers.Conv2D, FixedConv2D, layers.DepthwiseConv2D, layers.MaxPooling2D, layers.AveragePooling2D)


def graph_of(model: keras.Model) -> keras.Function:
    """Return the graph of a functional or built Sequential model; ModelError where it has none.

    >>> graph_of(keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="relu")])).operations[1].name
    'relu'
    """
    graph = subgraph(model)
    if graph is not None:
        return graph
    if isinstance(model, keras.Sequential):
        raise ModelError(
            f"The Sequential model {model.name!r} does not know yet which pictures it takes. Put "
            f"keras.Input((None, None, 3)) before its layers, or call {model.name}.build((None, None, None, 3))."
        )
    raise ModelError(
        f"{model.name!r} is a {type(model).__name__} without a graph of layers. kerasdream reads functional and "
        f"built Sequential models. {FUNCTIONAL_HINT}"
    )


def subgraph(layer: keras.Operation) -> keras.Function | None:
    """Return the graph inside a layer that is itself a model, or None."""
    graph = getattr(layer, "_functional", None) or layer  # a Sequential keeps its graph inside
    return graph if isinstance(graph, keras.Function) else None


def all_layers(graph: keras.Function) -> list[keras.Operation]:
    """Return the layers and operations of a graph, those of graphs inside it in their place.

    >>> inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="relu")])
    >>> [layer.name for layer in all_layers(graph_of(keras.Sequential([keras.Input((8, 8, 3)), inner])))][-1]
    'relu'
    """
    found = []
    for layer in graph.operations:
        inner = subgraph(layer)
        found += [layer] if inner is None else all_layers(inner)
    return found


def layer_outputs(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """Return the symbolic output of every layer of a model by name, from the picture upwards.

    >>> model = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="relu")])
    >>> [(name, tensor.shape) for name, tensor in layer_outputs(model).items()]
    [('relu', (None, 8, 8, 3))]
    """
    depths = graph_of(model)._nodes_by_depth
    nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth] if not node.is_input]
    distance: dict[int, int] = {}  # of a tensor from the picture; Keras's own depth counts down from the outputs
    for node in nodes:
        steps = 1 + max((distance.get(id(tensor), 0) for tensor in node.input_tensors), default=0)
        distance |= {id(tensor): steps for tensor in node.outputs}
    nodes.sort(key=lambda node: distance[id(node.outputs[0])])
    return {node.operation.name: node.outputs[0] for node in nodes}


def kind_of(tensor: keras.KerasTensor) -> Kind | None:
    """Return the kind of a layer's output, or None where an objective can make nothing of it.

    >>> [kind_of(keras.KerasTensor(shape)) for shape in ((None, 8, 8, 3), (None, 196, 768), (None, 1, 1, 5), (None,))]
    ['plane', 'tokens', 'vector', None]
    """
    shape = tuple(tensor.shape)
    if len(shape) not in (2, 3, 4) or shape[-1] is None or "float" not in keras.backend.standardize_dtype(tensor.dtype):
        return None
    if len(shape) == 4:
        return "vector" if shape[1:3] == (1, 1) else "plane"
    return "tokens" if len(shape) == 3 else "vector"


def pick_outputs(model: keras.Model, names: Sequence[str]) -> list[keras.KerasTensor]:
    """Return the symbolic outputs of the named layers.

    `backbone/conv3` is the layer `conv3` of a model that is itself the layer `backbone`. Raises LayerError for a name
    that is unknown, and for a layer whose output is of no kind that can be followed.

    >>> image = keras.Input((8, 8, 3))
    >>> pick_outputs(keras.Model(image, layers.ReLU(name="relu")(image)), ["relu"])[0].shape
    (None, 8, 8, 3)
    """
    known = layer_outputs(model)
    known |= nested_outputs(known, [name for name in names if name not in known])
    for name in names:
        if name not in known:
            raise LayerError(
                f"The model {model.name!r} has no layer {name!r}.{suggest_layer(model, name)} "
                "kerasdream.layers(model) and --list_layers list what can be dreamt on."
            )
        if kind_of(known[name]) is None:
            raise LayerError(
                f"The layer {name!r} of {model.name!r} cannot be followed: it puts out {known[name].dtype} of shape "
                f"{tuple(known[name].shape)}. Floats (batch, height, width, channels), (batch, tokens, channels) or "
                "(batch, channels) were expected."
            )
    return [known[name] for name in names]


def nested_outputs(known: dict[str, keras.KerasTensor], names: Sequence[str]) -> dict[str, keras.KerasTensor]:
    """Return the outputs of layers of inner models, as they are where those models stand in the outer one."""
    paths: dict[str, list[str]] = {}
    for outer, _, name in (name.partition("/") for name in names):
        if name and outer in known and isinstance(known[outer]._keras_history.operation, keras.Model):
            paths.setdefault(outer, []).append(name)
    found: dict[str, keras.KerasTensor] = {}
    for outer, inner_names in paths.items():
        inner, index, _ = known[outer]._keras_history
        function = keras.Function(inner.inputs, pick_outputs(inner, inner_names), name=f"inside_{outer}")
        tensors = function(inner._inbound_nodes[index].input_tensors)
        found |= {f"{outer}/{name}": tensor for name, tensor in zip(inner_names, tensors, strict=True)}
    return found


def followable_outputs(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """Return the outputs of all layers that can be followed, those of inner models by their path.

    >>> inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="relu")], name="inner")
    >>> list(followable_outputs(keras.Sequential([keras.Input((8, 8, 3)), inner])))
    ['inner', 'inner/relu']
    """
    known = layer_outputs(model)
    found: dict[str, keras.KerasTensor] = {}
    for name, tensor in known.items():
        if kind_of(tensor):
            found[name] = tensor
        layer = tensor._keras_history.operation
        if isinstance(layer, keras.Model) and subgraph(layer) is not None:
            found |= nested_outputs(known, [f"{name}/{path}" for path in followable_outputs(layer)])
    return found


def suggest_layer(model: keras.Model, name: str) -> str:
    """Return a sentence with the layers that may have been meant, those of that name in inner models first."""
    paths = list(layer_paths(model))
    inside = [path for path in paths if path.endswith(f"/{name}")]
    return f" Did you mean {' or '.join(map(repr, inside[:3]))}?" if inside else suggest(name, paths)


def layer_paths(model: keras.Model) -> Iterator[str]:
    """Yield the names of all layers, those of inner models by their path.

    >>> inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="relu")], name="inner")
    >>> list(layer_paths(keras.Sequential([keras.Input((8, 8, 3)), inner])))
    ['inner', 'inner/relu']
    """
    for name, tensor in layer_outputs(model).items():
        yield name
        layer = tensor._keras_history.operation
        if isinstance(layer, keras.Model) and subgraph(layer) is not None:
            yield from (f"{name}/{path}" for path in layer_paths(layer))


def walk(graph: keras.Function, inputs: Any, operation: Callable[[keras.Operation], Operation]) -> list[Tensor]:
    """Run a graph, inner graphs too, with what `operation` returns for each layer in the place of the layer.

    >>> graph = keras.Function(image := keras.Input((2,)), layers.ReLU()(image))
    >>> ops.convert_to_numpy(walk(graph, [ops.ones((1, 2))], lambda layer: lambda x: -x)).tolist()
    [[-1.0, -1.0]]
    """

    def enter(layer: keras.Operation) -> Operation:
        inner = subgraph(layer)
        return operation(layer) if inner is None else lambda inputs, **_: walk(inner, inputs, operation)

    outputs: list[Tensor] = graph._run_through_graph(inputs, enter)  # Keras's own, to call and to clone models
    return outputs


def output_spec(layer: keras.Operation) -> Operation:
    """Return a function that gives the shape of a layer's output, as a KerasTensor, for that of its input.

    It raises ValueError where a dense layer gets another width than it was made for, which Keras would not notice.
    Of most layers the shape is known without Keras's own way to ask, which takes four times as long.

    >>> output_spec(layers.Conv2D(4, 3))(keras.KerasTensor((1, 8, 8, 3))).shape
    (1, 6, 6, 4)
    """
    if type(layer) in IN_PLACE:
        return lambda x, **_: x
    if type(layer) in WINDOWED:
        return lambda x, **_: keras.KerasTensor(layer.compute_output_shape(x.shape), x.dtype)

    def spec(x: keras.KerasTensor, *arguments: Any, **settings: Any) -> keras.KerasTensor:
        if isinstance(layer, layers.Dense) and x.shape[-1] != layer.kernel.shape[0]:
            raise ValueError(f"{layer.name} takes {layer.kernel.shape[0]} channels")
        return layer.compute_output_spec(x, *arguments, **settings)

    return spec


def find_logits(model: keras.Model) -> tuple[keras.Layer | None, keras.KerasTensor]:
    """Return the layer with the softmax at the end of a classifier, None where it ends in logits, and its output.

    Raises ModelError where the model is no classifier.
    """
    output = model.outputs[0]
    if len(model.outputs) != 1 or len(output.shape) != 2 or (output.shape[1] or 0) < 2:
        raise ModelError(
            f"The model {model.name!r} ends in {[tuple(tensor.shape) for tensor in model.outputs]}; a class needs one "
            "output (batch, classes). Try model='mobilenet_v2'."
        )
    last = output._keras_history.operation
    softmax = type(last) is layers.Softmax or getattr(last, "activation", None) is keras.activations.softmax
    return last if softmax else None, output


def logits(layer: keras.Layer, x: Tensor) -> Tensor:
    """Return what a layer with a softmax computes before it."""
    if not isinstance(layer, layers.Dense):
        return x
    x = ops.matmul(ops.cast(x, "float32"), layer.kernel)
    return x + layer.bias if layer.use_bias else x
