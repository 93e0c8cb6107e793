"""Dreams inside training code: the gradient for a custom step, and dreamed pictures as augmentation."""

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops

from kerasdream.ascent.current_backend import current_backend
from kerasdream.ascent.step import Preprocess, preprocess_images
from kerasdream.config import DEFAULTS
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, ModelError
from kerasdream.image.picture import Picture
from kerasdream.model.classes import number_of
from kerasdream.model.features import Features
from kerasdream.objectives import ActivationView, Layer, weighted_sum
from kerasdream.objectives import objective as objective_of
from kerasdream.objectives.context import PictureSource
from kerasdream.objectives.view import SCORES
from kerasdream.settings import ObjectiveLike, Settings
from kerasdream.types import Array, Tensor


def gradient(
    model: keras.Model, images: Tensor, objective: ObjectiveLike, *, preprocess: Preprocess | None = None
) -> tuple[Tensor, Tensor]:
    """Return how much of an objective each picture shows, and the gradient of that, as tensors.

    With the variables of the model as they are now, in inference; also inside a compiled `train_step`. The pictures are
    as the model takes them, or from -1 to 1 where `preprocess` makes that of RGB from 0 to 255. Raises ModelError for
    what is no functional model, ConfigError for an objective that needs more than pictures and a network.

    >>> model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, name="conv3")])
    >>> images = keras.random.uniform((2, 32, 32, 3), -1.0, 1.0)
    >>> losses, gradients = kerasdream.gradient(model, images, "conv3:5")
    >>> images = images + 0.01 * gradients / keras.ops.mean(keras.ops.abs(gradients))
    """
    if not isinstance(model, keras.Model):
        raise ModelError(f"{model!r} was given as model; a functional keras.Model was expected.")
    wanted = objective_of(objective)
    terms, weights = [term for term, _ in wanted.terms], [weight for _, weight in wanted.terms]
    features = Features(model, wanted.layers(), SCORES if wanted.needs_classes else None)
    network = TrainedNetwork(features)
    constants: dict[str, Tensor] = {}
    for number, term in enumerate(terms):
        if term.needs:
            raise ConfigError(f"{term} needs {term.needs}, which gradient() does not have. Use it with Dreamer.")
        if (constant := term.constant(network)) is not None:
            constants[str(number)] = constant

    def value(images: Tensor) -> Tensor:
        activations = features(preprocess_images(preprocess, images))
        view = ActivationView(images, activations, unbordered=features.unbordered)
        inputs = dict(constants)
        for number, term in enumerate(terms):
            if term.octave_input_type != "int32":
                raise ConfigError(f"{term} needs another picture, which gradient() does not have. Use it with Dreamer.")
            if isinstance(term, Layer) and term.at is not None:
                cells = ops.shape(view.activations[term.layer])[1:3]
                inputs[str(number)] = ops.stack([ops.cast(index, "int32") for index in term.cell(cells, cells)])
        return weighted_sum(enumerate(terms), weights, view, inputs)

    return current_backend().gradient(value, ops.convert_to_tensor(images, "float32"))


class TrainedNetwork:
    """What terms may ask of a network in training: objectives.context.Network."""

    def __init__(self, features: Features):
        self.features = features

    def channel_count(self, layer: str) -> int:
        """Return how many channels a layer has."""
        return int(self.features.outputs()[layer].shape[-1])

    def class_index(self, name: str) -> int:
        """Return the number of a class."""
        return number_of(name, self.channel_count(SCORES), self.features.class_names)

    def picture_activations(self, picture: PictureSource, layer: str) -> Array:
        """Raise ConfigError: the activations of a guide would be computed anew in each step."""
        raise ConfigError("A guide needs a guide picture, which gradient() does not have. Use it with Dreamer.")


def augment(
    dataset: Any,
    layers: ObjectiveLike | None = None,
    *,
    share: float = 0.25,
    model: str | keras.Model = "mini",
    preprocess: Preprocess | None = None,
    **settings: Unpack[Settings],
) -> Any:
    """Return a `tf.data` dataset in which a share of the pictures, drawn from the seed, are dreamt; labels stay.

    Its elements are pictures or (picture, label, ...), single or in batches: bytes, or floats from 0 to 1. `layers` and
    `settings` are those of Dreamer; without a model, `mini` dreams. Raises ConfigError for other elements, and
    InputImageError where the pictures of the first element are out of range.

    >>> import tensorflow as tf
    >>> data = tf.data.Dataset.from_tensor_slices(np.zeros((4, 64, 64, 3), "uint8"))
    >>> data = kerasdream.augment(data, "mixed3", share=0.1, iterations=5, num_octave=1)
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ConfigError(f"share={share!r} was given; a number from 0 to 1 was expected.")
    check_dataset(dataset)
    seed = settings.get("seed", DEFAULTS["seed"])
    dreamer = Dreamer(layers, model=model, preprocess=preprocess, **settings)

    def dreamt(number: int, pictures: Array) -> Array:
        rng = np.random.default_rng([seed, int(number)])
        if pictures.ndim < 4:
            return dreamer.run(pictures, verbose=False).image if rng.random() < share else pictures
        chosen = rng.random(len(pictures)) < share
        if chosen.any():
            pictures = pictures.copy()
            pictures[chosen] = dreamer.run(pictures[chosen], verbose=False).image
        return pictures

    from kerasdream.ascent.tensorflow import map_pictures  # whatever Keras runs on

    return map_pictures(dataset, dreamt)


def check_dataset(dataset: Any) -> None:
    """Raise ConfigError for what is no dataset of pictures, InputImageError where its first element is out of range."""
    if not all(hasattr(dataset, name) for name in ("enumerate", "map", "element_spec")):
        raise ConfigError(f"A {type(dataset).__name__} was given as dataset; a tf.data.Dataset was expected.")
    spec = dataset.element_spec[0] if isinstance(dataset.element_spec, tuple) else dataset.element_spec
    rank, dtype = getattr(getattr(spec, "shape", None), "rank", None), getattr(spec, "dtype", None)
    if dtype is None or not (dtype == "uint8" or dtype.is_floating) or rank not in (None, 3, 4):
        raise ConfigError(
            f"The dataset has elements {dataset.element_spec}; pictures or (picture, label, ...) were expected, single "
            "or in batches, of bytes or floats from 0 to 1. Map them to that first: data.map(lambda one: one['image'])."
        )
    if dtype.is_floating:
        for element in dataset.take(1):
            Picture.of(np.asarray(element[0] if isinstance(element, tuple) else element))
