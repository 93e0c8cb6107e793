"""Models named by their files."""

import keras
import numpy as np
import pytest
from conftest import psnr

import kerasdream
from kerasdream.errors import ConfigError, InputImageError, LayerError, ModelError
from kerasdream.model.card import MEMBER, ModelCard
from kerasdream.model.classes import number_of

FEW = {"iterations": 2, "num_octave": 1, "max_loss": None, "verbose": False}


@pytest.fixture
def file(small_net, tmp_path):
    path = tmp_path / "small.keras"
    small_net.save(path)
    return str(path)


def test_a_file_dreams_as_the_model_in_it(file, small_net, photo):
    named = kerasdream.dream(photo, "relu1", model=file, **FEW)
    given = kerasdream.dream(photo, "relu1", model=small_net, **FEW)
    assert psnr(named, given) > 50
    assert kerasdream.layers(file) == kerasdream.layers(small_net)


def test_a_picture_that_a_file_dreamt_is_dreamt_again(file, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = kerasdream.Dreamer("relu1", model=file, **{k: v for k, v in FEW.items() if k != "verbose"}).run(photo)
    result.save("dream.png")
    assert kerasdream.record_of("dream.png")["settings"]["model"] == "small.keras"
    with pytest.raises(InputImageError, match=r"name files: small\.keras"):
        kerasdream.settings_of("dream.png")
    again = kerasdream.dream(photo, **kerasdream.settings_of("dream.png", files=True), verbose=False)
    np.testing.assert_array_equal(again, result.image)


def test_without_a_card_layers_must_be_named(file, photo):
    with pytest.raises(ConfigError, match=r"No layers were named; the model '.*small\.keras' has no default ones"):
        kerasdream.dream(photo, model=file)
    with pytest.raises(ConfigError, match="which has its own"):
        kerasdream.dream(photo, "relu1", model=file, weights="random")


def test_a_file_that_is_none_is_told(tmp_path, photo):
    with pytest.raises(ModelError, match="There is no file 'nowhere.keras'"):
        kerasdream.dream(photo, "relu1", model="nowhere.keras")
    (tmp_path / "damaged.keras").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        kerasdream.dream(photo, "relu1", model=str(tmp_path / "damaged.keras"))


def test_a_card_that_was_tampered_with_is_as_none(file):
    import zipfile

    assert ModelCard.read(file) is None
    for text in ("no json", "[]", '{"classes": 3}', '{"classes": [1], "counts": {}, "accuracy": 1}'):
        with zipfile.ZipFile(file, "w") as content:
            content.writestr(MEMBER, text)
        assert ModelCard.read(file) is None


def test_classes_have_the_names_of_the_model(photo):
    image = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image))
    model = keras.Model(image, keras.layers.Dense(3)(x))
    model.class_names = ("Sea shells", "stones", "7")
    square = photo[:32, :32]
    by_name, by_number = (kerasdream.dream(square, f"class:{name}", model=model, **FEW) for name in ("sea_shells", "0"))
    np.testing.assert_array_equal(by_name, by_number)
    with pytest.raises(LayerError, match="no class 'stone'. Did you mean 'stones'"):
        kerasdream.dream(square, "class:stone", model=model, **FEW)
    assert number_of("7", 3, model.class_names) == 2, "a name goes before a number"
