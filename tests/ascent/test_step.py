"""One move uphill on a model that doubles its input, where the gradient is known."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasdream.ascent import backend
from kerasdream.ascent.step import make_step
from kerasdream.errors import ModelError
from kerasdream.model.features import Features


def taken(model, image, sizes, preprocess=None):
    features = Features(model, ["twice"])
    step = backend().compile_step(make_step(features, preprocess, backend().gradient), features.weights())
    one = np.ones(1, np.float32)
    return [
        ops.convert_to_numpy(x)
        for x in step(ops.convert_to_tensor(image), np.asarray(sizes, np.float32), one, features.weights())
    ]


def test_a_step_follows_the_normalised_gradient(doubling):
    image = np.random.default_rng(0).uniform(-1, 1, (1, 6, 7, 3)).astype(np.float32)
    moved, loss, slope = taken(doubling, image, [0.1])
    inside = np.zeros_like(image)
    inside[:, 2:-2, 2:-2] = image[:, 2:-2, 2:-2]
    gradient = 8 * inside / image.size  # of the sum of (2x)², over all elements
    np.testing.assert_allclose(loss, [(4 * inside**2).sum() / image.size], rtol=1e-5)
    np.testing.assert_allclose(slope, [np.abs(gradient).mean()], rtol=1e-5)
    np.testing.assert_allclose(moved, image + 0.1 * gradient / np.abs(gradient).mean(), rtol=1e-4, atol=1e-6)


def test_pictures_of_a_batch_do_not_see_each_other(doubling):
    images = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 3)).astype(np.float32) * np.array([1, 0.01, 5]).reshape(
        3, 1, 1, 1
    )
    images = images.astype(np.float32)
    together = taken(doubling, images, [0.1, 0.2, 0.0])
    for i, size in enumerate((0.1, 0.2, 0.0)):
        for got, alone in zip(together, taken(doubling, images[i : i + 1], [size]), strict=True):
            np.testing.assert_allclose(got[i], alone[0], rtol=1e-5, atol=1e-6)
    assert np.array_equal(together[0][2], images[2])


def test_a_flat_place_stays(doubling):
    moved, loss, slope = taken(doubling, np.zeros((1, 8, 8, 3), np.float32), [0.1])
    assert not moved.any()
    assert (loss.item(), slope.item()) == (0.0, 0.0)


def test_a_tiny_gradient_is_divided_by_the_floor(doubling):
    image = np.full((1, 5, 5, 3), 1e-7, np.float32)
    moved, _, slope = taken(doubling, image, [0.1])
    gradient = 8 * 1e-7 / 75
    assert slope.item() < 1e-6
    np.testing.assert_allclose(moved[0, 2, 2], 1e-7 + 0.1 * gradient / 1e-6, rtol=1e-4)


def test_preprocessing_is_part_of_the_gradient(doubling):
    image = np.random.default_rng(0).uniform(-1, 1, (1, 6, 6, 3)).astype(np.float32)
    _, loss, _ = taken(doubling, image, [0.1], preprocess=lambda pixels: pixels / 100)
    wanted = ((2 * (image[:, 2:-2, 2:-2] + 1) * 1.275) ** 2).sum() / image.size
    np.testing.assert_allclose(loss, [wanted], rtol=1e-5)


def test_another_framework_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ModelError, match="Keras runs on numpy; kerasdream needs tensorflow.*KERAS_BACKEND=tensorflow"):
        backend()
