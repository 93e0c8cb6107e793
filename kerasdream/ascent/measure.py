"""How much of each wish a picture shows: one number per picture, to be made large."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kerasdream.errors import ModelError
from kerasdream.image.tiles import FAR
from kerasdream.objectives import L2, Class, Content, Direction, Guide, Inside, Layer, Term, TotalVariation

BORDER = 2  # cells left out at every edge of a layer, where the padding of the network shows
HEAD = "class:"  # stands for the scores of the classes among the activations; no layer has such a name
EPSILON = 1e-8
WHOLE = np.array([[[-FAR, FAR, 1.0, 0.0]] * 2], np.float32)  # the frame of a picture that is no window


class Seen(NamedTuple):
    """What a term may look at: the pictures, what the network shows in them, and what it shows in the original.

    Where the pictures are windows of a larger one, `frame` (N, 2, 4) says for their rows and columns which cells count:
    from and to which pixel, over how many pixels their weight rises and falls there, and by how many pixels the larger
    picture is longer. At the ends of the larger picture, FAR stands for the pixel. Without a frame they are whole.

    Where they fill only a part of their planes, `sizes` says which part of each layer's, and of the image's under "".
    """

    image: Any
    activations: Mapping[str, Any]
    original: Mapping[str, Any] | None = None
    frame: Any = None
    sizes: Mapping[str, Any] | None = None

    def size(self, layer: str = "") -> Any:
        """The rows and columns of a layer, or of the pictures, that are theirs."""
        if self.sizes is not None:
            return self.sizes[layer]
        return ops.shape(self.activations[layer] if layer else self.image)[1:3]


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


def counted(cells: Any, count: Any, side: Any, frame: Any, border: int) -> tuple[Any, Any]:
    """The weights (N, cells) of a row of cells, and how many cells the larger picture has there.

    The first `count` of the cells lie over `side` pixels; the others are none of the picture's.
    """
    low, high, ramp, more = (frame[:, i : i + 1] for i in range(4))
    number, count, side = ops.arange(cells, dtype="float32"), ops.cast(count, "float32"), ops.cast(side, "float32")
    stride = 2.0 ** ops.round(ops.log(side / count) / math.log(2))
    place = (side + (2 * number + 1 - count) * stride) / 2  # the middle of each cell, in pixels
    weight = ops.clip((place - low) / ramp + 0.5, 0, 1) * ops.clip((high - place) / ramp + 0.5, 0, 1)
    if border:
        before = (number < border) & (low <= -FAR)
        after = (number >= count - border) & (high >= FAR)
        weight = ops.where(before | after, 0.0, weight)
    weight = ops.where(number < count, weight, 0.0)
    return weight, count + more / stride


def total(cells: Any, seen: Seen, size: Any, border: int = 0) -> tuple[Any, Any]:
    """The sum over the cells (N, H, W) that count, and how many cells there are in all, counted or not.

    `size` is that of the picture in cells.
    """
    if seen.frame is None and seen.sizes is None:
        inside = cells[:, border:-border, border:-border] if border else cells
        return ops.sum(inside, axis=(1, 2)), ops.cast(size[0] * size[1], "float32")
    frame = ops.convert_to_tensor(WHOLE if seen.frame is None else seen.frame)
    shape, sides = ops.shape(cells), seen.size()
    rows, height = counted(shape[1], size[0], sides[0], frame[:, 0], border)
    columns, width = counted(shape[2], size[1], sides[1], frame[:, 1], border)
    return ops.sum(cells * rows[:, :, None] * columns[:, None, :], axis=(1, 2)), (height * width)[:, 0]


def average(cells: Any, seen: Seen, size: Any, border: int = 0) -> Any:
    """The sum over the cells (N, H, W) that count, divided by the number of all."""
    amount, count = total(cells, seen, size, border)
    return amount / count


def measure_layer(term: Layer, seen: Seen, given: Any) -> Any:
    """`square` leaves out the border, and divides by all cells: the loss of the Keras example."""
    a, size = cells_of_interest(term, seen.activations[term.layer], given), seen.size(term.layer)
    if term.at is not None:
        seen, size = seen._replace(frame=None, sizes=None), (1, 1)  # one cell, which lies where it lies
    if term.measure == "mean":
        return average(ops.mean(a, axis=-1), seen, size)
    squares = ops.square(a)
    if term.measure == "norm":
        return 0.5 * total(ops.sum(squares, axis=-1), seen, size)[0]
    return average(ops.mean(squares, axis=-1), seen, size, 0 if term.at is not None else BORDER)


def measure_direction(term: Direction, seen: Seen, given: Any) -> Any:
    a = ops.cast(seen.activations[term.layer], "float32")
    return average(ops.tensordot(a, given, axes=1), seen, seen.size(term.layer))


def measure_class(term: Class, seen: Seen, given: Any) -> Any:
    return ops.take(ops.cast(seen.activations[HEAD], "float32"), given, axis=-1)


def measure_guide(term: Guide, seen: Seen, given: Any) -> Any:
    """Every place's product with the place of the guide that is most like it; `given` holds the guide's places."""
    a = ops.cast(seen.activations[term.layer], "float32")
    if term.match == "cosine":
        a, given = unit(a), unit(given)
    likest = ops.max(ops.tensordot(a, ops.transpose(given), axes=1), axis=-1)
    if term.match == "dot":
        likest = likest / ops.cast(ops.shape(a)[3], "float32")
    return average(likest, seen, seen.size(term.layer))


def unit(vectors: Any) -> Any:
    """Vectors along the last axis, of length one."""
    return vectors / ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + EPSILON)


def measure_content(term: Content, seen: Seen, given: Any) -> Any:
    assert seen.original is not None
    distance = ops.cast(seen.activations[term.layer] - seen.original[term.layer], "float32")
    return -average(ops.mean(ops.square(distance), axis=-1), seen, seen.size(term.layer))


def measure_variation(term: TotalVariation, seen: Seen, given: Any) -> Any:
    x, (height, width) = seen.image, seen.size()
    down, across = ops.abs(x[:, 1:] - x[:, :-1]), ops.abs(x[:, :, 1:] - x[:, :, :-1])
    down, across = ops.mean(down, axis=-1), ops.mean(across, axis=-1)
    return -average(down, seen, (height - 1, width)) - average(across, seen, (height, width - 1))


def measure_l2(term: L2, seen: Seen, given: Any) -> Any:
    return -average(ops.mean(ops.square(seen.image), axis=-1), seen, seen.size())


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
