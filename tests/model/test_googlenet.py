"""GoogLeNet: torchvision's own block by block, numbers that it gave, and files that are refused."""

import dataclasses
import hashlib

import keras
import numpy as np
import pytest
from keras import ops
from torch_files import drawn, saved, stream

import kerasdream
from kerasdream.errors import WeightsError
from kerasdream.model import googlenet, weights, zoo
from kerasdream.model.features import Features

BLOCKS = ["conv1", "conv2", "conv3", *(f"inception_{name}" for name in googlenet.BLOCKS)]
GOLDEN = {  # mean and deviation, as torchvision 0.28 gives them for `drawn` weights and the picture below
    "conv1": (0.3992011, 0.5902402),
    "conv3": (0.9316718, 1.4443771),
    "inception_3a": (1.3227372, 2.2307139),
    "inception_3b": (1.9598896, 2.9132005),
    "inception_4a": (2.8772452, 4.4300109),
    "inception_4b": (3.6513267, 5.7459638),
    "inception_4c": (4.4607220, 7.0181829),
    "inception_4d": (6.3295719, 9.3717368),
    "inception_4e": (8.1585015, 12.1963214),
    "inception_5a": (11.0456697, 17.5696974),
    "inception_5b": (13.8102289, 21.0817090),
}
CLASSES = [(217, 0.0205208566), (455, 0.0147324884), (505, 0.0132913208)]


@pytest.fixture(scope="module")
def tensors():
    """The tensors of a file for the whole network, by torchvision's names."""
    tensors = {}
    for layer in googlenet.network(top=True).layers:
        for part, variable in zip(googlenet.PARTS.get(type(layer), ()), layer.weights, strict=True):
            shape = tuple(variable.shape)
            name = f"{googlenet.torchvision_name(layer.name)}.{part}"
            tensors[name] = drawn(name, (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1])
    return tensors


@pytest.fixture(scope="module")
def file(tensors, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "own.pth"
    path.write_bytes(saved(tensors | {"aux1.fc1.weight": np.ones((2, 2), "f4")}))
    return path


def activations(model, pixels, names):
    """What these layers show of pixels 0 … 255, as a dream computes it."""
    features = Features(model, names)
    shown = features(ops.convert_to_tensor(pixels / np.float32(127.5) - 1), features.weights())
    return {name: ops.convert_to_numpy(values) for name, values in shown.items()}


def test_the_numbers_are_those_that_torchvision_gives(file):
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 97, 130, 3)).astype(np.float32)
    model = zoo.build("googlenet", str(file), seed=0, top=True)
    shown = activations(model, pixels, list(GOLDEN))
    assert [shown[name].shape[1:3] for name in ("conv1", "inception_3a", "inception_4c", "inception_5b")] == [
        (49, 65), (12, 16), (6, 8), (3, 4)
    ]  # fmt: skip
    for name, wanted in GOLDEN.items():
        values = shown[name].astype(float)
        assert (values.mean(), values.std(ddof=1)) == pytest.approx(wanted, rel=1e-5), name
    assert shown["inception_4c"][0, 0, 0, 0] == pytest.approx(3.2339923, rel=1e-5)
    (probabilities,) = ops.convert_to_numpy(model(pixels / np.float32(127.5) - 1))
    assert np.argsort(-probabilities)[:3].tolist() == [number for number, _ in CLASSES]
    for number, probability in CLASSES:
        assert probabilities[number] == pytest.approx(probability, rel=1e-4)


