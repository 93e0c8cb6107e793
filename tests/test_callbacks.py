"""A callback that dreams while a model trains, and leaves the training as it was."""

import io
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import BACKEND, only_tensorflow, traces
from keras import layers
from PIL import Image

import kerasdream
from kerasdream import callbacks
from kerasdream.errors import ConfigError, DreamWarning, LayerError, OutputError

FEW = {"iterations": 2, "num_octave": 2, "max_loss": None, "step": 0.05}


def classifier(**settings):
    """A small classifier with batch norm and dropout, compiled; seeded, so that two are alike."""
    keras.utils.set_random_seed(7)
    x = image = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Activation("relu", name="relu")(x)
    x = layers.Conv2D(8, 3, 2, activation="relu", name="deeper")(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, layers.Dense(4, name="scores")(x), name="small")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, **settings)
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (24, 16, 16, 3)).astype(np.float32), rng.integers(0, 4, 24)


def fitted(data, callback=None, epochs=2, model=None, **settings):
    model = model or classifier()
    model.fit(*data, epochs=epochs, batch_size=8, verbose=0, callbacks=[callback] if callback else [], **settings)
    return model


def test_pictures_are_numbered_and_a_film_grows(data, photo, tmp_path):
    Image.fromarray(photo[:60]).save(tmp_path / "hill.png")
    images = [photo, tmp_path / "hill.png"]
    callback = kerasdream.DreamCallback(images, "relu", every=2, output_dir=tmp_path / "dreams", **FEW)
    model = fitted(data, callback, epochs=5)
    names = sorted(os.listdir(tmp_path / "dreams"))
    both = [f"{name}{ending}" for name in ("hill", "picture1") for ending in ("-00002.png", "-00004.png", ".gif")]
    assert names == both
    with Image.open(tmp_path / "dreams" / "hill.gif") as film:
        assert (film.n_frames, film.size) == (2, (128, 60))
    early, late = (np.asarray(Image.open(tmp_path / "dreams" / f"picture1-0000{n}.png"), int) for n in (2, 4))
    assert np.abs(early - late).mean() > 0.1
    assert callback.dreamer.traces == traces(4)  # two pictures, two octaves
    fitted(data, callback, model=model, epochs=6, initial_epoch=5)
    assert "hill-00006.png" in os.listdir(tmp_path / "dreams")
    assert callback.dreamer.traces == traces(4)  # two pictures, two octaves


def test_it_dreams_with_the_weights_of_the_moment(data, photo, tmp_path):
    callback = kerasdream.DreamCallback(photo, "relu + deeper:3", output_dir=tmp_path, **FEW)
    model = fitted(data, callback, epochs=3)
    wanted = kerasdream.Dreamer("relu + deeper:3", model=model, **FEW).run(photo)
    assert np.array_equal(Image.open(tmp_path / "picture1-00003.png"), wanted.image)


@pytest.mark.parametrize("unit", ["epoch", "batch"])
def test_training_is_the_same_to_the_byte_with_it(data, photo, tmp_path, unit):
    def fresh():
        return int(f"{layers.Dense(1).name}_0".split("_")[1])

    alone, state, number = fitted(data), np.random.get_state()[1].copy(), fresh()
    settings = FEW | {"jitter": 4, "smooth_samples": 2}
    with_it = fitted(data, kerasdream.DreamCallback(photo, "deeper", unit=unit, output_dir=tmp_path, **settings))
    assert len(os.listdir(tmp_path)) == (3 if unit == "epoch" else 7)
    assert np.array_equal(np.random.get_state()[1], state)  # `classifier` seeds, then both go the same way
    assert fresh() == number + 1
    variables = [model.variables + model.optimizer.variables for model in (alone, with_it)]
    for one, other in zip(*variables, strict=True):
        assert np.array_equal(one, other), one.path


