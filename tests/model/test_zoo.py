"""The named models, held against keras.applications."""

import csv
import inspect
import pathlib
import re
import sys

import keras
import numpy as np
import pytest
from keras import ops

import kerasdream
from kerasdream.config import DreamConfig
from kerasdream.errors import ModelError
from kerasdream.model import graph, zoo
from kerasdream.model.features import Features

SMALLEST = (
    "mini", "inception_v3", "inception_resnet_v2", "xception", "vgg16", "vgg19", "resnet50", "resnet50_v2",
    "densenet121", "mobilenet", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "efficientnet_v2_b0",
    "convnext_tiny", "nasnet_mobile", "googlenet",
)  # fmt: skip
APPLICATIONS = {
    row["name"]: row["application"]
    for row in csv.DictReader((pathlib.Path(zoo.__file__).parent / "applications.csv").read_text().splitlines())
}


def test_the_models_of_keras_are_there():
    assert len(APPLICATIONS) == 39
    assert zoo.ZOO.keys() == APPLICATIONS.keys() | {"mini", "googlenet"}
    assert all(hasattr(keras.applications, application) for application in APPLICATIONS.values())


@pytest.mark.parametrize("name", APPLICATIONS)
def test_hashes_and_files_are_those_that_keras_states(name):
    entry = zoo.ZOO[name]
    source = inspect.getsource(sys.modules[getattr(keras.applications, APPLICATIONS[name]).__module__])
    source += inspect.getsource(sys.modules["keras.src.applications.resnet"])  # holds those of its V2s, too
    for url, hash in ((entry.url, entry.hash), (entry.url_top, entry.hash_top)):
        assert url.startswith(zoo.STORE)
        assert "keras-applications/" in url
        if hash:
            assert f'"{hash}"' in source
        else:  # Keras states none for MobileNet and MobileNetV2
            assert name in ("mobilenet", "mobilenet_v2")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")  # of the MobileNets, which then take 224 x 224
@pytest.mark.parametrize("name", APPLICATIONS)
def test_addresses_are_those_that_keras_would_fetch(name, monkeypatch):
    class Asked(Exception):
        pass

    def get_file(fname=None, origin=None, *_, file_hash=None, **__):
        raise Asked(origin, file_hash)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    entry = zoo.ZOO[name]
    for top, wanted in ((False, (entry.url, entry.hash)), (True, (entry.url_top, entry.hash_top))):
        keras.utils.clear_session()
        with pytest.raises(Asked) as asked:
            getattr(keras.applications, APPLICATIONS[name])(weights="imagenet", include_top=top)
        assert asked.value.args == wanted


@pytest.mark.parametrize("name", SMALLEST)
def test_every_family_dreams_a_step_and_lists_its_layers(name):
    """Its default layers climb; what it lists can be dreamt on, and is there under that name in every process."""
    listed = {info.name: info for info in zoo.layers(name)}
    config = DreamConfig(**zoo.ZOO[name].defaults)
    assert set(config.layers.layers()) <= listed.keys()
    assert all(info.channels > 0 and info.look for info in listed.values())
    picture = np.random.default_rng(0).integers(0, 256, (150, 170, 3), np.uint8)
    weights = "imagenet" if name == "mini" else "random"
    settings = {"weights": weights, "iterations": 2, "num_octave": 1, "max_loss": None}
    dreamer = kerasdream.Dreamer(model=name, **settings, step=1e-3)
    dreamer.compiled.term_weights /= dreamer.run(picture).losses[0][0]  # random weights may show next to nothing
    losses = dreamer.run(picture).losses[0]
    assert losses[0] == pytest.approx(1.0, rel=1e-3)
    assert losses[1] > losses[0] * 1.001
    keras.utils.clear_session()


@pytest.mark.parametrize("name", zoo.ZOO)
def test_every_member_has_its_default_layers_by_the_rules_of_its_family(name):
    patterns = "|".join(f"(?:{pattern})" for pattern in zoo.ZOO[name].looks)
    for layer in zoo.ZOO[name].defaults["layers"]:
        assert re.fullmatch(patterns, layer), layer


