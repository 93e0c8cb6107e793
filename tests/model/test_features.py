"""Activations by name: the same numbers as the whole model gives, from less of it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasdream
from kerasdream.ascent.current_backend import current_backend
from kerasdream.errors import LayerError, ModelError
from kerasdream.model import features as features_module
from kerasdream.model.features import Features
from kerasdream.model.folding import fold

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
        ("flat", r"'flat' of 'odd' cannot be followed: it puts out float32 of shape \(None, None\)\. Floats"),
        ("likest", r"'likest' of 'odd' cannot be followed: it puts out int32 of shape \(None, None, None\)"),
    ],
)
def test_layers_that_cannot_be_dreamt_on_say_why(name, words):
    class Likest(layers.Layer):
        def call(self, x):
            return ops.argmax(x, axis=-1)

    image = keras.Input((None, None, 3))
    twice = layers.Conv2D(3, 1, name="twice")(image)
    model = keras.Model(image, [layers.Flatten(name="flat")(twice), Likest(name="likest")(twice)], name="odd")
    with pytest.raises(LayerError, match=words):
        Features(model, [name])


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
    assert [features.min_cells((side, side)) for side in (23, 22, 7, 6, 1)] == [5, 4, 1, 0, 0]
    assert features.min_side(5) == 23
    assert Features(model, ["half"]).min_side(5) == 11


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
    with pytest.raises(
        ModelError, match="cannot look at a picture of 30 x 30 pixels.*one size only.*crops=8; or resize"
    ):
        kerasdream.dream(np.zeros((30, 30, 3), np.uint8), "class:1", model=model)
    result = kerasdream.Dreamer("class:1", model=model, num_octave=1).run(np.eye(16)[..., None].repeat(3, -1))
    assert result.losses[0][-1] > result.losses[0][0]


def test_a_network_that_takes_few_sizes_gets_the_next_smaller():
    image = keras.Input((32, 32, 3))
    halves = layers.Conv2D(2, 2, 2, name="halves")(image)
    rows = layers.Add(name="sum")([halves, layers.MaxPooling2D(2, padding="same")(layers.Conv2D(2, 1)(image))])
    features = Features(keras.Model(image, rows), ["sum"])
    assert features.nearest_size((20, 20)) == (20, 20)  # even sides only: an odd one is rounded down here, and up there
    assert features.nearest_size((21, 30)) == (20, 30)
    assert features.nearest_size((1, 30)) is None


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


@pytest.fixture
def transformer():
    """A tiny vision transformer for 24 x 24 pixels: 9 patches, one block, classes."""
    image = keras.Input((24, 24, 3))
    x = layers.Conv2D(6, 8, 8, name="patches")(image)
    x = layers.Reshape((9, 6), name="tokens")(x)
    x = layers.Add(name="block")([x, layers.MultiHeadAttention(2, 3, name="attention")(x, x)])
    x = layers.GlobalAveragePooling1D(name="pooled")(layers.LayerNormalization(name="norm")(x))
    return keras.Model(image, layers.Dense(4, name="dense")(x), name="transformer")


def test_tokens_are_a_column_and_vectors_a_cell(transformer):
    names = ["patches", "tokens", "block", "pooled", "dense"]
    features = Features(transformer, names)
    kinds = {"patches": "plane", "tokens": "tokens", "block": "tokens", "pooled": "vector", "dense": "vector"}
    assert features.kinds == kinds
    images = np.random.default_rng(2).uniform(-1, 1, (2, 24, 24, 3)).astype(np.float32)
    shown = activations(features, images)
    whole = keras.Model(transformer.inputs, [transformer.get_layer(name).output for name in names])
    for (name, values), wanted in zip(shown.items(), whole.predict(images, verbose=0), strict=True):
        form = {"plane": wanted.shape, "tokens": (2, 9, 1, 6), "vector": (2, 1, 1, wanted.shape[-1])}
        assert values.shape == form[features.kinds[name]], name
        np.testing.assert_allclose(values.ravel(), wanted.ravel(), rtol=1e-4, atol=1e-5)
    assert features.shapes((24, 24)) == {name: (1, *values.shape[1:]) for name, values in shown.items()}
    assert features.min_cells((24, 24)) == 3  # of the patches: tokens and vectors have no border
    assert Features(transformer, ["dense"]).min_cells((24, 24)) > 1000
    assert features.bytes_per_pixel() > 0


def test_a_transformer_takes_its_own_size_and_wholly(transformer):
    features = Features(transformer, ["block"])
    assert features.fixed_size == (24, 24)
    assert features.whole_only
    assert not features.supports_padding
    assert not features.fits((48, 48))
    assert features.nearest_size((24, 24)) == (24, 24)
    assert features.nearest_size((32, 32)) is None
    assert features.min_side(5) == 24
    patches = Features(transformer, ["patches"])  # a convolution takes other sizes, too
    assert patches.fixed_size is None
    assert not patches.whole_only


def test_the_gradient_of_a_dense_layer_by_value(doubling):
    rng = np.random.default_rng(4)
    kernel, bias = rng.normal(size=(3, 5)), rng.normal(size=5)
    doubling.get_layer("scores").set_weights([kernel, bias])
    features = Features(doubling, ["scores"])
    assert features.kinds == {"scores": "vector"}
    assert features.whole_only
    assert features.fixed_size is None  # of pictures of any size it shows the mean
    image = rng.uniform(-1, 1, (1, 4, 6, 3)).astype(np.float32)

    def score(x):
        return ops.sum(ops.square(features(x, weights)["scores"]), axis=(1, 2, 3))

    weights = features.weights()
    loss, gradient = current_backend().gradient(score, ops.convert_to_tensor(image))
    scores = 2 * image.mean((1, 2)) @ kernel + bias  # the model doubles, averages, and is linear from there on
    np.testing.assert_allclose(ops.convert_to_numpy(loss), (scores**2).sum(-1), rtol=1e-4)
    wanted = np.broadcast_to((2 * scores @ kernel.T * 2 / 24)[:, None, None], image.shape)
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), wanted, rtol=1e-4)


def test_the_gradient_of_tokens_is_that_of_the_model(transformer):
    image = np.random.default_rng(6).uniform(-1, 1, (1, 24, 24, 3)).astype(np.float32)
    features = Features(transformer, ["block"])
    weights = features.weights()
    inner = keras.Model(transformer.inputs, transformer.get_layer("block").output)
    gradient = current_backend().gradient
    _, found = gradient(lambda x: ops.mean(features(x, weights)["block"][..., 2], (1, 2)), ops.convert_to_tensor(image))
    _, wanted = gradient(lambda x: ops.mean(inner(x)[..., 2], 1), ops.convert_to_tensor(image))
    assert np.abs(ops.convert_to_numpy(found)).max() > 1e-4
    np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(wanted), rtol=1e-3, atol=1e-6)


def test_a_plane_of_one_cell_counts_as_a_vector(doubling):
    features = Features(doubling, ["pooled", "twice"])
    assert features.kinds == {"pooled": "vector", "twice": "plane"}
    np.testing.assert_allclose(activations(features)["pooled"][:, 0, 0], 2 * IMAGES.mean((1, 2)), rtol=1e-4, atol=1e-6)
    assert features.min_cells((24, 31)) == 24


def test_a_vector_of_a_padded_picture_is_that_of_the_picture(doubling):
    features = Features(doubling, ["scores", "twice"])
    weights = features.weights(include_rest=True)
    padded = np.full((2, 32, 32, 3), 9.0, np.float32)
    padded[:, :24, :31] = IMAGES
    shown, sizes = features.call_padded(ops.convert_to_tensor(padded), weights, (24, 31))
    assert shown["scores"].shape == (2, 1, 1, 5)
    assert [int(side) for side in sizes["scores"]] == [1, 1]
    np.testing.assert_allclose(ops.convert_to_numpy(shown["scores"]), activations(features)["scores"], rtol=1e-4)


def test_an_inner_layer_is_suggested_by_its_path():
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="conv")], name="backbone")
    image = keras.Input((None, None, 3))
    outer = keras.Model(image, layers.ReLU(name="relu")(inner(image)), name="outer")
    for name in ("conv", "backbone/cnv"):
        with pytest.raises(LayerError, match=r"no layer '\w*/?c\w+'. Did you mean '(backbone/)?conv'"):
            Features(outer, [name])
    assert Features(outer, ["backbone/conv"]).shapes((8, 8)) == {"backbone/conv": (1, 6, 6, 4)}


def test_a_sequential_model_without_an_input_is_told_how_to_get_one():
    model = keras.Sequential([layers.Conv2D(4, 3, name="conv")], name="net")
    with pytest.raises(ModelError, match=r"'net' does not know yet .*net\.build\(\(None, None, None, 3\)\)"):
        kerasdream.layers(model)
    model.build((None, None, None, 3))
    assert [info.name for info in kerasdream.layers(model)] == ["conv"]


def test_two_threads_that_ask_for_a_size_at_the_same_time_both_get_it_whole(small_net, monkeypatch):
    features, both = Features(small_net, ["relu1"]), threading.Barrier(2, timeout=30)
    walk = features_module.walk

    def walk_together(*arguments):
        both.wait()  # breaks where the second thread takes what the first has not finished
        return walk(*arguments)

    monkeypatch.setattr(features_module, "walk", walk_together)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(features.shapes, [(24, 32)] * 2)) == [{"relu1": (1, 12, 16, 12)}] * 2
