"""Activations by name: the same numbers as the whole model gives, from less of it."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasdream
from kerasdream.ascent.current_backend import current_backend
from kerasdream.errors import LayerError, ModelError
from kerasdream.model.features import Features, fold

IMAGES = np.random.default_rng(1).uniform(-1, 1, (2, 24, 31, 3)).astype(np.float32)


def activations(features, images=IMAGES):
    return {
        name: ops.convert_to_numpy(a) for name, a in features(ops.convert_to_tensor(images), features.weights()).items()
    }


def test_folding_by_hand():
    convolution, norm = layers.Conv2D(1, 1), layers.BatchNormalization(epsilon=0.0)
    convolution.build((None, 4, 4, 1))
    norm.build((None, 4, 4, 1))
    convolution.set_weights([np.full((1, 1, 1, 1), 3.0), np.array([5.0])])
    norm.set_weights([np.array([value]) for value in (2.0, 7.0, 1.0, 4.0)])  # gamma, beta, mean, variance
    kernel, bias = fold(convolution, norm)
    assert kernel.item() == 3.0 * 2.0 / 2.0
    assert bias.item() == (5.0 - 1.0) * 2.0 / 2.0 + 7.0


def test_the_folded_walk_gives_the_numbers_of_the_model(small_net):
    features = Features(small_net, ["relu1", "relu2"])
    assert sorted(features.weights()) == ["conv0", "conv1", "conv2"]
    whole = keras.Model(small_net.inputs, [small_net.get_layer(name).output for name in features.names])
    for got, wanted in zip(activations(features).values(), whole.predict(IMAGES, verbose=0), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_nothing_above_the_deepest_layer_is_read(small_net):
    features = Features(small_net, ["relu0"])
    assert sorted(features.weights()) == ["conv0"]
    assert [operation.name for operation in features.function.operations][1:] == ["conv0", "norm0", "relu0"]


@pytest.mark.parametrize("name", ["conv1", "norm1"])
def test_a_convolution_or_norm_that_is_asked_for_shows_its_own_output(small_net, name):
    features = Features(small_net, [name, "relu2"])
    wanted = keras.Model(small_net.inputs, small_net.get_layer(name).output).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(activations(features)[name], wanted, rtol=1e-4, atol=1e-5)


def test_depthwise_shared_and_activated_convolutions_are_right():
    image = keras.Input((None, None, 3))
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False, name="depthwise")(image)
    x = layers.BatchNormalization(name="norm")(x)
    shared, twice_read = layers.Conv2D(6, 1, name="shared"), layers.Conv2D(6, 1, name="twice_read")
    a = layers.BatchNormalization(name="norm_a")(shared(x))
    b = layers.BatchNormalization(name="norm_b")(shared(a))
    c = twice_read(b)
    d = layers.BatchNormalization(name="norm_c")(c)
    e = layers.BatchNormalization(name="norm_d")(layers.Conv2D(6, 1, activation="tanh", name="curved")(d))
    model = keras.Model(image, layers.Add(name="sum")([c, e]))
    rng = np.random.default_rng(5)
    for variable in model.weights:
        variable.assign(rng.uniform(0.4, 1.2, variable.shape))
    features = Features(model, ["sum"])
    folded = {convolution.name: norm and norm.name for convolution, norm in features.folds.items()}
    assert folded == {"depthwise": "norm", "shared": None, "twice_read": None, "curved": None}
    np.testing.assert_allclose(activations(features)["sum"], model.predict(IMAGES, verbose=0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "more",
    [{}, {"strides": 2, "padding": "same"}, {"dilation_rate": (1, 2)}, {"use_bias": False}, {"groups": 2}],
    ids=lambda more: next(iter(more), "plain"),
)
def test_a_framework_s_own_convolution_gives_the_numbers_of_keras(more):
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 1, name="first")(image)
    x = layers.Conv2D(6, (3, 4), activation="tanh", bias_initializer="normal", name="conv", **more)(x)
    model = keras.Model(image, x)
    features = Features(model, ["conv"], None, current_backend().CONVOLUTION, current_backend().FLIPPED_KERNELS)
    wanted = ops.convert_to_numpy(model(ops.convert_to_tensor(IMAGES)))
    np.testing.assert_allclose(activations(features)["conv"], wanted, rtol=1e-4, atol=1e-5)


def test_weights_are_those_of_the_moment(doubling, small_net):
    features = Features(small_net, ["relu0"])
    before = ops.convert_to_numpy(features.weights()["conv0"][0]).copy()
    small_net.get_layer("conv0").kernel.assign(2 * ops.convert_to_numpy(small_net.get_layer("conv0").kernel))
    np.testing.assert_allclose(ops.convert_to_numpy(features.weights()["conv0"][0]), 2 * before, rtol=1e-6)
    plain = Features(doubling, ["twice"])
    doubling.get_layer("twice").kernel.assign(3 * np.eye(3).reshape(1, 1, 3, 3))
    np.testing.assert_allclose(activations(plain)["twice"], 3 * IMAGES, rtol=1e-6)


def test_sequential_models_are_read_too():
    model = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="first"), layers.ReLU(name="second")]
    )
    assert activations(Features(model, ["second"]))["second"].shape == (2, 22, 29, 4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("twise", "no layer 'twise'. Did you mean 'twice'"),
        ("mixed4", r"no layer 'mixed4'\. kerasdream.layers"),
        ("scores", r"no picture plane to dream on: its output has the shape \(None, 5\)"),
        ("pooled", r"pooled to a single cell"),
    ],
)
def test_layers_that_cannot_be_dreamt_on_say_why(doubling, name, words):
    with pytest.raises(LayerError, match=words):
        Features(doubling, [name])


def test_models_without_a_graph_say_so():
    class Own(keras.Model):
        pass

    with pytest.raises(ModelError, match="without a graph"):
        Features.__init__(Features.__new__(Features), _with_inputs(Own()), ["x"])
    a, b = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    with pytest.raises(ModelError, match="takes 2 inputs; one"):
        Features(keras.Model([a, b], layers.Add()([a, b])), ["add"])


def _with_inputs(model):
    type(model).inputs = [keras.Input((4, 4, 3))]
    return model


def test_sizes_are_worked_out_from_the_network():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(2, 3, 2, name="half")(image)
    model = keras.Model(image, layers.Conv2D(2, 3, 2, name="quarter")(x))
    features = Features(model, ["quarter"])
    assert [features.cells((side, side)) for side in (23, 22, 7, 6, 1)] == [5, 4, 1, 0, 0]
    assert features.least_side(5) == 23
    assert Features(model, ["half"]).least_side(5) == 11


def test_the_size_of_a_layer_is_that_of_what_it_shows():
    x = image = keras.Input((None, None, 3))
    for layer in (
        layers.Conv2D(4, (3, 5), strides=(1, 2), padding="same", name="same"),
        layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(3, 2, name="valid_pool"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise"),
        layers.ReLU(name="relu"),
        layers.AveragePooling2D(3, 2, padding="same", name="same_pool"),
        layers.Conv2D(2, 2, dilation_rate=2, name="dilated"),
    ):
        x = layer(x)
    names = [layer.name for layer in keras.Model(image, x).layers[1:]]
    features = Features(keras.Model(image, x), names)
    shown = activations(features)
    assert features.shapes((24, 31)) == {name: (1, *shown[name].shape[1:]) for name in names}
    assert shown["dilated"].shape[1:] == (3, 1, 2)
    assert not features.fits((24, 27))


def test_classes_of_a_model_with_one_fixed_size():
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(image)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(x)))
    features = Features(model, ["conv"], "scores")
    shown = features(np.ones((2, 16, 16, 3), np.float32), features.weights())
    assert shown["scores"].shape == (2, 3)
    softmax = ops.convert_to_numpy(ops.softmax(shown["scores"]))
    np.testing.assert_allclose(softmax, ops.convert_to_numpy(model(np.ones((2, 16, 16, 3)))), rtol=1e-5)
    with pytest.raises(ModelError, match="cannot look at a picture of 30 x 30 pixels.*one size only. Resize"):
        kerasdream.dream(np.zeros((30, 30, 3), np.uint8), "class:1", model=model)
    result = kerasdream.Dreamer("class:1", model=model, num_octave=1).run(np.eye(16)[..., None].repeat(3, -1))
    assert result.losses[0][-1] > result.losses[0][0]


def test_a_network_that_takes_few_sizes_gets_the_next_smaller():
    image = keras.Input((32, 32, 3))
    halves = layers.Conv2D(2, 2, 2, name="halves")(image)
    rows = layers.Add(name="sum")([halves, layers.MaxPooling2D(2, padding="same")(layers.Conv2D(2, 1)(image))])
    features = Features(keras.Model(image, rows), ["sum"])
    assert features.fitting((20, 20)) == (20, 20)  # even sides only: an odd one is rounded down here, and up there
    assert features.fitting((21, 30)) == (20, 30)
    assert features.fitting((1, 30)) is None


def test_weights_of_mixed_precision_are_cast_once(small_net):
    config = small_net.get_config()
    for layer in config["layers"]:
        if layer["class_name"] != "InputLayer":
            layer["config"]["dtype"] = "mixed_bfloat16"
    half = keras.Model.from_config(config)
    half.set_weights(small_net.get_weights())
    image = keras.Input((None, None, 3))
    plain = keras.Model(image, layers.Conv2D(4, 3, activation="relu", name="plain", dtype="mixed_bfloat16")(image))
    for model, layer in ((half, "relu1"), (plain, "plain")):
        features = Features(model, [layer])
        assert {keras.backend.standardize_dtype(a.dtype) for pair in features.weights().values() for a in pair} == {
            "bfloat16"
        }
        wanted = model.predict(IMAGES, verbose=0) if model is plain else None
        if wanted is not None:
            np.testing.assert_allclose(np.float32(activations(features)["plain"]), np.float32(wanted), atol=0.05)
    assert sorted(Features(half, ["relu2"]).weights()) == ["conv0", "conv1", "conv2"]