def test_a_model_of_ones_own_class_dreams_through_the_network_inside_it(data, photo, tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(4, 3, activation="relu", name="conv")
            self.pool, self.head = layers.GlobalAveragePooling2D(), layers.Dense(4)

        def call(self, x):
            return self.head(self.pool(self.conv(x)))

    model = Own()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    image = keras.Input((None, None, 3))
    network = keras.Model(image, model.conv(image))
    before = kerasdream.Dreamer("conv", model=network, **FEW).run(photo)
    for unit in ("epoch", "batch"):
        callback = kerasdream.DreamCallback(photo, "conv", 1, unit, tmp_path / unit, model=network, **FEW)
        fitted(data, callback, model=model)
        wanted = kerasdream.Dreamer("conv", model=network, **FEW).run(photo)
        last = sorted((tmp_path / unit).glob("*.png"))[-1]
        assert np.array_equal(Image.open(last), wanted.image)
    assert wanted.losses[0][0] != before.losses[0][0]


def test_batches_count_on_where_a_training_is_resumed(data, photo, tmp_path):
    callback = kerasdream.DreamCallback(photo, "relu", every=2, unit="batch", output_dir=tmp_path, **FEW)
    model = fitted(data, callback)
    assert sorted(p for p in os.listdir(tmp_path) if p.endswith("png")) == [f"picture1-0000{n}.png" for n in (2, 4, 6)]
    fitted(data, kerasdream.DreamCallback(photo, "relu", 3, "batch", tmp_path, **FEW), model=model, epochs=1)
    assert "picture1-00009.png" in os.listdir(tmp_path)


def test_a_model_built_late_is_looked_at_after_its_first_batch(data, photo, tmp_path):
    model = keras.Sequential([layers.Conv2D(4, 3, name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(4)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(LayerError, match="no layer 'conn'"):
        fitted(data, kerasdream.DreamCallback(photo, "conn", every=10, output_dir=tmp_path), model=model)
    assert int(model.optimizer.iterations) == (1 if BACKEND == "tensorflow" else 0)  # others build first


@pytest.mark.skipif(BACKEND == "torch", reason="Keras takes one batch at a time there")
def test_several_batches_at_once_are_counted(data, photo, tmp_path):
    callback = kerasdream.DreamCallback(photo, "relu", every=3, unit="batch", output_dir=tmp_path, **FEW)
    data = tuple(np.concatenate([part, part[:8]]) for part in data)  # four batches
    fitted(data, callback, model=classifier(steps_per_execution=2), epochs=3)
    assert callback.batches == 12
    assert len([name for name in os.listdir(tmp_path) if name.endswith("png")]) == 4


def test_the_film_leaves_out_another_training(data, photo, tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "picture1-00001.png")
    Image.fromarray(photo).save(tmp_path / "picture1-00009.png")
    fitted(data, kerasdream.DreamCallback(photo, "relu", every=2, output_dir=tmp_path, **FEW), epochs=4)
    with Image.open(tmp_path / "picture1.gif") as film:
        assert (film.n_frames, film.size) == (2, (128, 96))


def test_a_dream_that_fails_is_told_and_training_goes_on(data, photo, tmp_path, monkeypatch):
    callback = kerasdream.DreamCallback({"hill": photo}, "relu", output_dir=tmp_path, **FEW)
    monkeypatch.setattr(callbacks.Dreamer, "run", lambda *_, **__: 1 / 0)
    with pytest.warns(
        DreamWarning, match="'hill' could not be dreamt after epoch [12]: ZeroDivisionError: .* goes on"
    ) as told:
        model = fitted(data, callback)
    assert {one.filename for one in told if one.category is DreamWarning} == {__file__}  # where fit was called
    for one, other in zip(model.weights, fitted(data).weights, strict=True):
        assert np.array_equal(one, other)


def test_what_is_wrong_is_told_before_the_training(data, photo, tmp_path, monkeypatch):
    for settings, words in (
        ({"every": 0}, "every=0 was given; a whole number, 1 or more"),
        ({"unit": "hour"}, "unit='hour' was given; 'epoch' or 'batch'"),
        ({"stepp": 1}, "no setting 'stepp'. Did you mean 'step'"),
        ({"step": -1}, "step=-1 is out of range"),
        ({"model": "mini"}, "model='mini' was given; a keras.Model made of layers of the trained one was expected"),
        ({"weights": "random"}, "weights was given; the model that is trained has its own"),
    ):
        with pytest.raises(ConfigError, match=words):
            kerasdream.DreamCallback(photo, "relu", **settings)
    with pytest.raises(ConfigError, match="No picture was given"):
        kerasdream.DreamCallback([], "relu")
    for name in ("../escaped", "a/b", "a\\b", "c:d", ".hidden", ""):
        with pytest.raises(ConfigError, match="its files begin with that name"):
            kerasdream.DreamCallback({"fine": photo, name: photo}, "relu")
    model = classifier()
    before = model.get_weights()
    with pytest.raises(LayerError, match="no layer 'rely'. Did you mean 'relu'"):
        fitted(data, kerasdream.DreamCallback(photo, "rely", output_dir=tmp_path), model=model)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))
    (tmp_path / "file").write_text("mine")
    for folder in ("file", "file/inside"):
        with pytest.raises(OutputError, match=f"The folder '.*{folder}' cannot be made"):
            kerasdream.DreamCallback(photo, "relu", output_dir=tmp_path / folder)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r'pip install "kerasdream\[tensorboard\]"'):
        kerasdream.DreamCallback(photo, "relu", tensorboard=True, output_dir=tmp_path)


def test_it_goes_with_validation_mixed_precision_and_compilation(data, photo, tmp_path):
    callback = kerasdream.DreamCallback(photo, "relu", output_dir=tmp_path / "a", **FEW)
    model = fitted(data, callback, validation_data=data)
    model.evaluate(*data, verbose=0, callbacks=[callback])
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = classifier(jit_compile=BACKEND != "torch")  # where Keras warns of its own code
    finally:
        keras.config.set_dtype_policy("float32")
    fitted(data, kerasdream.DreamCallback(photo, "relu", output_dir=tmp_path / "b", **FEW), model=half)
    for folder in "ab":
        assert len(os.listdir(tmp_path / folder)) == 3
        assert not np.array_equal(Image.open(tmp_path / folder / "picture1-00002.png"), photo)


def test_a_model_without_input_shape_is_dreamt_once_it_is_built(data, photo, tmp_path):
    model = keras.Sequential(
        [layers.Conv2D(4, 3, activation="relu", name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(4)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    fitted(data, kerasdream.DreamCallback(photo, "conv", output_dir=tmp_path, **FEW), model=model)
    assert len(os.listdir(tmp_path)) == 3


def test_pictures_and_losses_go_to_tensorboard(data, photo, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    photos = {"a hill, größer": photo}
    callback = kerasdream.DreamCallback(photos, "relu", output_dir=tmp_path / "a", tensorboard=tmp_path / "b", **FEW)
    model = fitted(data, callback)
    events = EventAccumulator(str(tmp_path / "b"))
    events.Reload()
    losses = events.Tensors("dream_loss/a hill, größer")
    wanted = kerasdream.Dreamer("relu", model=model, **FEW).run(photo)
    assert [event.step for event in losses] == [1, 2]
    assert make_ndarray(losses[1].tensor_proto) == pytest.approx(wanted.losses[-1][-1], rel=1e-4)
    images = events.Tensors("dream/a hill, größer")
    assert [event.step for event in images] == [1, 2]
    width, height, png = make_ndarray(images[1].tensor_proto)
    assert (width, height) == (b"128", b"96")
    assert np.array_equal(Image.open(io.BytesIO(png)), wanted.image)


MIRRORED = """
import os, sys
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, kerasdream
sys.path.insert(0, os.path.dirname(sys.argv[1]))
from test_callbacks import FEW, classifier
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = classifier()
rng = np.random.default_rng(0)
data = rng.uniform(-1, 1, (24, 16, 16, 3)).astype("float32"), rng.integers(0, 4, 24)
photo = rng.integers(0, 256, (40, 50, 3), np.uint8)
callback = kerasdream.DreamCallback(photo, "relu", output_dir="dreams", **FEW)
model.fit(*data, epochs=2, batch_size=8, verbose=0, callbacks=[callback])
wanted = kerasdream.Dreamer("relu", model=model, **FEW).run(photo).image
from PIL import Image
assert np.array_equal(Image.open("dreams/picture1-00002.png"), wanted)
print("the same")
"""


@only_tensorflow
def test_it_goes_with_a_mirrored_strategy(tmp_path):
    command = [sys.executable, "-c", MIRRORED, __file__]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().endswith("the same"), done.stderr[-2000:]
