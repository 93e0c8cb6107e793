"""Dreaming: what goes in, what comes out, and what happens on the way."""

import _thread
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from conftest import BACKEND, only_tensorflow, traces
from keras import layers, ops
from PIL import Image

import kerasdream
from kerasdream.dreamer import has_one_color
from kerasdream.errors import (
    ConfigError,
    DreamInterrupted,
    DreamWarning,
    InputImageError,
    LayerError,
    ModelError,
    NonFiniteError,
    OutputError,
    WeightsError,
)
from kerasdream.model import zoo


@pytest.fixture
def dreamer(small_net):
    return kerasdream.Dreamer("relu1=1,relu2=2", model=small_net, iterations=3, step=0.05, max_loss=None)


def test_a_dream_climbs_and_repeats_to_the_byte(dreamer, photo):
    first, second = dreamer.run(photo), dreamer.run(photo)
    assert np.array_equal(first.image, second.image)
    assert not np.array_equal(first.image, photo)
    assert [len(octave) for octave in first.losses] == [3, 3, 3]
    for octave in first.losses:
        assert octave[0] < octave[1] < octave[2]
    assert first.config == dreamer.config
    assert first.seconds > 0


def test_the_kind_that_went_in_comes_out(dreamer, photo, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    dreamt = dreamer.run(photo).image
    for kind in (path, str(path), path.read_bytes(), open(path, "rb"), Image.open(path)):  # noqa: SIM115
        image = dreamer.run(kind).image
        assert isinstance(image, Image.Image)
        assert np.array_equal(image, dreamt)
        if hasattr(kind, "close"):
            kind.close()
    tensor = dreamer.run(ops.convert_to_tensor(photo)).image
    assert type(tensor) is type(ops.convert_to_tensor(photo))
    assert np.array_equal(ops.convert_to_numpy(tensor), dreamt)
    missing = {"jax": "float64", "torch": "uint16"}.get(BACKEND)  # in the framework, as Keras sets it up
    for dtype in {"float16", "bfloat16", "float32", "float64", "uint16"} - {missing}:
        tensor = ops.convert_to_tensor(photo / (255 if dtype != "uint16" else 1), dtype=dtype)
        assert dreamer.run(tensor).image.dtype == tensor.dtype
    as_float = dreamer.run(photo / np.float32(255)).image
    assert (as_float.dtype, as_float.shape) == (np.float32, photo.shape)
    np.testing.assert_allclose(as_float, (dreamt + 0.5) / 255, atol=1.01 / 255)
    sixteen = dreamer.run(photo.astype(np.uint16) * 257).image
    assert sixteen.dtype == np.uint16
    assert np.abs(sixteen // 257 - dreamt.astype(int)).max() <= 1


def test_grey_and_alpha(dreamer, photo):
    grey = photo[..., 0]
    assert dreamer.run(grey).image.shape == grey.shape
    assert np.array_equal(dreamer.run(grey[..., None]).image[..., 0], dreamer.run(grey).image)
    see_through = np.dstack([photo, grey])
    dreamt = dreamer.run(see_through).image
    assert np.array_equal(dreamt[..., 3], grey)
    assert np.array_equal(dreamt[..., :3], dreamer.run(photo).image)


def test_a_batch_equals_its_pictures_dreamt_one_by_one(small_net, photo):
    batch = np.stack([photo, photo[::-1], 255 - photo])
    limit = None
    for _ in range(2):
        dreamer = kerasdream.Dreamer("relu1", model=small_net, iterations=3, step=0.05, max_loss=limit)
        together = dreamer.run(batch)
        limit = float(together.losses[0][1].mean())
        for i, picture in enumerate(batch):
            alone = dreamer.run(picture)
            assert np.abs(together.image[i].astype(int) - alone.image).max() <= 1
            steps = [octave[:, i][~np.isnan(octave[:, i])] for octave in together.losses]
            for got, wanted in zip(steps, alone.losses, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-4)
    assert np.isnan(together.losses[0]).any()  # the limit was reached by some of them


@pytest.mark.filterwarnings("ignore:Left out [0-9] of 3 octaves")
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (75, 75), (333, 500), (400, 30)])
def test_odd_sizes_come_back_in_their_size(dreamer, size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    with pytest.warns(DreamWarning, match="one plain colour") if size == (1, 1) else contextlib.nullcontext():
        image = dreamer.run(picture).image
    assert image.shape == picture.shape
    assert np.array_equal(image, picture) == (size == (1, 1))


@only_tensorflow  # others compile for half a minute
@pytest.mark.filterwarnings("ignore:Left out [0-9] of 3 octaves")
@pytest.mark.parametrize("size", [(75, 75), (1, 30), (110, 75)])
def test_inception_dreams_small_pictures(size):
    dreamer = kerasdream.Dreamer(weights="random", iterations=1, max_loss=None)
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    image = dreamer.run(picture).image
    assert image.shape == picture.shape
    assert not np.array_equal(image, picture)


def test_octaves_that_are_too_small_are_dropped_with_a_notice(small_net):
    image = keras.Input((None, None, 3))
    deep = keras.Model(image, layers.Conv2D(4, 16, 4, name="deep")(image))
    dreamer = kerasdream.Dreamer("deep", model=deep, num_octave=6, octave_scale=1.5, iterations=1, max_loss=None)
    with pytest.warns(DreamWarning, match=r"Left out 1 of 6 octaves, the smallest 13 x 13: they do not fit functional"):
        result = dreamer.run(np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8))
    assert len(result.losses) == 5