@pytest.mark.parametrize(("size", "zipped"), [((97, 131), True), ((64, 65), False), ((111, 90), False)])
def test_every_block_is_torchvisions_own(tmp_path, size, zipped):
    torch = pytest.importorskip("torch", reason="PyTorch is not on this machine")
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as fault:
        pytest.skip(f"torchvision is not on this machine, or not made for its PyTorch: {fault}")
    theirs = models.googlenet(weights=None, aux_logits=True, init_weights=False, transform_input=True).eval()
    theirs.load_state_dict(
        {n: torch.from_numpy(drawn(n, tuple(t.shape))) if t.ndim else t for n, t in theirs.state_dict().items()}
    )
    torch.save(theirs.state_dict(), tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    pixels = np.random.default_rng(1).uniform(0, 255, (2, *size, 3)).astype(np.float32)
    shown, wanted = activations(zoo.build("googlenet", str(tmp_path / "w.pth"), seed=0), pixels, BLOCKS), {}
    for name in BLOCKS:
        module = getattr(theirs, name.replace("_", ""))
        module.register_forward_hook(lambda _, __, output, name=name: wanted.update({name: output.numpy()}))
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.no_grad():
        theirs((torch.from_numpy(pixels.transpose(0, 3, 1, 2)) / 255 - mean) / deviation)
    for name in BLOCKS:
        values = wanted[name].transpose(0, 2, 3, 1)
        assert shown[name].shape == values.shape
        assert np.abs(shown[name] - values).max() < 1e-4 * np.abs(values).max(), name


def test_it_dreams_with_a_preset_of_its_own_layers(file, photo):
    for preset, layers in {"google2015": "norm(inception_4c)", "keras": None}.items():
        settings = {"model": "googlenet", "weights": str(file), "preset": preset}
        dreamer = kerasdream.Dreamer(**settings, iterations=2, num_octave=2, jitter=0, step=0.005)
        if layers:
            assert dreamer.config.layers == kerasdream.objective(layers)
        losses = dreamer.run(photo).losses[-1]
        assert losses[1] > losses[0]
    assert kerasdream.Dreamer("class:tabby", model="googlenet", weights=str(file)).config.model == "googlenet"


def test_files_of_keras_load_too_and_pt_is_pth(tmp_path, file):
    model = zoo.build("googlenet", str(file), seed=0)
    model.save_weights(tmp_path / "own.weights.h5")
    (tmp_path / "own.pt").write_bytes(file.read_bytes())
    for name in ("own.weights.h5", "own.pt"):
        again = zoo.build("googlenet", str(tmp_path / name), seed=0)
        for got, wanted in zip(again.get_weights(), model.get_weights(), strict=True):
            assert np.array_equal(got, wanted)


def test_the_published_file_is_known_by_its_sum(tmp_path, monkeypatch):
    entry = zoo.ZOO["googlenet"]
    assert entry.url == entry.url_top == "https://download.pytorch.org/models/googlenet-1378be20.pth"
    path = tmp_path / "googlenet-1378be20.pth"
    path.write_bytes(saved({"a": np.ones(2, "f4")}))
    with pytest.raises(WeightsError, match=r"1378be20.pth' is damaged.* its sha256 is \w{64}, 1378be20 was expected"):
        zoo.build("googlenet", str(path), seed=0)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.utils, "get_file", lambda origin, cache_dir, **_: str(path))
    with pytest.raises(WeightsError, match="could not be downloaded from https://download.*came changed or cut short"):
        zoo.build("googlenet", "imagenet", seed=0)
    assert not weights.cached_file(entry.url).exists()


def test_a_download_fills_the_network(tmp_path, monkeypatch, file):
    """As far as the host: no test reaches it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    begin = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    monkeypatch.setattr(googlenet, "HASH", begin)
    monkeypatch.setitem(zoo.ZOO, "googlenet", dataclasses.replace(zoo.ZOO["googlenet"], hash=begin))
    fetched = []

    def get_file(origin, cache_dir, **_):
        fetched.append(origin)
        (copy := tmp_path / "copy.pth").write_bytes(file.read_bytes())
        return str(copy)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    for _ in range(2):
        kernel = zoo.build("googlenet", "imagenet", seed=0).get_layer("conv1_conv").get_weights()[0]
        np.testing.assert_array_equal(kernel, drawn("conv1.conv.weight", (64, 3, 7, 7)).transpose(2, 3, 1, 0))
    assert fetched == ["https://download.pytorch.org/models/googlenet-1378be20.pth"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conv1.conv.weight": None}, r"lacks conv1.conv.weight. The weights of torchvision's googlenet"),
        ({"inception4c.branch3.1.bn.running_var": None}, r"lacks inception4c.branch3.1.bn.running_var"),
        ({"conv1.bn.bias": np.ones(65, "f4")}, r"holds conv1.bn.bias as float32 of shape \(65,\)"),
        ({"conv1.bn.bias": np.ones(64, "i8")}, r"holds conv1.bn.bias as int64 of shape \(64,\), not the finite"),
        ({"conv1.bn.bias": np.full(64, np.nan, "f4")}, r"holds conv1.bn.bias as float32"),
        ({"conv1.conv.weight": np.ones((64, 3, 7), "f4")}, r"holds conv1.conv.weight as float32 of shape \(64, 3, 7\)"),
    ],
)
def test_weights_of_another_network_are_refused(tensors, tmp_path, change, words):
    given = {name: values for name, values in (tensors | change).items() if values is not None}
    (path := tmp_path / "other.pth").write_bytes(saved(given, stream))
    with pytest.raises(WeightsError, match=words):
        zoo.build("googlenet", str(path), seed=0)


def test_another_network_does_not_read_it(file):
    with pytest.raises(WeightsError, match=r"ends in '\.pth'; a \.h5"):
        zoo.build("mobilenet_v2", str(file), seed=0)
