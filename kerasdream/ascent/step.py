"""One move uphill: the same body for every framework."""

from collections.abc import Callable
from typing import Any

from keras import ops

from kerasdream.ascent.objective import loss
from kerasdream.model.features import Features

LEAST_GRADIENT = 1e-6


def preprocessed(preprocess: Callable[[Any], Any] | None, image: Any) -> Any:
    """The dream's picture, -1 to 1, as the model wants it; a model's own function takes 0 to 255."""
    return image if preprocess is None else preprocess((image + 1.0) * 127.5)


def make_step(
    features: Features, preprocess: Callable[[Any], Any] | None, gradient: Callable[..., Any]
) -> Callable[..., Any]:
    """The function that a framework compiles: picture, step sizes and weights in; moved picture, loss and slope out.

    `sizes` has one number per picture: 0 keeps a picture where it is. `slope` is the mean absolute gradient.
    """

    def step(image: Any, sizes: Any, layer_weights: Any, model_weights: Any) -> tuple[Any, Any, Any]:
        def height(image: Any) -> Any:
            return loss(features(preprocessed(preprocess, image), model_weights), layer_weights)

        losses, uphill = gradient(height, image)
        slope = ops.mean(ops.abs(uphill), axis=(1, 2, 3))
        scale = sizes / ops.maximum(slope, LEAST_GRADIENT)
        return image + ops.reshape(scale, (-1, 1, 1, 1)) * uphill, losses, slope

    return step