def test_four_sizes_are_one_trace(dreamer):
    rng = np.random.default_rng(0)
    for size in ((40, 60), (64, 64), (90, 33), (2, 50, 50)):
        dreamer.run(rng.integers(0, 256, (*size, 3), np.uint8))
    assert dreamer.traces == traces(7)  # of its twelve octaves, JAX gives some the same room


def test_a_picture_is_plain_where_every_pixel_is_as_the_first():
    pixels = np.full((3, 4, 3), (1, 2, 3), np.uint8)
    assert has_one_color(pixels)
    pixels[2, 3, 1] = 9
    assert not has_one_color(pixels)


def test_a_plain_picture_comes_back_unchanged_with_a_notice(dreamer):
    for level in (0, 128, 255):
        picture = np.full((50, 60, 3), level, np.uint8)
        with pytest.warns(DreamWarning, match="came back unchanged"):
            assert np.array_equal(dreamer.run(picture).image, picture)
    batch = np.random.default_rng(0).random((2, 40, 40, 3))
    batch[1] = 0.3
    with pytest.warns(DreamWarning, match="1 of 2 pictures came back unchanged"):
        dreamt = dreamer.run(batch).image
    assert np.array_equal(dreamt[1], batch[1])
    assert not np.array_equal(dreamt[0], batch[0])


def test_a_dead_layer_leaves_the_picture_as_it_was(doubling, photo):
    doubling.get_layer("twice").kernel.assign(np.zeros((1, 1, 3, 3)))
    with pytest.warns(DreamWarning, match="came back unchanged"):
        assert np.array_equal(kerasdream.dream(photo, "twice", model=doubling), photo)


def test_a_max_loss_below_the_first_loss_is_told(small_net, photo):
    with pytest.warns(DreamWarning, match="Every octave ended after one step: the loss.* max_loss=1e-06"):
        kerasdream.dream(photo, "relu1", model=small_net, max_loss=1e-6)


def test_no_numbers_out_of_range_reach_the_picture(small_net, photo):
    image = kerasdream.dream(photo, "relu0", model=small_net, step=3.0, iterations=3, max_loss=None)
    near = image.astype(int)[np.r_[0:96:7]]
    assert image.min() == 0
    assert image.max() == 255
    assert near.std() > 20


def test_a_loss_that_is_not_finite_names_the_place_and_keeps_the_picture(photo):
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(3, 1, name="first")(image)
    x = layers.Lambda(lambda x: x / ops.cast(ops.max(ops.abs(x)) < 2.5, "float32"), name="breaks")(x)
    model = keras.Model(image, x)
    model.get_layer("first").set_weights([2 * np.eye(3).reshape(1, 1, 3, 3), np.zeros(3)])
    with pytest.raises(
        NonFiniteError,
        match=r"loss of the dream became (nan|inf) in octave \d at step \d.*Layer 'breaks' is the first.*smaller step",
    ) as caught:
        kerasdream.dream(photo, {"first": 1.0, "breaks": 1.0}, model=model, step=0.05, max_loss=None)
    assert caught.value.image.shape == photo.shape
    assert caught.value.image.std() > 20


