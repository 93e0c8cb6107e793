"""How much of each wish a picture shows: one number per picture, to be made large."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras import ops

from kerasdream.errors import ModelError
from kerasdream.objectives import L2, Class, Content, Direction, Guide, Inside, Layer, Term, TotalVariation

BORDER = 2  # cells left out at every edge of a layer, where the padding of the network shows
HEAD = "class:"  # stands for the scores of the classes among the activations; no layer has such a name
EPSILON = 1e-8


class Seen(NamedTuple):
    """What a term may look at: the pictures, what the network shows in them, and what it shows in the original."""

    image: Any
    activations: Mapping[str, Any]
    original: Mapping[str, Any] | None = None


def cells_of_interest(term: Layer, activations: Any, given: Any) -> Any:
    """The channels, or the one neuron, that a term asks for; a neuron as a map of a single cell."""
    a = ops.cast(activations, "float32")
    if term.pick:
        return ops.take_along_axis(a, given[:, None, None, :], axis=-1)
    if term.channels:  # slices: their gradient is faster than that of a gather
        a = ops.concatenate([a[..., channel : channel + 1] for channel in term.channels], axis=-1)
    if term.at is not None:
        a = ops.take(ops.take(a, given[0:1], axis=1), given[1:2], axis=2)
    return a


def square(a: Any, border: int = BORDER) -> Any:
    """The sum of squares inside the border, over the number of elements with it: the loss of the Keras example."""
    cells = ops.sum(ops.square(a), axis=-1)
    if border:
        cells = cells[:, border:-border, border:-border]
    return ops.sum(cells, axis=(1, 2)) / ops.prod(ops.cast(ops.shape(a)[1:], "float32"))


def measure_layer(term: Layer, seen: Seen, given: Any) -> Any:
    a = cells_of_interest(term, seen.activations[term.layer], given)
    if term.measure == "mean":
        return ops.mean(a, axis=(1, 2, 3))
    if term.measure == "norm":
        return 0.5 * ops.sum(ops.square(a), axis=(1, 2, 3))
    return square(a, 0 if term.at is not None else BORDER)


def measure_direction(term: Direction, seen: Seen, given: Any) -> Any:
    a = ops.cast(seen.activations[term.layer], "float32")
    return ops.mean(ops.tensordot(a, given, axes=1), axis=(1, 2))


def measure_class(term: Class, seen: Seen, given: Any) -> Any:
    return ops.take(ops.cast(seen.activations[HEAD], "float32"), given, axis=-1)


def measure_guide(term: Guide, seen: Seen, given: Any) -> Any:
    """Every place's product with the place of the guide that is most like it; `given` holds the guide's places."""
    a = ops.cast(seen.activations[term.layer], "float32")
    shape = ops.shape(a)
    a = ops.reshape(a, (shape[0], shape[1] * shape[2], shape[3]))
    if term.match == "cosine":
        a, given = unit(a), unit(given)
        return ops.mean(ops.max(a @ ops.transpose(given), axis=-1), axis=-1)
    return ops.mean(ops.max(a @ ops.transpose(given), axis=-1), axis=-1) / ops.cast(shape[3], "float32")


def unit(vectors: Any) -> Any:
    """Vectors along the last axis, of length one."""
    return vectors / ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + EPSILON)


def measure_content(term: Content, seen: Seen, given: Any) -> Any:
    assert seen.original is not None
    distance = ops.cast(seen.activations[term.layer] - seen.original[term.layer], "float32")
    return -ops.mean(ops.square(distance), axis=(1, 2, 3))


def measure_variation(term: TotalVariation, seen: Seen, given: Any) -> Any:
    x = seen.image
    down, across = ops.abs(x[:, 1:] - x[:, :-1]), ops.abs(x[:, :, 1:] - x[:, :, :-1])
    return -ops.mean(down, axis=(1, 2, 3)) - ops.mean(across, axis=(1, 2, 3))


def measure_l2(term: L2, seen: Seen, given: Any) -> Any:
    return -ops.mean(ops.square(seen.image), axis=(1, 2, 3))


MEASURES: dict[type, Any] = {
    Layer: measure_layer,
    Direction: measure_direction,
    Class: measure_class,
    Guide: measure_guide,
    Content: measure_content,
    TotalVariation: measure_variation,
    L2: measure_l2,
}


def measure(term: Term, seen: Seen, given: Any = None) -> Any:
    """How much of a term each picture shows; `given` is what the term needs besides (see `ascent.given`)."""
    if isinstance(term, Inside):
        term = term.term
    if type(term) not in MEASURES:
        raise ModelError(f"{term} is a {type(term).__name__}; {', '.join(t.__name__ for t in MEASURES)} were expected.")
    return MEASURES[type(term)](term, seen, given)
