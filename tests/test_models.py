"""Models of a user's own: nested, of other channels, frozen, in half precision, and those that cannot dream."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasdream
from kerasdream.errors import ConfigError, LayerError, ModelError


def backbone():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="low")(image)
    return keras.Model(image, layers.Conv2D(6, 3, 2, activation="relu", name="high")(x), name="backbone")


def dreamt(model, photo, layer, **settings):
    settings = {"iterations": 2, "num_octave": 2, "max_loss": None} | settings
    return kerasdream.Dreamer(layer, model=model, **settings).run(photo)


def test_a_layer_of_a_model_inside_is_dreamt_on_by_its_path(photo, tmp_path):
    inner, image = backbone(), keras.Input((None, None, 3))
    x = inner(layers.Rescaling(1.0, offset=0.0)(image))
    outer = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)), name="outer")
    around = keras.Model(image, outer(image), name="around")
    wanted = dreamt(inner, photo, "low:3 + high")
    for model, path in ((outer, "backbone"), (around, "outer/backbone")):
        result = dreamt(model, photo, f"{path}/low:3 + {path}/high")
        np.testing.assert_allclose(result.losses, wanted.losses, rtol=1e-4)
        assert np.abs(result.image.astype(int) - wanted.image).max() <= 1
    outer.save(tmp_path / "outer.keras")
    again = dreamt(keras.saving.load_model(tmp_path / "outer.keras"), photo, "backbone/low:3 + backbone/high")
    np.testing.assert_allclose(again.losses, wanted.losses, rtol=1e-4)
    with pytest.raises(LayerError, match="model 'backbone' has no layer 'hihg'. Did you mean 'high'"):
        dreamt(outer, photo, "backbone/hihg")


def test_an_inner_model_of_a_fixed_size_dreams_at_any_size_and_is_counted_in_the_memory(photo):
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="low")(image)
    inner = keras.Model(image, layers.Conv2D(6, 3, 2, activation="relu", name="high")(x), name="backbone")
    outer = keras.Model(image, layers.GlobalAveragePooling2D()(inner(image)), name="outer")
    assert dreamt(outer, photo, "backbone/high").image.shape == photo.shape
    there, here = (
        kerasdream.Dreamer(name, model=m).compiled for name, m in (("high", inner), ("backbone/high", outer))
    )
    assert here.bytes_per_pixel == there.bytes_per_pixel > 20


def test_models_of_one_channel_and_of_six(photo):
    image = keras.Input((None, None, 1))
    grey = keras.Model(image, layers.Conv2D(4, 3, activation="relu", name="conv")(image), name="grey")
    assert [(info.name, info.channels) for info in kerasdream.layers(grey)] == [("conv", 4)]
    result = dreamt(grey, photo, "conv")
    changes = (result.image.astype(int) - photo).reshape(-1, 3)
    inside = ((photo > 40) & (photo < 215)).all(-1).ravel()
    red, green, blue = np.abs(changes[inside]).sum(0)  # a grey network moves green most, blue least
    assert green > red > blue
    assert result.losses[-1][-1] > result.losses[-1][0]
    image = keras.Input((None, None, 6))
    six = keras.Model(image, layers.Conv2D(4, 3, activation="relu", name="conv")(image), name="six")
    with pytest.raises(ModelError, match="'six' takes pictures of 6 channels; pass preprocess="):
        dreamt(six, photo, "conv")
    result = dreamt(six, photo, "conv", preprocess=lambda x: ops.concatenate([x, 255 - x], axis=-1) / 255)
    assert result.losses[-1][-1] > result.losses[-1][0]


def test_frozen_and_float16_models_dream(photo):
    frozen = backbone()
    frozen.trainable = False
    wanted = dreamt(frozen, photo, "high").losses
    half = keras.models.clone_model(
        frozen,
        clone_function=lambda layer: (
            type(layer).from_config(layer.get_config() | {"dtype": "float16"})
            if layer.get_config().get("filters")
            else layer
        ),
    )
    half.set_weights(frozen.get_weights())
    np.testing.assert_allclose(dreamt(half, photo, "high").losses, wanted, rtol=0.02)


def test_the_features_of_a_model_of_ones_own_class_are_dreamt_on(photo):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.low, self.high = layers.Conv2D(4, 3, name="low"), layers.Conv2D(6, 3, 2, name="high")

        def features(self, x):
            return self.high(ops.relu(self.low(x)))

        def call(self, x):
            return ops.mean(self.features(x), axis=(1, 2))

    own, image = Own(), keras.Input((None, None, 3))
    with pytest.raises(ModelError, match=r"of a functional .* model.*keras.Model\(image, yours.features\(image\)\)"):
        kerasdream.Dreamer("high", model=own)
    dreamer = kerasdream.Dreamer("high", model=keras.Model(image, own.features(image)), iterations=1, max_loss=None)
    before = float(dreamer.run(photo).losses[0][0])
    own.high.kernel.assign(2 * own.high.kernel)
    own.high.bias.assign(2 * own.high.bias)
    dreamer.refresh()
    assert float(dreamer.run(photo).losses[0][0]) == pytest.approx(4 * before, rel=1e-4)


def test_a_model_of_two_inputs_is_told():
    a, b = keras.Input((None, None, 3)), keras.Input((4,))
    both = keras.Model([a, b], layers.Conv2D(2, 3, name="conv")(a) + layers.Dense(2)(b)[:, None, None], name="both")
    with pytest.raises(
        ModelError, match=r"'both' takes inputs of shape .*; one input \(batch, height, width, channels\)"
    ):
        kerasdream.Dreamer("conv", model=both)


@pytest.mark.parametrize("model", ["mini", "mobilenet_v2"])
def test_named_models_dream_on_channels_last_whatever_keras_is_set_to(model):
    picture = np.random.default_rng(0).integers(0, 256, (112, 128, 3), np.uint8)
    settings = {"model": model, "iterations": 1, "num_octave": 2}
    settings |= {} if model == "mini" else {"weights": "random", "max_loss": None}
    wanted, known = kerasdream.dream(picture, **settings), kerasdream.layers(model)
    keras.config.set_image_data_format("channels_first")
    try:
        assert np.array_equal(kerasdream.dream(picture, **settings), wanted)
        assert kerasdream.layers(model) == known
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.fixture
def vit():
    """A small transformer for pictures of 64 x 64: patches, attention, a mean over tokens, a dense layer."""
    image = keras.Input((64, 64, 3))
    x = layers.Reshape((64, 16), name="tokens")(layers.Conv2D(16, 8, 8, name="patches")(image))
    x = layers.Add(name="block")([x, layers.MultiHeadAttention(2, 8)(x, x)])
    return keras.Model(
        image, layers.Dense(10, name="scores")(layers.GlobalAveragePooling1D(name="mean")(x)), name="vit"
    )


def test_tokens_and_dense_layers_are_followed_without_a_border(vit):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    outputs = {name: vit.get_layer(name).output for name in ("block", "mean", "scores")}
    image = picture[None] / np.float32(127.5) - 1
    values = {name: ops.convert_to_numpy(a) for name, a in keras.Model(vit.input, outputs)(image).items()}
    for layer, wanted in {
        "block": (values["block"] ** 2).mean(),
        "block:3": (values["block"][..., 3] ** 2).mean(),
        "block:2@5,0": values["block"][0, 5, 2] ** 2,
        "mean(mean)": values["mean"].mean(),
        "scores:7": values["scores"][0, 7] ** 2,
    }.items():
        dreamer = kerasdream.Dreamer(layer, model=vit, iterations=3, num_octave=1, max_loss=None)
        losses = dreamer.run(picture, verbose=False).losses[0]
        assert losses[0] == pytest.approx(wanted, rel=1e-3), layer
        assert losses[0] < losses[1] < losses[2]
    with pytest.raises(ModelError, match="vit cannot look at a picture of 96 x 64 pixels: .* takes one size only"):
        kerasdream.dream(np.zeros((96, 64, 3), np.uint8), "block", model=vit)


def test_a_picture_from_noise_has_the_size_that_a_network_takes(vit):
    assert kerasdream.visualize("scores:7", model=vit, steps=3, verbose=False).size == (48, 48)
    with pytest.raises(ConfigError, match="size=100 was given; exactly"):
        kerasdream.visualize("scores:7", model=vit, size=100, steps=3, verbose=False)


def test_a_model_that_rescales_its_input_gets_what_it_takes():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, layers.Conv2D(4, 3, name="conv")(layers.Rescaling(1 / 255)(image)))
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    a = ops.convert_to_numpy(model(picture[None].astype("float32")))
    wanted = (a[:, 2:-2, 2:-2] ** 2).sum() / a.size
    losses = kerasdream.Dreamer("conv", model=model, iterations=1, num_octave=1).run(picture).losses
    assert losses[0][0] == pytest.approx(wanted, rel=1e-3)