def test_a_huge_step_ends_in_an_error_not_in_a_black_picture(small_net, photo):
    with pytest.raises(NonFiniteError):
        kerasdream.dream(photo, "relu2", model=small_net, step=1e30, max_loss=None)


def test_the_callback_sees_every_step_and_can_ask_for_the_picture(dreamer, photo):
    moments, previews = [], []

    def watch(moment):
        moments.append((moment.octave, moment.step))
        assert moment.num_octave == 3
        assert moment.iterations == 3
        assert moment.loss == pytest.approx(float(moment.losses[0]))
        previews.append(moment.picture())

    result = dreamer.run(photo, callback=watch)
    assert moments == [(octave, step) for octave in range(3) for step in range(3)]
    assert all(preview.shape == photo.shape and preview.dtype == photo.dtype for preview in previews)
    assert np.array_equal(previews[-1], result.image)
    changes = [np.abs(preview.astype(int) - photo).mean() for preview in previews]
    assert changes == sorted(changes)


def test_the_callback_can_stop_the_dream(dreamer, photo):
    result = dreamer.run(
        photo, callback=lambda moment: moment.stop() if (moment.octave, moment.step) == (1, 1) else None
    )
    assert [len(octave) for octave in result.losses] == [3, 2]
    assert result.image.shape == photo.shape


def test_ctrl_c_ends_within_a_step_and_hands_back_the_picture(dreamer, photo, listening):
    dreamer.run(photo)

    def interrupt(moment):
        if moment.octave == 1:
            _thread.interrupt_main()

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as caught:
        dreamer.run(photo, callback=interrupt)
    assert time.monotonic() - began < 5
    assert isinstance(caught.value, DreamInterrupted)
    assert not isinstance(caught.value, Exception)
    assert caught.value.result.image.shape == photo.shape
    assert len(caught.value.result.losses) == 2
    assert not np.array_equal(caught.value.result.image, photo)


def test_a_bar_is_shown_when_asked(dreamer, photo, capsys):
    dreamer.run(photo)
    assert capsys.readouterr() == ("", "")
    result = dreamer.run(photo, verbose=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"9/9 [{'=' * 24}] octave 3/3, loss {result.losses[2][2]:.2f}\n" in shown.err
    with pytest.raises(ConfigError, match="verbose='loud'"):
        dreamer.run(photo, verbose="loud")


def test_settings_travel_with_the_picture_and_repeat_the_dream(photo, tmp_path, recwarn):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    dreamer = kerasdream.Dreamer(
        "block_3_expand_relu", model="mobilenet_v2", weights="random", seed=5, iterations=2, max_loss=None
    )
    result = dreamer.run(tmp_path / "photo.png")
    saved = result.save(tmp_path / "dream.png")
    record = kerasdream.record_of(saved)
    assert record["source"] == "photo.png"
    assert record["versions"]["keras"] == keras.__version__
    assert record["versions"]["kerasdream"] == kerasdream.__version__
    np.testing.assert_allclose(record["losses"], result.losses, rtol=1e-5)
    settings = kerasdream.settings_of(saved)
    assert settings["seed"] == 5
    assert settings["layers"] == {"block_3_expand_relu": 1.0}
    again = kerasdream.dream(tmp_path / "photo.png", **settings)
    with Image.open(saved) as image:
        assert np.array_equal(again, image)
    with pytest.raises(InputImageError):
        kerasdream.record_of(result.save(tmp_path / "bare.png", metadata=False))


def test_a_batch_and_its_record(dreamer, photo, tmp_path):
    result = dreamer.run(np.stack([photo, photo // 2]))
    result.losses[-1][-1, 0] = np.nan  # as of a picture that had ended
    assert result.record()["losses"][-1][-1][0] is None
    json.dumps(result.record(), allow_nan=False)
    with pytest.raises(InputImageError, match="2 pictures cannot be saved as one file"):
        result.save(tmp_path / "both.png")


def test_arrays_and_tensors_can_be_saved(dreamer, photo, tmp_path):
    for name, kind in {
        "array": photo,
        "float": photo / 255.0,
        "tensor": ops.convert_to_tensor(photo),
        "grey": photo[..., :1],
    }.items():
        result = dreamer.run(kind)
        with Image.open(result.save(tmp_path / f"{name}.png")) as image:
            saved = np.asarray(image)
        wanted = ops.convert_to_numpy(result.image)
        wanted = np.floor(wanted * 255 + 1e-3) if name == "float" else wanted
        assert np.array_equal(saved, wanted[..., 0] if name == "grey" else wanted)
    with pytest.warns(DreamWarning, match="exists"):
        assert result.save(tmp_path / "grey.png") == tmp_path / "grey-2.png"


def test_a_path_of_weights_is_recorded_by_its_name_only(tmp_path, small_net, photo):
    net = keras.applications.MobileNetV2(weights=None, include_top=False)
    path = tmp_path / "private" / "w.weights.h5"
    path.parent.mkdir()
    net.save_weights(path)
    dreamer = kerasdream.Dreamer("block_1_expand_relu", model="mobilenet_v2", weights=path, iterations=1, max_loss=None)
    assert dreamer.run(photo).record()["settings"]["weights"] == "w.weights.h5"
    Image.fromarray(photo).save(tmp_path / "private" / "p.png")
    wish = kerasdream.Guide("relu1", tmp_path / "private" / "p.png").inside(tmp_path / "private" / "p.png")
    dreamer = kerasdream.Dreamer(wish, model=small_net, iterations=1, mask=tmp_path / "private" / "p.png")
    assert "private" not in json.dumps(dreamer.run(photo).record())
    assert list(dreamer.run(photo).record()["settings"]["layers"]) == ["inside(p.png, guide(relu1, p.png))"]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"model": "inception_v4"}, ModelError, "Did you mean 'inception_v3'"),
        ({"model": 7}, ModelError, "model is a int; a name or a functional keras.Model"),
        ({"octave": 3}, ConfigError, "no setting 'octave'. Did you mean"),
        ({"step": -1}, ConfigError, "step=-1"),
        ({"weights": "nowhere.h5"}, WeightsError, "no weights file 'nowhere.h5'"),
        ({"weights": "random", "layers": "mixd4"}, LayerError, "no layer 'mixd4'. Did you mean 'mixed4'"),
        ({"preprocess": abs}, ConfigError, "preprocess was given with a named model"),
        ({"weights": "random", "device": "gpu:7"}, ConfigError, "this machine has .*cpu:0"),
    ],
)
def test_wrong_settings_say_what_to_do(settings, error, words):
    with pytest.raises(error, match=words):
        kerasdream.Dreamer(**settings)


