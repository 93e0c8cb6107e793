"""The named models, held against keras.applications."""

import inspect
import sys

import keras
import numpy as np
import pytest
from keras import ops

from kerasdream.config import DreamConfig
from kerasdream.errors import ModelError
from kerasdream.model import zoo
from kerasdream.model.features import Features

APPLICATIONS = {"inception_v3": "InceptionV3", "mobilenet_v2": "MobileNetV2", "vgg16": "VGG16"}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_urls_and_hashes_are_those_of_keras(name):
    entry = zoo.ZOO[name]
    source = inspect.getsource(sys.modules[getattr(keras.applications, APPLICATIONS[name]).__module__])
    folder, file = entry.url.rsplit("/", 2)[1:]
    assert zoo.STORE in source.replace('"\n    "', "")
    assert folder in source
    if entry.md5:
        assert file in source
        assert entry.md5 in source
    else:  # MobileNetV2 puts its file names together
        assert file == "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
        assert '"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_"' in source


@pytest.mark.parametrize("name", zoo.ZOO)
def test_default_layers_can_be_dreamt_on_and_are_listed(name):
    listed = {info.name: info for info in zoo.layers(name)}
    config = DreamConfig(**zoo.ZOO[name].defaults)
    assert set(config.layers.layers()) <= listed.keys()
    assert all(info.channels > 0 and info.look for info in listed.values())


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
    assert zoo.layers(doubling) == [("twice", 3, 1, "colour")]
    assert [(i.name, i.stride, i.look) for i in zoo.layers(small_net)][-1] == ("relu2", 4, "lines, dots")


def test_an_unknown_model_gets_the_nearest():
    with pytest.raises(ModelError, match=r"no model 'inception_v2'. Did you mean 'inception_v3'"):
        zoo.entry_of("inception_v2")


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
