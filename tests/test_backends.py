"""The same dream on every framework that Keras runs on; and what is told where one is missing."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import BACKEND, INCEPTION, only_tensorflow

import kerasdream
from kerasdream.ascent.current_backend import current_backend
from kerasdream.errors import ConfigError, ModelError

FIRST_STEP = """
import sys
import numpy as np, kerasdream
from keras import ops
from PIL import Image
weights, target = sys.argv[1:]
blobs = np.random.default_rng(0).integers(0, 256, (5, 20, 26, 3), np.uint8)
pictures = np.stack([Image.fromarray(one).resize((200, 150), Image.Resampling.BICUBIC) for one in blobs])
found, settings = {}, {"num_octave": 1, "iterations": 4, "max_loss": None}
for model, more in {"inception_v3": {"weights": weights}, "mini": {}}.items():
    dreamer = kerasdream.Dreamer("mixed3 + 2*mixed5:7", model=model, **settings, **more)
    found[f"{model} losses"] = dreamer.run(pictures).losses[0].mean(1)
    image, inputs = pictures / np.float32(127.5) - 1, {"weights": np.repeat([[1.0], [2.0]], 5, 1), "terms": {}}
    _, (gradient,) = dreamer.compiled.gradient(ops.convert_to_tensor(image), inputs)
    found[f"{model} gradient"] = ops.convert_to_numpy(gradient)
np.savez(target, **found)
"""


def on(backend, code, *arguments):
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)


@pytest.fixture(scope="module")
def first_step(tmp_path_factory):
    """The numbers of a first step on a framework."""
    folder, found = tmp_path_factory.mktemp("steps"), {}

    def numbers(backend):
        if backend not in found:
            file = str(folder / f"{backend}.npz")
            done = on(backend, FIRST_STEP, str(INCEPTION) if INCEPTION.exists() else "random", file)
            assert done.returncode == 0, done.stderr[-3000:]
            found[backend] = np.load(file)
        return found[backend]

    return numbers


@only_tensorflow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_first_step_is_the_same_and_the_dream_as_good(first_step, backend):
    """A rectifier that rounding switches moves a gradient by 1e-4 to 1e-3: against float64, in one or two of five."""
    pytest.importorskip(backend)
    ours, theirs = first_step("tensorflow"), first_step(backend)
    for model in ("inception_v3", "mini"):
        wanted, got = ours[f"{model} gradient"], theirs[f"{model} gradient"]
        off = np.linalg.norm((got - wanted).reshape(5, -1), axis=1) / np.linalg.norm(wanted.reshape(5, -1), axis=1)
        assert off.min() < 1e-5
        assert off.max() < 1e-2
        losses = ours[f"{model} losses"]
        np.testing.assert_allclose(theirs[f"{model} losses"], losses, rtol=0.02)
        assert losses[-1] > losses[0] > 0


def test_a_framework_that_is_missing_is_told_with_the_install_line(monkeypatch):
    done = on("jax", "import sys; sys.modules['jax'] = None; import kerasdream; kerasdream.Dreamer")
    told = 'ModelError: Keras is set to run on jax, which is not installed: pip install "kerasdream[jax]"; or set KERAS'
    assert told in done.stderr.strip().splitlines()[-1]
    monkeypatch.setattr("keras.backend.backend", lambda: "openvino")
    with pytest.raises(ModelError, match="Keras runs on openvino; kerasdream needs tensorflow, jax or torch"):
        current_backend()


def test_the_flag_sets_the_framework_before_keras_loads(tmp_path):
    code, few = "from kerasdream.cli import run; run()", ("--iterations=1", "--num_octave=1", "--model=mini")
    done = on("tensorflow", code, *few, f"--backend={BACKEND}", f"--output={tmp_path / 'a.png'}")
    assert done.returncode == 0, done.stderr
    assert BACKEND in kerasdream.record_of(tmp_path / "a.png")["versions"]
    done = on("tensorflow", code, "--backend=theano")
    assert done.returncode == 2
    assert "theano" in done.stderr
    assert "tensorflow|jax|torch" in done.stderr


def test_memory_that_runs_out_is_told_in_one_way():
    sibling = current_backend()
    if BACKEND == "tensorflow":
        fault = sibling.tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    elif BACKEND == "jax":
        fault = sibling.jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
    else:
        fault = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    def short(x):
        raise fault

    with pytest.raises(sibling.OUT_OF_MEMORY):
        sibling.compile_function(short, keras.KerasTensor((None,)))(np.ones(3, np.float32))


def test_a_device_that_the_machine_lacks_is_told(small_net):
    with pytest.raises(ConfigError, match="device='gpu:7' was given; this machine has cpu:0"):
        kerasdream.Dreamer("relu1", model=small_net, device="gpu:7")
    picture, settings = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8), {"iterations": 1}
    free, *held = (
        kerasdream.dream(picture, "relu1", model=small_net, device=device, **settings)
        for device in (None, "cpu", "CPU:0")
    )
    assert all(np.array_equal(free, one) for one in held)