def test_models_of_ones_own(small_net, doubling, photo):
    with pytest.raises(ConfigError, match="No layers were named; the model 'small'"):
        kerasdream.Dreamer(model=small_net)
    with pytest.raises(ConfigError, match="has its own. Leave weights out"):
        kerasdream.Dreamer("relu1", model=small_net, weights="imagenet")
    first = keras.Input((3, None, None))
    channels_first = layers.Conv2D(2, 1, name="conv", data_format="channels_first")
    with pytest.raises(
        ModelError,
        match=r"\(None, 3, None, None\) with channels first .*\(batch, height, width, channels\), were expected",
    ):
        kerasdream.Dreamer("conv", model=keras.Model(first, channels_first(first)))
    with pytest.raises(ModelError, match="does not know yet which pictures it takes. Put keras.Input"):
        kerasdream.Dreamer("conv", model=keras.Sequential([layers.Conv2D(2, 1, name="conv")]))
    fixed = keras.Input((32, 32, 3))
    model = keras.Model(fixed, layers.Dense(2)(layers.Flatten()(layers.Conv2D(4, 3, name="conv")(fixed))))
    assert kerasdream.dream(photo, "conv", model=model, iterations=1, max_loss=None).shape == photo.shape
    assert kerasdream.Dreamer("twice", model=doubling).config.model == "doubling"


def test_preprocessing_of_ones_own_is_used(doubling, photo):
    plain = kerasdream.Dreamer("twice", model=doubling, iterations=1, num_octave=1, max_loss=None).run(photo)
    wider = kerasdream.Dreamer(
        "twice",
        model=doubling,
        preprocess=keras.applications.inception_v3.preprocess_input,
        iterations=1,
        num_octave=1,
        max_loss=None,
    ).run(photo)
    assert wider.losses[0][0] == pytest.approx(plain.losses[0][0], rel=1e-4)
    raw = kerasdream.Dreamer(
        "twice", model=doubling, preprocess=lambda x: x, iterations=1, num_octave=1, max_loss=None
    ).run(photo)
    inside = photo[2:-2, 2:-2].astype(float)
    assert raw.losses[0][0] == pytest.approx((4 * inside**2).sum() / photo.size, rel=1e-4)


