"""The embedded network: whole, on its teacher's grid, bounded, and there when the default one is not."""

import dataclasses
import importlib.resources
import io

import keras
import numpy as np
import pytest
from conftest import INCEPTION, SKY, needs_inception
from keras import ops

import kerasdream
from kerasdream.errors import FallbackWarning, LayerError, WeightsError
from kerasdream.image.picture import Picture
from kerasdream.model import mini, zoo
from kerasdream.model.features import Features
from kerasdream.model.fixed import FixedConv2D
from kerasdream.model.mini.network import BLOCKS, SCALES

FILE = importlib.resources.files("kerasdream.model.mini").joinpath("weights.npz")


@pytest.fixture(scope="module")
def network():
    return mini.read()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No ImageNet weights in the cache, and nobody at their address."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    nowhere = dataclasses.replace(zoo.ZOO["inception_v3"], url="http://127.0.0.1:9/inception_v3.h5")
    monkeypatch.setitem(zoo.ZOO, "inception_v3", nowhere)


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, FixedConv2D)]


def test_the_weights_are_small_half_floats_and_all_there(network):
    content = FILE.read_bytes()
    assert len(content) < 9_000_000
    with np.load(io.BytesIO(content)) as arrays:
        numbers = dict(arrays.items())
    assert {array.dtype for array in numbers.values()} == {np.dtype(np.float16)}
    assert all(np.isfinite(array).all() for array in numbers.values())
    assert sum(array.size for array in numbers.values()) == zoo.ZOO["mini"].build().count_params()
    first, *_, last = sorted(convolutions(network), key=lambda layer: (len(layer.name), layer.name))
    assert np.array_equal(first.kernel, numbers["kernel0"].astype(np.float32))
    assert np.array_equal(last.bias, numbers[f"bias{len(numbers) // 2 - 1}"].astype(np.float32))


def test_it_is_as_deep_as_the_layers_asked_for():
    assert len(convolutions(mini.read(names=["mixed1", "mixed0"]))) == 5 + 7 + 7
    assert mini.read(names=["conv2d_3"]).get_layer("mixed7") is not None


def test_other_weights_than_its_own(tmp_path):
    one, same, other = (zoo.build("mini", "random", seed) for seed in (3, 3, 4))
    kernels = [model.weights[0].numpy() for model in (one, same, other)]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    one.save_weights(tmp_path / "mine.weights.h5")
    read = zoo.build("mini", str(tmp_path / "mine.weights.h5"), 0)
    assert np.array_equal(read.weights[0].numpy(), kernels[0])


def test_damaged_weights_are_refused(monkeypatch):
    monkeypatch.setattr(mini, "SHA256", "0" * 64)
    with pytest.raises(WeightsError, match=r"embedded weights .*weights\.npz' are damaged: .*Install kerasdream again"):
        mini.read()


def test_every_layer_has_the_channels_and_the_grid_of_inception(network):
    teacher = keras.applications.InceptionV3(weights=None, include_top=False)
    for name in BLOCKS:
        mine, its = Features(network, [name]), Features(teacher, [name])
        assert network.get_layer(name).output.shape[-1] == teacher.get_layer(name).output.shape[-1]
        for side in (75, 96, 107, 128, 143, 160, 201, 299, 512):
            assert mine.min_cells((side, side)) == its.min_cells((side, side)), (name, side)


def test_activations_are_bounded_whatever_comes(network):
    wild = ops.convert_to_tensor(np.random.default_rng(0).normal(0, 30, (1, 128, 128, 3)).astype(np.float32))
    features = Features(network, list(BLOCKS))
    for name, activations in features(wild, features.weights()).items():
        assert 1 < float(ops.max(activations)) <= 6 * SCALES.get(name, 1), name
        assert float(ops.min(activations)) == 0


def test_it_dreams_calmly_end_to_end():
    result = kerasdream.Dreamer(model="mini").run(kerasdream.sample().crop((300, 60, 620, 300)))
    assert [len(octave) for octave in result.losses] == [20, 20, 20]
    for octave in result.losses:
        assert 1.3 < octave[-1] / octave[0] < 50
    change = np.abs(np.asarray(result.image, float) - np.asarray(result.picture.source)).mean()
    assert 5 < change < 60
    assert result.config.model == "mini"
    assert result.config.layers.as_dict() == {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}


def test_nearly_white_pictures_do_not_explode():
    white = 255 - np.random.default_rng(0).integers(0, 2, (1, 128, 128, 3), np.uint8)
    dreamer = kerasdream.Dreamer(model="mini", iterations=60, step=0.1, num_octave=1, max_loss=None)
    losses = dreamer.run(white).losses[0][:, 0]
    assert losses[-1] < 50 * losses[0]


def test_it_stands_in_for_the_default_with_a_warning_and_says_so_in_the_record(offline, photo):
    with pytest.warns(FallbackWarning, match=r"inception_v3 are not on this machine.*'mini' dreams in its place"):
        result = kerasdream.Dreamer(iterations=1).run(photo)
    assert result.record()["settings"]["model"] == "mini"
    again = kerasdream.dream(photo, **result.record()["settings"])  # now named, so no warning
    assert np.array_equal(again, result.image)


def test_a_cached_file_of_another_hash_is_named_in_the_warning(offline, tmp_path):
    file = tmp_path / "keras" / "models" / "inception_v3.h5"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"another network")
    with pytest.warns(FallbackWarning, match=r"inception_v3\.h5' is not the file of the ImageNet weights: its \w+ is"):
        assert zoo.at_hand("inception_v3") == "mini"


@pytest.mark.parametrize("named", [{"model": "inception_v3"}, {"weights": "imagenet"}])
def test_a_model_that_was_named_is_never_replaced(offline, named):
    with pytest.raises(WeightsError, match="could not be downloaded"):
        kerasdream.Dreamer(**named)


def test_a_layer_that_mini_lacks_is_told_with_the_nearest(offline):
    with pytest.warns(FallbackWarning), pytest.raises(LayerError, match="'mini' has no layer 'mixed9'. Did you mean"):
        kerasdream.Dreamer("mixed9")


def test_the_default_is_kept_where_its_weights_are(monkeypatch, tmp_path):
    entry = dataclasses.replace(zoo.ZOO["inception_v3"], hash=None)
    monkeypatch.setitem(zoo.ZOO, "inception_v3", entry)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / entry.url.rsplit("/", 1)[-1]).touch()
    assert zoo.at_hand("inception_v3") == "inception_v3"


@needs_inception
def test_its_activations_are_like_its_teachers(network):
    teacher = keras.applications.InceptionV3(weights=INCEPTION, include_top=False)
    image = Picture.of(SKY).pixels[:, 100:420, 200:520] / 127.5 - 1
    for name, least in {"mixed0": 0.9, "mixed2": 0.85, "mixed4": 0.8, "mixed7": 0.6}.items():
        mine, its = (
            ops.convert_to_numpy(Features(m, [name])(ops.convert_to_tensor(image), Features(m, [name]).weights())[name])
            for m in (network, teacher)
        )
        assert np.corrcoef(mine.ravel(), its.ravel())[0, 1] > least, name
