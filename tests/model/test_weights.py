"""Weights: all of them, the right ones, or one error that says what is wrong."""

import hashlib
import http.server
import pathlib
import threading
import time

import h5py
import keras
import numpy as np
import pytest

from kerasdream.errors import WeightsError
from kerasdream.model import weights


def net(width=4, name="net"):
    return keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Conv2D(width, 3), keras.layers.Conv2D(2, 1)], name=name
    )


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras"])
def test_every_kind_of_file_loads(tmp_path, suffix):
    saved, model = net(), net()
    if suffix == ".weights.h5":
        saved.save_weights(tmp_path / "w.weights.h5")
    else:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            saved.save(tmp_path / f"w{suffix}")
    weights.load(model, tmp_path / f"w{suffix}")
    for got, wanted in zip(model.get_weights(), saved.get_weights(), strict=True):
        assert np.array_equal(got, wanted)


def test_a_truncated_file_is_refused_at_every_length(tmp_path):
    path = tmp_path / "w.weights.h5"
    net().save_weights(path)
    whole = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        with pytest.raises(
            WeightsError, match=r"w\.weights\.h5' does not hold the weights of net: the file is damaged"
        ):
            weights.load(net(), path)


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5", "w.keras"])
def test_garbage_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"garbage" * 100)
    with pytest.raises(WeightsError, match="does not hold the weights of net"):
        weights.load(net(), tmp_path / name)


def test_another_architecture_is_refused(tmp_path):
    net(width=5).save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(WeightsError, match="seems to be made for another network"):
        weights.load(net(), tmp_path / "w.weights.h5")


def test_a_missing_group_is_refused_though_keras_only_warns(tmp_path):
    path = tmp_path / "w.weights.h5"
    net().save_weights(path)
    with h5py.File(path, "a") as file:
        names = []
        file.visit(names.append)
        del file[next(name for name in names if name.endswith("conv2d_1"))]
    with pytest.raises(WeightsError, match="lacks a part|does not hold the weights"):
        weights.load(net(), path)


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"There is no weights file .*nowhere\.h5"):
        weights.load(net(), tmp_path / "nowhere.h5")
    (tmp_path / "w.pt").touch()
    with pytest.raises(WeightsError, match=r"ends in '\.pt'; a \.h5, \.weights\.h5 or \.keras"):
        weights.load(net(), tmp_path / "w.pt")


def test_random_weights_come_from_the_seed_alone():
    models = [net(), net(), net()]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        keras.utils.set_random_seed(seed + 100)
        weights.randomize(model, seed)
    first, same, other = (model.get_weights()[0] for model in models)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert abs(first.std() / np.sqrt(2 / 27) - 1) < 0.3


class Host(http.server.BaseHTTPRequestHandler):
    """Serves `good`, half of it, nothing, or the wrong bytes, as the path says."""

    good = b"the weights " * 5000

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.good)))
        self.end_headers()
        self.wfile.write(
            b"x" * len(self.good)
            if "wrong" in self.path
            else self.good[: len(self.good) // (2 if "half" in self.path else 1)]
        )
        self.wfile.flush()
        if "stall" in self.path:
            self.server.released.wait(20)

    def log_message(self, *_):
        pass


class StallHost(Host):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.good)))
        self.end_headers()
        self.wfile.write(self.good[:100])
        self.wfile.flush()
        self.server.released.wait(20)


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Start a host on this machine, with an empty Keras cache; gives the address."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.released = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.released.set()
        server.shutdown()
        server.server_close()


def cached():
    return list(weights.cache_folder().iterdir()) if weights.cache_folder().exists() else []


def test_a_download_lands_whole_in_keras_cache_and_is_used_again(serve):
    md5 = hashlib.md5(Host.good).hexdigest()
    url = serve(Host) + "/net.h5"
    file = weights.imagenet(url, md5)
    assert file.read_bytes() == Host.good
    assert cached() == [file] == [weights.cache_folder() / "net.h5"]
    assert weights.imagenet("http://127.0.0.1:9/net.h5", md5) == file  # nobody answers there: the cache does
    file.write_bytes(b"rotten")
    assert weights.imagenet(url, md5).read_bytes() == Host.good


@pytest.mark.parametrize("path", ["/half.h5", "/wrong.h5"])
def test_half_or_wrong_bytes_leave_nothing_behind(serve, path):
    with pytest.raises(WeightsError, match=r"could not be downloaded from http://127.*weights=PATH"):
        weights.imagenet(serve(Host) + path, hashlib.md5(Host.good).hexdigest())
    assert cached() == []


def test_a_stalled_download_ends_in_time_and_leaves_nothing_behind(serve):
    began = time.monotonic()
    with pytest.raises(WeightsError, match="nothing came for 0.5 seconds"):
        weights.imagenet(serve(StallHost) + "/net.h5", None, stall_seconds=0.5)
    assert time.monotonic() - began < 5
    assert cached() == []


def test_no_network_is_one_clear_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=r"Connection refused.* Check the network; .*weights='random'"):
        weights.imagenet("http://127.0.0.1:9/net.h5", None)


def test_a_file_of_another_hash_is_told_and_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "net.h5"
    file.write_bytes(b"mine")
    wanted, found = "0" * 32, hashlib.md5(b"mine").hexdigest()
    words = rf"net\.h5' is not the file of the ImageNet weights: its md5 is {found}, {wanted} was .*could not be downl"
    with pytest.raises(WeightsError, match=words):
        weights.imagenet("http://127.0.0.1:9/net.h5", wanted)
    assert file.read_bytes() == b"mine"
    assert weights.wrong_file(file, found) == weights.wrong_file(file, None) == ""


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="Set KERAS_HOME to a writable folder"):
        weights.imagenet("http://127.0.0.1:9/net.h5", None)
    monkeypatch.delenv("KERAS_HOME")
    assert weights.cache_folder() == pathlib.Path.home() / ".keras" / "models"
