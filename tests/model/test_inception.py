"""The short way to InceptionV3 leads to the same network as the long one, from both kinds of file."""

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from kerasdream.model import inception, zoo
from kerasdream.model.features import Features

NAMES = list(inception.BLOCKS)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """InceptionV3 of Keras with random weights, and its files: of Keras 3, and as Keras 1 and 2 wrote them."""
    rng, model = np.random.default_rng(0), keras.applications.InceptionV3(weights=None, include_top=False)
    for variable in model.weights:
        if len(variable.shape) > 1:
            variable.assign(rng.standard_normal(variable.shape, np.float32) * (2 / np.prod(variable.shape[:-1])) ** 0.5)
        else:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    folder = tmp_path_factory.mktemp("weights")
    model.save_weights(folder / "new.weights.h5")
    with h5py.File(folder / "old.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return model, folder / "new.weights.h5", folder / "old.h5"


def test_every_layer_shows_what_that_of_keras_shows(files):
    model, *paths = files
    image = np.random.default_rng(1).uniform(-1, 1, (1, 150, 130, 3)).astype(np.float32)
    wanted = Features(model, NAMES)
    wanted = wanted(image, wanted.weights())
    for path in paths:
        features = Features(inception.read(path, NAMES), NAMES)
        shown = features(image, features.weights())
        for name in NAMES:
            largest = float(np.abs(wanted[name]).max())
            np.testing.assert_allclose(shown[name], wanted[name], atol=1e-5 * largest)
            assert largest > 0.1


def test_it_is_as_deep_as_the_layers_asked_for(files):
    network = inception.read(files[1], ["mixed1", "mixed0"])
    assert [layer.name for layer in network.layers if layer.name in NAMES] == ["mixed0", "mixed1"]
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers) == 5 + 7 + 7


def test_whatever_is_amiss_is_left_to_the_model_of_keras(files, tmp_path):
    _, new, _ = files
    for names in (["mixed8"], ["mixed4", "conv2d_3"], []):
        assert inception.read(new, names) is None
    assert inception.read(tmp_path / "none.h5", ["mixed0"]) is None
    (tmp_path / "text.h5").write_text("no weights")
    assert inception.read(tmp_path / "text.h5", ["mixed0"]) is None
    keras.applications.MobileNetV2(weights=None).save_weights(tmp_path / "other.weights.h5")
    assert inception.read(tmp_path / "other.weights.h5", ["mixed0"]) is None
    with h5py.File(new) as there, h5py.File(tmp_path / "wrong.weights.h5", "w") as here:
        for name in there:
            there.copy(name, here)
        del here["layers/conv2d_3/vars/0"]
        here["layers/conv2d_3/vars/0"] = np.zeros((1, 1, 64, 81), np.float32)
    assert inception.read(tmp_path / "wrong.weights.h5", ["mixed0"]) is None


def test_a_dreamer_takes_the_short_way_where_it_can(files):
    model = zoo.build("inception_v3", str(files[1]), 0, ["mixed2"])
    assert len(model.layers) < 60
    assert model.get_layer("mixed2").output.shape == (None, None, None, 288)
    assert "mixed10" in [layer.name for layer in zoo.build("inception_v3", str(files[1]), 0, ["mixed9"]).layers]
