"""Rectifiers below followed layers: which they are, and what stands in for them where a picture excites nothing."""

import keras
import numpy as np
from keras import layers, ops

from kerasdream.model.features import Features
from kerasdream.model.rectifiers import find_rectifiers


def test_the_last_rectifiers_are_found_through_what_is_not_trained():
    image = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    pooled = layers.MaxPooling2D(1, name="pooled")(first)
    norm = layers.BatchNormalization()(layers.Conv2D(5, 1)(first))
    six = layers.ReLU(6.0, name="six")(norm)
    linear = layers.Conv2D(2, 1, name="linear")(first)
    inner_image = keras.Input((16, 16, 5))
    inner = keras.Model(inner_image, layers.Activation("relu", name="inside")(layers.Conv2D(3, 1)(inner_image)))
    joined = layers.Concatenate()([pooled, layers.Rescaling(2.0)(six), linear, inner(six)])
    assert {layer.name for layer in find_rectifiers([joined])} == {"first", "six", "inside"}
    assert find_rectifiers([linear]) == set()


def test_only_pictures_that_sleep_see_softplus():
    image = keras.Input((8, 8, 3))
    conv = layers.Conv2D(2, 1, activation="relu", name="conv")
    model = keras.Model(image, layers.ReLU(name="after")(layers.Rescaling(3.0)(conv(image))))
    conv.set_weights([np.array([[[[1.0, 0.0], [0.0, -1.0], [0.0, 0.0]]]]), np.array([0.25, -0.5])])
    features = Features(model, ["conv", "after"])
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    before = np.stack([images[..., 0] + 0.25, -images[..., 1] - 0.5], -1)
    softplus = np.log1p(np.exp(before))
    weights = features.weights()
    hard = features(images, weights)
    soft = features(images, weights, ops.convert_to_tensor([0.0, 1.0]))
    for name in ("conv", "after"):
        assert np.array_equal(ops.convert_to_numpy(soft[name])[0], ops.convert_to_numpy(hard[name])[0])
    np.testing.assert_allclose(ops.convert_to_numpy(soft["conv"])[1], softplus[1], rtol=1e-5)
    after = np.log1p(np.exp(3 * softplus[1]))
    np.testing.assert_allclose(ops.convert_to_numpy(soft["after"])[1], after, rtol=1e-5)
