"""The making of mini: what the pruning keeps, by hand; and the whole recipe in a few steps, interrupted once."""

import importlib
import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import INCEPTION, needs_inception
from PIL import Image

from kerasdream.model import inception
from kerasdream.model.mini.network import network

SCRIPTS = pathlib.Path(__file__).parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))
thin_inception = importlib.import_module("thin_inception")


def convolved(x, convolution):
    """A 1 x 1 convolution of rows of channels."""
    kernel, bias = convolution
    return x @ kernel[0, 0] + bias


def test_the_channels_that_tell_most_of_the_others_stay():
    covariance = np.diag([1.0, 4.0, 9.0, 0.0])
    assert thin_inception.most_telling(covariance, np.array([100.0, 1.0, 1.0, 1.0]), 2).tolist() == [0, 2]
    # The last two say the same, so that one of them is enough.
    twins = np.array([[1.0, 0, 0], [0, 2.0, 2.0], [0, 2.0, 2.0]])
    assert thin_inception.most_telling(twins, np.ones(3), 2).tolist() in ([0, 1], [0, 2])


def test_a_convolution_makes_up_for_a_channel_that_the_others_tell():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 500))
    inputs = np.stack([a, b, 2 * a - b + 3], 1)
    convolution = rng.normal(size=(1, 1, 3, 4)), rng.normal(size=4)
    kept, narrow = thin_inception.narrowed(convolution, inputs, 2)
    assert len(kept) == 2
    np.testing.assert_allclose(convolved(inputs[:, kept], narrow), convolved(inputs, convolution), atol=0.01)


def test_a_projection_loses_only_what_varies_least():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 5)) + 7.0
    convolution = rng.normal(size=(1, 1, 5, 3)), rng.normal(size=3)
    down, up = thin_inception.projected(convolution, inputs, 2)
    assert down[0].shape == (1, 1, 5, 2)
    np.testing.assert_allclose(convolved(convolved(inputs, down), up), convolved(inputs, convolution), atol=1e-3)


@needs_inception
def test_without_training_it_already_answers_like_its_teacher():
    teacher = inception.read(INCEPTION, ["mixed7"])
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 12, 12, 3)).astype(np.float32)
    pictures = np.asarray(keras.ops.image.resize(pictures, (160, 160), "bicubic"))
    thin = network(thin_inception.thin_inception(teacher, pictures))
    shown = [
        np.asarray(keras.Function(model.inputs, model.get_layer("mixed0").output)([pictures[:2]]))
        for model in (thin, teacher)
    ]
    assert np.corrcoef(shown[0].ravel(), shown[1].ravel())[0, 1] > 0.9


@needs_inception
@pytest.mark.slow
def test_the_recipe_runs_and_goes_on_where_it_stopped(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photographs").mkdir()
    for i in range(7):
        Image.fromarray(rng.integers(0, 256, (120, 150, 3), np.uint8)).save(tmp_path / "photographs" / f"{i}.png")
    line = [sys.executable, str(SCRIPTS / "train_mini.py"), f"--weights={INCEPTION}"]
    line += [f"--images={tmp_path / 'photographs'}", f"--output={tmp_path / 'run'}"]
    line += ["--size=96", "--batch=2", "--first_steps=2"]
    subprocess.run([*line, "--second_steps=0"], check=True)
    subprocess.run([*line, "--second_steps=2"], check=True)
    log = [json.loads(row) for row in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in log] == [2, 4]
    assert all(0 < error < 2 for row in log for error in row["errors"])
    assert log[0]["cosine"] == 0 < log[1]["cosine"] < 1
    with np.load(tmp_path / "run" / "weights.npz") as arrays:
        assert sum(array.size for array in arrays.values()) == network().count_params()
