"""Dreams inside training code: the gradient for a custom step, and dreamed pictures as augmentation."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasdream import ascent
from kerasdream.ascent.engine import bare, constants
from kerasdream.ascent.measure import HEAD, Seen, measure
from kerasdream.ascent.step import preprocessed
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, ModelError
from kerasdream.model.features import Features
from kerasdream.objectives import Class, Content, Guide, Inside, Layer, Term
from kerasdream.objectives import objective as objective_of


def gradient(
    model: keras.Model, images: Any, objective: Any, *, preprocess: Callable[[Any], Any] | None = None
) -> tuple[Any, Any]:
    """How much of an objective each picture shows, and the gradient of that, as tensors.

    With the variables of the model as they are now, in inference; also inside a compiled `train_step`. The pictures are
    as the model takes them, or from -1 to 1 where `preprocess` makes that of RGB from 0 to 255.

    >>> losses, slopes = kerasdream.gradient(model, images, "conv3:5")
    >>> images = images + 0.01 * slopes / keras.ops.mean(keras.ops.abs(slopes))
    """
    if not isinstance(model, keras.Model):
        raise ModelError(f"{model!r} was given as model; a functional keras.Model was expected.")
    wish = objective_of(objective)
    terms = [term for term, _ in wish.terms]
    for term in terms:
        check_alone(term)
    head = HEAD if any(isinstance(term, Class) for term in terms) else None
    features = Features(model, wish.layers(), head)
    given: dict[str, Any] = dict(constants(terms, {name: t.shape[-1] for name, t in features.outputs().items()}))

    def height(images: Any) -> Any:
        seen, total = Seen(images, features(preprocessed(preprocess, images))), 0.0
        for number, (term, weight) in enumerate(wish.terms):
            here = given.get(str(number))
            if isinstance(term, Layer) and term.at is not None:
                here = cell(term, seen.activations[term.layer])
            total = total + weight * measure(term, seen, here)
        return total

    return ascent.backend().gradient(height, ops.convert_to_tensor(images, "float32"))


def check_alone(term: Term) -> None:
    """ConfigError for a term that needs more than pictures and a network."""
    needs = {Inside: "a mask", Content: "an original", Guide: "a guide picture"}.get(type(term))
    needs = "the channels of an original" if getattr(bare(term), "pick", None) else needs
    if needs:
        raise ConfigError(f"{term} needs {needs}, which gradient() does not have. Use it with Dreamer.")


def cell(term: Layer, activations: Any) -> Any:
    """The place of the neuron that a term asks for."""
    height, width = ops.shape(activations)[1:3]
    place = term.at if isinstance(term.at, tuple) else (height // 2, width // 2)
    return ops.stack([ops.cast(side, "int32") for side in place])


def augment(dataset: Any, layers: Any = None, *, share: float = 0.25, seed: int = 0, **settings: Any) -> Any:
    """A `tf.data` dataset in which a share of the pictures, drawn from the seed, are dreamt; labels stay.

    Its elements are pictures or (picture, label, ...), single or in batches: bytes, or floats from 0 to 1. `layers` and
    `settings` are those of Dreamer; without a model, `mini` dreams.

    >>> data = kerasdream.augment(data, "mixed3", share=0.1, iterations=5, num_octave=1)
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ConfigError(f"share={share!r} was given; a number from 0 to 1 was expected.")
    if not hasattr(dataset, "enumerate") or not hasattr(dataset, "map"):
        raise ConfigError(f"A {type(dataset).__name__} was given as dataset; a tf.data.Dataset was expected.")
    every: dict[str, Any] = {"model": "mini", "seed": seed, **settings}
    dreamer = Dreamer(layers, **every)

    def dreamt(number: Any, pictures: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng([seed, int(number)])
        if pictures.ndim < 4:
            return dreamer.run(pictures, verbose=False).image if rng.random() < share else pictures
        chosen = rng.random(len(pictures)) < share
        if chosen.any():
            pictures = pictures.copy()
            pictures[chosen] = dreamer.run(pictures[chosen], verbose=False).image
        return pictures

    from kerasdream.ascent.tensorflow import mapped  # whatever Keras runs on

    return mapped(dataset, dreamt)
