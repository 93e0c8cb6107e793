"""One move uphill: two bodies that a framework compiles, the same for every framework.

`uphill` finds the gradient of the objective; `move` takes the picture along it. What changes from step to step is an
argument, what a Dreamer fixes is settled when the bodies are made: one trace each.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keras import ops

from kerasdream.ascent.measure import Seen, measure
from kerasdream.ascent.smoothing import blurred, divided_by, equal_scales, strength_of
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.model.features import Features
from kerasdream.objectives import Inside, Term

ADAM_MEAN, ADAM_SQUARE, ADAM_EPSILON = 0.9, 0.999, 1e-8


class Region(NamedTuple):
    """Terms, by number, that move the same part of the picture."""

    mask: Any
    black: bool
    terms: tuple[int, ...]


def regions_of(terms: Sequence[Term]) -> list[Region]:
    """The terms gathered by their masks."""
    found: dict[Any, list[int]] = {}
    for number, term in enumerate(terms):
        key = (term.mask, term.black) if isinstance(term, Inside) else (None, False)
        found.setdefault(key, []).append(number)
    return [Region(mask, black, tuple(numbers)) for (mask, black), numbers in found.items()]


def preprocessed(preprocess: Callable[[Any], Any] | None, image: Any) -> Any:
    """The dream's picture, -1 to 1, as the model wants it; a model's own function takes 0 to 255."""
    if preprocess is None:
        return image
    prepared = preprocess((image + 1.0) * 127.5)
    if prepared is None:
        raise ConfigError(f"preprocess={preprocess!r} returned nothing; the pictures for the model were expected.")
    return prepared


def make_uphill(
    features: Features, preprocess: Callable[[Any], Any] | None, terms: Sequence[Term], gradient: Callable[..., Any]
) -> Callable[..., Any]:
    """`uphill(image, numbers, weights)`: the loss of each picture, and one gradient for each region.

    `numbers` holds "weights" (terms, pictures), "given", what terms need besides, and where wanted the "frame" of
    windows (see `Seen`), "noise" (samples, H, W, 3) for SmoothGrad, the "original" that content is held to, and the
    "size" of pictures that have room around them.
    """

    def show(image: Any, model_weights: Any, size: Any) -> tuple[Any, Any]:
        if size is None:
            return features(preprocessed(preprocess, image), model_weights), None
        shown, sizes = features.call_padded(preprocessed(preprocess, image), model_weights, size)
        return shown, sizes | {"": [size[0], size[1]]}

    def uphill(image: Any, numbers: Any, model_weights: Any) -> tuple[Any, list[Any]]:
        noise, samples, frame, size = numbers.get("noise"), 1, numbers.get("frame"), numbers.get("size")
        reference = show(numbers["original"], model_weights, size)[0] if "original" in numbers else None
        if noise is not None:
            samples = ops.shape(noise)[0]
            reference = reference and {name: ops.repeat(a, samples, axis=0) for name, a in reference.items()}
            frame = None if frame is None else ops.repeat(frame, samples, axis=0)

        def height(image: Any, region: Region) -> Any:
            if noise is not None:
                image = ops.reshape(image[:, None] + noise[None], (-1, *ops.shape(image)[1:]))
            shown, sizes = show(image, model_weights, size)
            seen, total = Seen(image, shown, reference, frame, sizes), 0.0
            for number in region.terms:
                term, given = terms[number], numbers["given"].get(str(number))
                if noise is not None and per_picture(term):
                    given = ops.repeat(given, samples, axis=0)
                amount = measure(term, seen, given)
                amount = amount if noise is None else ops.mean(ops.reshape(amount, (-1, samples)), axis=1)
                total = total + numbers["weights"][number] * amount
            return total

        outcomes = [gradient(lambda image, r=region: height(image, r), image) for region in regions_of(terms)]
        return sum(loss for loss, _ in outcomes), [slope for _, slope in outcomes]

    return uphill


def per_picture(term: Term) -> bool:
    """Whether what the term needs besides has one row per picture."""
    return getattr(term.term if isinstance(term, Inside) else term, "pick", None) is not None


def combined(gradients: Sequence[Any], masks: Sequence[Any]) -> Any:
    """The gradients of the regions as one, each inside its mask (H, W, 1)."""
    return sum(g * m for g, m in zip(gradients, masks, strict=True)) if masks else gradients[0]


def shaped(uphill: Any, tools: Any, scales: int) -> Any:
    """The gradient with its scales made equal, and blurred, where that is wanted."""
    if scales:
        uphill = equal_scales(uphill, scales)
    return blurred(uphill, tools["kernels"]) if "kernels" in tools else uphill


def moved_along(
    image: Any, uphill: Any, strength: Any, sizes: Any, tools: Any, config: DreamConfig
) -> tuple[Any, list[Any]]:
    """The image one step further along its gradient, and what Adam remembers; `strength` is that of all of it."""
    centre, divisor = divided_by(strength, config.normalize)
    uphill, pace = uphill - centre, ops.reshape(sizes, (-1, 1, 1, 1))
    moments: list[Any] = []
    if config.optimizer == "adam":
        uphill, moments = adam(uphill / divisor, tools["moments"], tools["time"])
    else:
        pace = pace / divisor
    if "mask" in tools:
        uphill = uphill * tools["mask"]
    # What stays, stays whatever its gradient is; this division says so three times as fast as a choice of pixels.
    moved = image + ops.divide_no_nan(uphill, ops.where(pace > 0, 1.0 / pace, 0.0))
    return ops.clip(moved, -1.0, 1.0) if config.clip else moved, moments


def make_move(config: DreamConfig) -> Callable[..., Any]:
    """`move(image, gradients, sizes, tools)`: the moved picture, the slope of each picture, and what Adam remembers.

    `sizes` has one number per picture: 0 keeps a picture where it is. The slope is the mean absolute gradient.
    `tools` holds what the settings need: "regions" and "mask" (H, W, 1), "kernels" of the blur, "moments" and "time".
    """

    def move(image: Any, gradients: list[Any], sizes: Any, tools: Any) -> tuple[Any, Any, Any]:
        uphill = combined(gradients, tools.get("regions", []))
        slope = ops.mean(ops.abs(uphill), axis=(1, 2, 3))
        uphill = shaped(uphill, tools, config.gradient_scales)
        moved, moments = moved_along(image, uphill, strength_of(uphill), sizes, tools, config)
        return moved, slope, moments

    return move


def make_step(uphill: Callable[..., Any], move: Callable[..., Any]) -> Callable[..., Any]:
    """`step(image, numbers, sizes, tools, weights)`: both at once, where nothing comes between; a call less."""

    def step(image: Any, numbers: Any, sizes: Any, tools: Any, model_weights: Any) -> tuple[Any, ...]:
        loss, gradients = uphill(image, numbers, model_weights)
        return loss, *move(image, gradients, sizes, tools)

    return step


def adam(gradient: Any, moments: Sequence[Any], time: Any) -> tuple[Any, list[Any]]:
    """Adam's direction, and its two moving means; `time` counts from 1."""
    mean = ADAM_MEAN * moments[0] + (1 - ADAM_MEAN) * gradient
    spread = ADAM_SQUARE * moments[1] + (1 - ADAM_SQUARE) * ops.square(gradient)
    direction = mean / (1 - ADAM_MEAN**time)
    return direction / (ops.sqrt(spread / (1 - ADAM_SQUARE**time)) + ADAM_EPSILON), [mean, spread]
