"""Gradients and dreamed pictures inside a user's own training code."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import BACKEND, only_tensorflow
from keras import layers, ops

import kerasdream
from kerasdream.errors import ConfigError, InputImageError, LayerError, ModelError


def test_the_gradient_is_that_of_the_variables_as_they_are(doubling):
    image = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    inside = np.zeros_like(image)
    inside[:, 2:-2, 2:-2] = image[:, 2:-2, 2:-2]
    for factor in (2.0, 3.0):
        doubling.get_layer("twice").kernel.assign(factor * np.eye(3).reshape(1, 1, 3, 3))
        losses, slopes = kerasdream.gradient(doubling, image, "twice*2")
        wanted = 2 * factor**2 * (inside**2).sum((1, 2, 3)) / image[0].size
        np.testing.assert_allclose(losses, wanted, rtol=1e-5)
        np.testing.assert_allclose(slopes, 4 * factor**2 * inside / image[0].size, rtol=1e-5, atol=1e-9)


def test_bytes_have_a_gradient_too(doubling):
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    for images in (pixels, ops.convert_to_tensor(pixels), pixels.astype(float)):
        _, slopes = kerasdream.gradient(doubling, images, "norm(twice) + tv()")
        assert np.abs(ops.convert_to_numpy(slopes) - 4.0 * pixels).max() < 1.0


def test_batch_norm_is_looked_at_as_in_inference_and_left_alone(small_net, photo):
    image = photo[None] / np.float32(127.5) - 1
    before = small_net.get_weights()
    _, slopes = kerasdream.gradient(small_net, image, "relu1:3 + 0.5*relu2")
    dreamer = kerasdream.Dreamer("relu1:3 + 0.5*relu2", model=small_net)
    inputs = {"weights": dreamer.compiled.term_weights[:, None], "terms": {}}
    _, wanted = dreamer.compiled.gradient(ops.convert_to_tensor(image), inputs)
    np.testing.assert_allclose(slopes, wanted[0], rtol=1e-3, atol=1e-7)
    assert all(np.array_equal(one, other) for one, other in zip(before, small_net.get_weights(), strict=True))


@pytest.mark.parametrize(
    "kind",
    [
        {"kernel_size": (3, 4), "padding": "same"},
        {"kernel_size": (2, 5)},
        {"kernel_size": 1},
        {"kernel_size": 3, "strides": 2, "padding": "same"},
        {"kernel_size": (2, 3), "dilation_rate": 2},
        {"kernel_size": 3, "groups": 2, "padding": "same"},
    ],
    ids=str,
)
def test_a_dreamer_s_way_back_through_a_convolution_is_its_gradient(kind):
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="tanh")(image)
    x = layers.Concatenate()([x, layers.Conv2D(2, 1)(x)])
    x = layers.Conv2D(6, **kind, activation="tanh", name="last")(x)
    model = keras.Model(image, x)
    picture = np.random.default_rng(0).uniform(-1, 1, (2, 15, 18, 3)).astype(np.float32)
    losses, wanted = kerasdream.gradient(model, picture, "last")
    compiled = kerasdream.Dreamer("last", model=model).compiled
    got, slopes = compiled.gradient(
        ops.convert_to_tensor(picture), {"weights": np.ones((1, 2), np.float32), "terms": {}}
    )
    np.testing.assert_allclose(got, losses, rtol=1e-5)
    wanted = ops.convert_to_numpy(wanted)
    np.testing.assert_allclose(slopes[0], wanted, rtol=1e-3, atol=1e-5 * np.abs(wanted).max())
    assert np.abs(wanted).max() > 1e-4


def test_a_neuron_of_the_centre_and_a_class(doubling):
    image = np.random.default_rng(1).uniform(-1, 1, (1, 5, 7, 3)).astype(np.float32)
    losses, slopes = kerasdream.gradient(doubling, image, "twice:1@centre")
    assert float(losses[0]) == pytest.approx(4 * float(image[0, 2, 3, 1]) ** 2, rel=1e-5)
    assert np.count_nonzero(slopes) == 1
    losses, _ = kerasdream.gradient(doubling, image, "class:3")
    assert float(losses[0]) == pytest.approx(float(ops.convert_to_numpy(doubling(image))[0, 3]), rel=1e-4)


@only_tensorflow
def test_it_stands_in_a_compiled_train_step():
    class Dreaming(keras.Model):
        """Learns from pictures that are moved a little towards what it sees in them."""

        def __init__(self):
            super().__init__()
            image = keras.Input((12, 12, 3))
            x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
            self.inner = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))

        def call(self, x):
            return self.inner(x)

        def train_step(self, data):
            x, y = data
            _, slopes = kerasdream.gradient(self.inner, x, "conv")
            x = x + 0.1 * slopes / ops.maximum(ops.mean(ops.abs(slopes)), 1e-6)
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"entropy": loss}

    model = Dreaming()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    history = model.fit(rng.normal(size=(32, 12, 12, 3)), rng.integers(0, 2, 32), epochs=8, verbose=0).history[
        "entropy"
    ]
    assert history[-1] < history[0]


@pytest.mark.skipif(BACKEND != "torch", reason="is about PyTorch")
def test_it_stands_in_a_loop_of_pytorch(small_net):
    import torch

    pictures = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(4, 16, 16, 3)).astype(np.float32))
    optimizer = torch.optim.SGD(small_net.parameters(), lr=1e-3)
    losses = []
    for _ in range(5):
        _, slopes = kerasdream.gradient(small_net, pictures, "relu1")
        assert not slopes.requires_grad
        loss = (small_net(pictures + 0.01 * slopes / slopes.abs().mean(), training=True) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses == sorted(losses, reverse=True)


@pytest.mark.skipif(BACKEND != "jax", reason="is about JAX")
def test_it_stands_in_a_compiled_function_of_jax(small_net):
    """The variables are those that the function was given, not those of the moment that it was compiled."""
    import jax

    pictures = np.random.default_rng(0).normal(size=(4, 16, 16, 3)).astype(np.float32)

    @jax.jit
    def slopes(variables, pictures):
        with keras.StatelessScope(state_mapping=list(zip(small_net.variables, variables, strict=True))):
            return kerasdream.gradient(small_net, pictures, "relu1")[1]

    for _ in range(2):
        given = [variable.value for variable in small_net.variables]
        wanted = kerasdream.gradient(small_net, pictures, "relu1")[1]
        np.testing.assert_allclose(slopes(given, pictures), wanted, rtol=1e-3, atol=1e-6)
        for variable in small_net.trainable_variables:
            variable.assign(variable.value * 1.5)


def test_what_it_cannot_know_is_told(doubling):
    image = np.zeros((1, 8, 8, 3), np.float32)
    for wish, words in (
        ("content(twice)", "needs an original"),
        ("twice:strong2", "needs the channels of a picture"),
        (kerasdream.Layer("twice").inside(np.eye(8)), "needs a mask"),
        (kerasdream.Guide("twice", "g.png"), "needs a guide picture"),
        (kerasdream.Caricature("twice", "c.png"), "needs another picture"),
    ):
        with pytest.raises(ConfigError, match=words):
            kerasdream.gradient(doubling, image, wish)
    with pytest.raises(ModelError, match="is a OfOnesOwn without a graph of layers"):
        kerasdream.gradient(type("OfOnesOwn", (keras.Model,), {})(), image, "twice")
    with pytest.raises(ModelError, match=r"shape \(1, 8, 8, 1\); \(N, H, W, 3\) was expected"):
        kerasdream.gradient(doubling, image[..., :1], "twice")
    with pytest.raises(LayerError, match="Channel 3 of 'twice'"):
        kerasdream.gradient(doubling, image, "twice:3")


def test_a_share_of_a_dataset_is_dreamt(small_net, photo):
    pictures = np.stack([np.roll(photo[:48, :64], 3 * n, 1) for n in range(20)])
    labels = np.arange(20)
    settings = {"model": small_net, "iterations": 1, "num_octave": 1, "step": 0.1, "max_loss": None}
    data = tf.data.Dataset.from_tensor_slices((pictures, labels))
    seen = []
    for some in (data, data.batch(7).map(lambda x, y: (x, y))):
        augmented = kerasdream.augment(some, "relu1", share=0.4, seed=3, **settings)
        elements = list(augmented.as_numpy_iterator())
        images = np.concatenate([x.reshape(-1, 48, 64, 3) for x, _ in elements])
        assert np.concatenate([np.ravel(y) for _, y in elements]).tolist() == labels.tolist()
        changed = (images != pictures).any((1, 2, 3))
        assert 3 <= changed.sum() <= 14
        again = list(augmented.as_numpy_iterator())
        assert all(np.array_equal(one[0], other[0]) for one, other in zip(elements, again, strict=True))
        wanted = kerasdream.Dreamer("relu1", **settings).run(pictures[np.flatnonzero(changed)[0]]).image
        assert np.abs(images[np.flatnonzero(changed)[0]].astype(int) - wanted).max() <= 1
        seen.append(changed)
    plain = kerasdream.augment(data.map(lambda x, _: x), "relu1", share=0.0, **settings)
    assert np.array_equal(np.stack(list(plain.as_numpy_iterator())), pictures)
    with pytest.raises(ConfigError, match="share=2 was given"):
        kerasdream.augment(data, "relu1", share=2, **settings)
    with pytest.raises(ConfigError, match="A ndarray was given as dataset"):
        kerasdream.augment(pictures, "relu1", **settings)
    with pytest.raises(ConfigError, match=r"has elements \{'image'.*Map them to that first"):
        kerasdream.augment(data.map(lambda x, y: {"image": x, "label": y}), "relu1", **settings)
    with pytest.raises(InputImageError, match="with values from 0 to 25.; floats from 0 to 1 were expected"):
        kerasdream.augment(data.map(lambda x, y: (tf.cast(x, tf.float32), y)), "relu1", **settings)