def test_pictures_reach_each_network_as_it_was_trained_on_them():
    pixels = ops.convert_to_tensor(np.array([[[[0.0, 128.0, 255.0]]]], np.float32))

    def seen(name):
        function = zoo.preprocess_of(name)
        return ops.convert_to_numpy(pixels / 127.5 - 1 if function is None else function(pixels)).ravel()

    minus_one_to_one = [-1.0, 128 / 127.5 - 1, 1.0]
    for name in ("inception_v3", "inception_resnet_v2", "xception", "resnet50_v2", "resnet152_v2", "mobilenet"):
        np.testing.assert_allclose(seen(name), minus_one_to_one, atol=1e-6)
    for name in ("mobilenet_v2", "nasnet_mobile", "mini", "googlenet"):
        np.testing.assert_allclose(seen(name), minus_one_to_one, atol=1e-6)
    for name in ("vgg16", "vgg19", "resnet50", "resnet101"):  # blue first, less the mean
        np.testing.assert_allclose(seen(name), [255 - 103.939, 128 - 116.779, 0 - 123.68], atol=1e-3)
    densenet = (np.array([0.0, 128.0, 255.0]) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(seen("densenet169"), densenet, atol=1e-5)
    for name in ("mobilenet_v3_small", "efficientnet_v2_b0", "efficientnet_v2_l", "convnext_tiny"):
        np.testing.assert_allclose(seen(name), [0.0, 128.0, 255.0])
    # The model of EfficientNet B takes mean and root of the deviation itself; together it is what DenseNet sees.
    halves = (seen("efficientnet_b3") / 255 - [0.485, 0.456, 0.406]) / np.sqrt([0.229, 0.224, 0.225])
    np.testing.assert_allclose(halves, densenet, atol=1e-5)


def test_the_layers_of_inception_by_heart():
    assert [(i.name, i.channels, i.stride) for i in zoo.layers("inception_v3")][:9] == [
        ("mixed0", 256, 8), ("mixed1", 288, 8), ("mixed2", 288, 8),
        ("mixed3", 768, 16), ("mixed4", 768, 16), ("mixed5", 768, 16), ("mixed6", 768, 16), ("mixed7", 768, 16),
        ("mixed8", 1280, 32),
    ]  # fmt: skip


def test_layers_are_listed_from_the_picture_upwards():
    assert [info.name for info in zoo.layers("mini")] == [f"mixed{i}" for i in range(8)]
    assert [info.name for info in zoo.layers("vgg16")][:3] == ["block1_conv1", "block1_conv2", "block1_pool"]


def test_the_layers_of_a_model_of_ones_own(doubling, small_net):
    vectors = [("pooled", 3, 0, "vector"), ("flat", 3, 0, "vector"), ("scores", 5, 0, "vector")]
    assert zoo.layers(doubling) == [("twice", 3, 1, "colour"), *vectors]
    image = keras.Input((16, 16, 3))
    tokens = keras.layers.Reshape((4, 6), name="tokens")(keras.layers.Conv2D(6, 8, 8, name="patches")(image))
    listed = zoo.layers(keras.Model(image, tokens))
    assert listed == [("patches", 6, 8, "textures"), ("tokens", 6, 0, "tokens")]
    assert [(i.name, i.stride, i.look) for i in zoo.layers(small_net)][-1] == ("relu2", 4, "lines, dots")


def test_the_layers_of_models_inside_are_listed_by_their_path_and_can_be_dreamt_on():
    image = keras.Input((8, 8, 3))
    eye = keras.Sequential([image, keras.layers.Conv2D(5, 3, 2, "same", name="pupil")], name="eye")
    inner = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.MaxPooling2D(name="half"), eye], name="inner")
    model = keras.Sequential([keras.Input((16, 16, 3)), inner, keras.layers.Flatten(name="flat")])
    listed = zoo.layers(model)
    assert [(info.name, info.channels, info.stride) for info in listed] == [
        ("inner", 5, 4), ("inner/half", 3, 2), ("inner/eye", 5, 4), ("inner/eye/pupil", 5, 4), ("flat", 80, 0)
    ]  # fmt: skip
    assert [tuple(tensor.shape) for tensor in graph.pick_outputs(model, ["inner/eye/pupil"])] == [(None, 4, 4, 5)]


def test_an_unknown_model_gets_the_nearest():
    with pytest.raises(ModelError, match=r"no model 'inception_v2'. Did you mean 'inception_v3'"):
        zoo.entry_of("inception_v2")


@pytest.mark.parametrize("name", ["net.hdf5", "models/net.h5"])
def test_a_file_as_the_name_of_a_model_is_told_how_to_load_it(name):
    with pytest.raises(ModelError, match=rf"'{name}' names a file; .*keras.models.load_model\('{name}'\)"):
        zoo.entry_of(name)


def test_two_models_of_one_process_do_not_disturb_each_other():
    image = ops.convert_to_tensor(np.random.default_rng(0).uniform(-1, 1, (1, 96, 96, 3)).astype(np.float32))
    seen = []
    for seed in (0, 1, 0):
        features = Features(zoo.build("mobilenet_v2", "random", seed), ["block_3_expand_relu"])
        seen.append(ops.convert_to_numpy(features(image, features.weights())["block_3_expand_relu"]))
    assert np.array_equal(seen[0], seen[2])
    assert np.abs(seen[0] - seen[1]).max() > 0.01


def test_preprocessing_of_vgg_is_that_of_keras():
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 4, 4, 3)).astype(np.float32)
    wanted = keras.applications.vgg16.preprocess_input(pixels.copy())
    np.testing.assert_allclose(zoo.preprocess_of("vgg16")(ops.convert_to_tensor(pixels)), wanted, atol=1e-4)
    assert zoo.preprocess_of("inception_v3") is zoo.preprocess_of("mobilenet_v2") is None