def test_the_device_can_be_chosen(small_net, photo):
    on_cpu = kerasdream.Dreamer("relu1", model=small_net, device="cpu", iterations=1).run(photo)
    assert np.array_equal(on_cpu.image, kerasdream.Dreamer("relu1", model=small_net, iterations=1).run(photo).image)


def test_help_shows_every_knob():
    import inspect

    for function in (kerasdream.dream, kerasdream.Dreamer):
        parameters = inspect.signature(function).parameters
        assert set(kerasdream.DreamConfig().as_dict()) <= set(parameters)
        assert parameters["step"].default == 0.01


def test_the_sample_is_a_picture_to_dream_on():
    sample = kerasdream.sample()
    assert sample.size == (768, 512)
    assert np.asarray(sample).std() > 40


def test_bfloat16_is_asked_for_by_name_and_near(photo):
    """The loss, the gradient's strength and the picture stay float32; one step follows nearly the same way."""
    settings = {"model": "mini", "layers": "mixed3", "iterations": 1, "num_octave": 1, "max_loss": None}
    large = np.asarray(Image.fromarray(photo).resize((256, 192)))
    exact, near = (kerasdream.Dreamer(precision=p, **settings).run(large) for p in ("float32", "bfloat16"))
    assert near.losses[0][0] == pytest.approx(exact.losses[0][0], rel=0.03)
    assert near.losses[0].dtype == np.float32
    assert near.losses[0][0] != exact.losses[0][0]
    moves = [(r.image.astype(float) - large).ravel() for r in (exact, near)]
    assert np.corrcoef(*moves)[0, 1] > 0.8
    assert near.config.precision == "bfloat16"


def test_the_users_own_policy_does_not_reach_a_named_model(photo):
    settings = {"model": "mini", "layers": "mixed3", "iterations": 1, "num_octave": 1, "max_loss": None}
    wanted = kerasdream.dream(photo, **settings)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert np.array_equal(kerasdream.dream(photo, **settings), wanted)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("hardware", [True, False])
def test_auto_takes_bfloat16_where_the_hardware_has_it(monkeypatch, hardware):
    from kerasdream.ascent.current_backend import current_backend

    monkeypatch.setattr(current_backend(), "has_bfloat16", lambda: hardware)
    config = kerasdream.Dreamer(model="mini", precision="auto").config
    assert config.precision == ("bfloat16" if hardware else "float32")
    assert kerasdream.Dreamer(model="mini").config.precision == "float32"


def test_a_model_of_ones_own_keeps_its_precision(small_net):
    with pytest.raises(ConfigError, match="precision='bfloat16' was given with the model 'small'"):
        kerasdream.Dreamer("relu1", model=small_net, precision="bfloat16")


def test_settings_of_a_model_of_ones_own_dream_again_with_it(small_net, photo, tmp_path):
    result = kerasdream.Dreamer("relu1", model=small_net, iterations=1).run(photo)
    settings = kerasdream.settings_of(result.save(tmp_path / "d.png"))
    assert np.array_equal(kerasdream.dream(photo, **settings | {"model": small_net}), result.image)
    with pytest.raises(ModelError, match="a model of your own, 'small'; pass it, or its .keras file, as model="):
        kerasdream.dream(photo, **settings)


def test_what_is_not_there_is_told_before_a_network_is_built(monkeypatch, photo, tmp_path):
    monkeypatch.setattr(zoo, "build", lambda *_, **__: pytest.fail("a network was built"))
    monkeypatch.chdir(tmp_path)
    for settings in ({"image": "gone.png"}, {"mask": "gone.png"}, {"layers": "guide(mixed4, gone.png)"}):
        with pytest.raises(InputImageError, match="'gone.png' cannot be read: No such file"):
            kerasdream.dream(**{"image": photo, "model": "mini"} | settings)


def test_what_is_no_picture_is_told_before_a_network_is_fetched_or_built(monkeypatch, photo, tmp_path):
    for step in ("at_hand", "build"):
        monkeypatch.setattr(zoo, step, lambda *_, **__: pytest.fail("a network was fetched or built"))
    monkeypatch.chdir(tmp_path)
    pathlib.Path("words.png").write_text("no picture")
    for settings in ({"image": "words.png"}, {"mask": "words.png"}, {"layers": "guide(mixed4, words.png)"}):
        with pytest.raises(InputImageError, match="'words.png' cannot be read as a picture"):
            kerasdream.dream(**{"image": photo} | settings)
    with pytest.raises(InputImageError, match="A int was given"):
        kerasdream.dream(3)
    with pytest.raises(ConfigError, match="callback=3 was given"):
        kerasdream.dream(photo, callback=3)


FORK = """
import os, numpy as np, kerasdream
from kerasdream.errors import DreamError
picture = np.full((80, 90, 3), 99, np.uint8)
dreamer = kerasdream.Dreamer("mixed0", model="mini", iterations=1, num_octave=1)
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
told = 0
calls = (
    lambda: dreamer.run(picture),
    lambda: kerasdream.Dreamer("mixed0", model="mini"),
    lambda: kerasdream.layers("mini"),
)
for again in calls:
    try:
        again()
    except DreamError as fault:
        told += "was forked from one that has dreamt already" in str(fault)
os._exit(40 + told)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_process_is_told_so_and_does_not_hang():
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=120).returncode == 43


STRICT = """
import warnings
import numpy as np
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what importing a framework warns of
    import keras
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, name="conv")])
    model.add(keras.layers.BatchNormalization(name="norm"))
    import kerasdream
picture = np.arange(64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
few = {"iterations": 1, "num_octave": 1, "max_loss": None}
kerasdream.dream(picture, "mixed0", model="mini", **few)
kerasdream.dream(picture, "norm", model=model, **few)
"""


def test_loading_and_dreaming_warn_of_nothing():
    keras_itself = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # on PyTorch
    command = [sys.executable, "-W", "error", "-W", keras_itself, "-c", STRICT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_is_no_function_no_path_and_no_time_is_told(dreamer, small_net, photo, tmp_path):
    with pytest.raises(ConfigError, match="callback=3 was given; a function of a Moment"):
        dreamer.run(photo, callback=3)
    with pytest.raises(ConfigError, match="preprocess='abc' was given; a function"):
        kerasdream.Dreamer("relu1", model=small_net, preprocess="abc")
    with pytest.raises(ConfigError, match="returned nothing; the pictures for the model were expected"):
        kerasdream.Dreamer("relu1", model=small_net, preprocess=lambda x: None, iterations=1).run(photo)
    with pytest.raises(ModelError, match=r"got pictures of shape \(.*, 1\); \(N, H, W, 3\) was expected"):
        kerasdream.Dreamer("relu1", model=small_net, preprocess=lambda x: x[..., :1], iterations=1).run(photo)
    with pytest.raises(ModelError, match="'mini' was given as model"):
        kerasdream.gradient("mini", photo[None] / 255.0, "mixed4")
    with pytest.raises(ConfigError, match="channels=5 was given; numbers of channels"):
        kerasdream.atlas("mixed4", channels=5, model="mini")
    result = kerasdream.Dreamer("relu1", model=small_net, iterations=1, num_octave=1, snapshots=1).run(photo)
    with pytest.raises(OutputError, match="3 was given; the path of a file"):
        result.save(3)
    for seconds in ("3", -1, float("nan"), 1e9, 0, True):
        with pytest.raises(ConfigError, match=r"seconds=.* was given; a number above 0, 3600 at most"):
            result.animate(tmp_path / "growth.gif", seconds=seconds)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be made"):
        kerasdream.atlas("mixed0", channels=[1], model="mini", output=tmp_path / "file")


def test_a_symbolic_tensor_is_no_picture(dreamer):
    with pytest.raises(InputImageError, match=r"A symbolic tensor of shape \(None, 8, 8, 3\) was given, which has no"):
        dreamer.run(keras.Input((8, 8, 3)))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with pytest.raises(InputImageError, match=r"A symbolic tensor of shape \(8, 8, 3\) was given"):
            tf.function(lambda image: dreamer.run(image), autograph=False)(np.zeros((8, 8, 3), np.float32))


@only_tensorflow
def test_eager_execution_that_is_disabled_is_told():
    code = "import tensorflow as tf; tf.compat.v1.disable_eager_execution(); import kerasdream; kerasdream.Dreamer()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ModelError: TensorFlow's eager execution is disabled in this process" in done.stderr.splitlines()[-1]
