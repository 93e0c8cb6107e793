"""Pictures from noise: what they excite, how they repeat, and how an atlas goes on."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError, DreamInterrupted, DreamWarning, LayerError, ModelError, OutputError
from kerasdream.image import files
from kerasdream.visualization import VisualConfig, Visualizer

FEW = {"size": 48, "steps": 12, "verbose": False}


@pytest.fixture
def settings(small_net):
    return {"model": small_net, **FEW}


def shown(net, picture, layer="relu1"):
    look = keras.Function(net.inputs, net.get_layer(layer).output)
    return ops.convert_to_numpy(look([np.asarray(picture, np.float32)[None] / 127.5 - 1]))[0].mean((0, 1))


@pytest.mark.parametrize("method", ["fourier", "maco", "pixels"])
def test_each_of_several_objectives_is_excited_in_its_own_picture(small_net, settings, method):
    start = kerasdream.visualize("relu1:3", method=method, **settings | {"steps": 1, "rate": 1e-6})
    before = shown(small_net, start)
    i, j = np.flatnonzero(before > 0.05)[:2]  # channels that a first faint picture moves at all
    pictures = kerasdream.visualize([f"mean(relu1:{i})", f"mean(relu1:{j})"], method=method, rate=0.2, **settings)
    a, b = (shown(small_net, picture) for picture in pictures)
    assert a[i] > before[i]
    assert b[j] > before[j]
    assert a[i] > b[i]
    assert b[j] > a[j]


@pytest.mark.parametrize("method", ["fourier", "pixels"])
def test_a_channel_that_sleeps_is_woken_and_a_dead_one_told(method):
    """It answers only to pixels brighter than 0.5, which the first faint noise has none of."""
    image = keras.Input((None, None, 3))
    conv = keras.layers.Conv2D(2, 1, activation="relu", name="late")
    model = keras.Model(image, conv(image))
    conv.set_weights([np.ones((1, 1, 3, 2)) / 3, np.array([-0.5, -2.0])])
    drawn = kerasdream.visualize("late:0", model=model, method=method, size=48, steps=60, rate=0.2, verbose=False)
    assert (np.asarray(drawn) / 127.5 - 1).mean(-1).max() > 0.6
    with pytest.warns(DreamWarning, match="Nothing was drawn for late:1: no noise excites it"):
        kerasdream.visualize("late:1", model=model, method=method, size=48, steps=30, verbose=False)


def test_a_channel_that_no_noise_excites_is_led_to_what_it_looks_for():
    """It answers only where a row of red pixels runs over one of blue, which noise of any strength never shows."""
    image = keras.Input((None, None, 3))
    conv = keras.layers.Conv2D(1, (2, 8), activation="relu", name="edge")
    model = keras.Model(image, keras.layers.MaxPooling2D(2, name="shown")(conv(image)))
    kernel = np.zeros((2, 8, 3, 1))
    kernel[0, :, 0], kernel[1, :, 2] = 1 / 16, 1 / 16
    kernel[0, :, 2], kernel[1, :, 0] = -1 / 16, -1 / 16
    conv.set_weights([kernel, np.array([-0.6])])
    drawn = kerasdream.visualize("shown:0", model=model, size=32, steps=40, rate=0.3, verbose=False)
    assert shown(model, drawn, "shown")[0] > 0.01


def test_maco_keeps_the_magnitudes_it_is_given(small_net, settings, tmp_path):
    table = np.zeros((3, 24, 12), np.float32)
    table[:, 6:] = -20.0  # long waves only
    np.savez(tmp_path / "long.npz", table=table)
    few = settings | {"method": "maco"}
    usual = kerasdream.visualize("mean(relu1:3)", **few)
    long = kerasdream.visualize("mean(relu1:3)", spectrum=str(tmp_path / "long.npz"), **few)
    short = [np.abs(np.fft.fft2(np.asarray(one, float).mean(-1)))[12:37, 12:37].sum() for one in (usual, long)]
    assert short[1] < 0.2 * short[0]


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_opacity_shows_where_the_picture_counted(small_net, settings, method):
    drawn = kerasdream.visualize("relu1:3@15,20", transform=False, opacity=True, method=method, **settings)
    assert drawn.mode == "RGBA"
    alpha = np.asarray(drawn)[..., 3].astype(float)
    rows, columns = np.nonzero(alpha > 0.5 * alpha.max())
    cell = 2  # pixels, of the padded picture
    assert abs(rows.mean() - (15.5 * cell - 12)) < 2 * cell
    assert abs(columns.mean() - (20.5 * cell - 12)) < 2 * cell
    assert alpha.mean() < 64
    plain = kerasdream.visualize("relu1:3@15,20", transform=False, method=method, **settings)
    assert np.array_equal(np.asarray(drawn)[..., :3], plain)


def test_it_repeats_to_the_byte_and_follows_the_seed(settings):
    a, b, c = (kerasdream.visualize("relu1:3", seed=seed, **settings) for seed in (1, 1, 2))
    assert a.size == (48, 48)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_pair_shows_both_ends(small_net, settings):
    more, less = kerasdream.visualize("mean(relu1:3)", pair=True, rate=0.2, **settings)
    assert shown(small_net, more)[3] > shown(small_net, less)[3]


def test_diversity_drives_answers_apart(small_net, settings):
    look = keras.Function(small_net.inputs, small_net.get_layer("relu2").output)

    def cosine(diversity):
        answers = kerasdream.visualize("relu2", answers=2, diversity=diversity, rate=0.1, **settings | {"steps": 40})
        shown = [look([np.asarray(a, np.float32)[None] / 127.5 - 1]) for a in answers]
        shown = [ops.convert_to_numpy(a).reshape(-1, 16) for a in shown]
        a, b = ((x.T @ x).ravel() for x in shown)
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert cosine(10.0) < cosine(0.0) - 0.02


def test_many_pictures_go_in_groups_and_come_in_order(small_net, settings, monkeypatch):
    start = kerasdream.visualize("relu1", **settings | {"steps": 1, "rate": 1e-6})
    channels = np.flatnonzero(shown(small_net, start) > 0.05)[:5]
    wishes = [f"mean(relu1:{channel})" for channel in channels]
    monkeypatch.setattr("kerasdream.visualization.MAX_PIXELS", 2 * 48**2)
    visualizer = Visualizer(wishes, rate=0.2, **{k: v for k, v in settings.items() if k != "verbose"})
    assert [batch.objectives for batch in visualizer.batches(False)] == [[0, 1], [2, 3], [4]]
    pictures = visualizer.run(False)
    excited = np.array([shown(small_net, picture)[channels] for picture in pictures])
    assert len(channels) == 5
    assert np.mean(excited.argmax(0) == np.arange(5)) >= 0.8


def test_an_atlas_goes_on_where_it_ended(settings, tmp_path):
    sheet = kerasdream.atlas("relu1", channels=[0, 3], output=tmp_path, **settings)
    kept = sorted(os.listdir(tmp_path))
    assert kept == ["relu1-0000.png", "relu1-0003.png"]
    assert kerasdream.record_of(tmp_path / kept[1])["settings"]["objective"] == "relu1:3"
    record = kerasdream.record_of(tmp_path / kept[0])
    files.save(Image.new("RGB", (48, 48), "red"), tmp_path / kept[0], record=record, overwrite=True)
    larger = kerasdream.atlas("relu1", channels=[0, 3, 6], output=tmp_path, columns=3, **settings)
    assert sorted(os.listdir(tmp_path)) == [*kept, "relu1-0006.png"]
    assert (np.asarray(larger)[8:56, 8:56] == (255, 0, 0)).all()
    assert np.array_equal(np.asarray(larger)[8:56, 64:112], np.asarray(sheet)[8:56, 64:112])


def test_an_atlas_does_not_mix_settings_nor_answers(settings, tmp_path):
    kerasdream.atlas("relu1", channels=[0, 3], output=tmp_path, **settings)
    with pytest.raises(OutputError, match=r"relu1-0000.png' was drawn with another size, seed"):
        kerasdream.atlas("relu1", channels=[0, 3], output=tmp_path, **settings | {"size": 64, "seed": 4})
    with pytest.raises(ConfigError, match="pair=True was given; an atlas shows each channel once"):
        kerasdream.atlas("relu1", channels=[0], pair=True, **settings)


def test_a_picture_starts_alike_alone_and_among_others(settings):
    few = settings | {"steps": 1}
    assert np.array_equal(
        kerasdream.visualize("relu1:3", **few), kerasdream.visualize(["relu1:0", "relu1:3"], **few)[1]
    )


def test_the_record_names_no_folder(small_net, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "p.png")
    visualizer = Visualizer([kerasdream.Guide("relu1", tmp_path / "p.png")], model=small_net, size=48)
    assert visualizer.record(visualizer.objectives[0])["settings"]["objective"] == "guide(relu1, p.png)"


def test_a_classifier_of_one_size_says_which():
    image = keras.Input((64, 64, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(image))
    model = keras.Model(image, keras.layers.Dense(4, activation="softmax")(x), name="fixed")
    with pytest.raises(ConfigError, match="size=64 was given; exactly 48 was expected"):
        kerasdream.visualize("class:1", model=model, size=64)
    assert kerasdream.visualize("class:1", model=model, size=48, steps=2, verbose=False).size == (48, 48)
    with pytest.raises(ModelError, match="64 x 100 pixels.*one size only"):
        kerasdream.dream(np.zeros((64, 100, 3), np.uint8), "class:1", model=model)


def test_ctrl_c_hands_back_the_pictures_so_far(settings, monkeypatch):
    from kerasdream.ascent import parameterization

    calls, real = [], parameterization.random_affine

    def counted(*arguments):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(parameterization, "random_affine", counted)
    with pytest.raises(DreamInterrupted) as caught:
        kerasdream.visualize(["relu1:3", "relu1:4"], **settings)
    assert [picture.size for picture in caught.value.result] == [(48, 48)] * 2


@pytest.mark.parametrize(
    ("wish", "more", "error", "words"),
    [
        ("relu1:99", {}, LayerError, "Channel 99 of 'relu1'"),
        ("relu1:strong3", {}, ConfigError, "needs the channels of a picture; a visualisation starts from noise"),
        ("inside(m.png, relu1)", {}, ConfigError, "needs a mask"),
        ("content(relu1)", {}, ConfigError, "needs an original"),
        ([], {}, ConfigError, "No objective was given"),
        ("relu1", {"size": 3}, ConfigError, "size=3 is out of range"),
        ("relu1", {"step": 3}, ConfigError, "no setting 'step'. Did you mean 'steps'"),
        ("relu1", {"method": "fourrier"}, ConfigError, "Did you mean 'fourier'"),
    ],
)
def test_what_cannot_be_drawn_says_why(settings, wish, more, error, words):
    with pytest.raises(error, match=words):
        kerasdream.visualize(wish, **settings | more)


def test_the_defaults_are_stated_once():
    assert VisualConfig().size == 384
    assert VisualConfig(size=np.int64(64)).size == 64


def test_the_script_draws_and_never_writes_over(tmp_path):
    script = os.path.join(os.path.dirname(__file__), "..", "scripts", "run_visualize.py")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    few = ["--model=mini", "--size=64", "--steps=2"]
    first = run("mixed4:150", *few)
    assert (first.returncode, first.stdout) == (0, "mixed4-150.png\n"), first.stderr
    assert kerasdream.record_of(tmp_path / "mixed4-150.png")["settings"]["objective"] == "mixed4:150"
    again = run("mixed4:150", *few)
    assert (again.returncode, again.stdout) == (0, "mixed4-150-2.png\n"), again.stderr
    named = run("mixed4:150", "--output=mixed4-150.png", *few)
    assert named.returncode == 1
    assert "exists and is not written over" in named.stderr
    folder = ["mixed4:150", "mixed4:30", "--output=looks", *few]
    assert run(folder[0], *folder[2:]).stdout == "looks/mixed4-150.png\n"
    before = (tmp_path / "looks" / "mixed4-150.png").stat().st_mtime_ns
    more = run(*folder)
    assert (more.returncode, more.stdout) == (0, "looks/mixed4-30.png\n")
    assert "looks/mixed4-150.png: there already; --overwrite draws it anew" in more.stderr
    assert (tmp_path / "looks" / "mixed4-150.png").stat().st_mtime_ns == before
    sheet = run("--atlas=mixed3", "--channels=1,7-8", "--output=sheet/", *few)
    assert sheet.returncode == 0, sheet.stderr
    assert sorted(os.listdir(tmp_path / "sheet")) == [
        "atlas.png", "mixed3-0001.png", "mixed3-0007.png", "mixed3-0008.png"
    ]  # fmt: skip
    assert run(*few).returncode == 2
    assert run("mixed4:150", "--sise=3").returncode == 2


def test_a_caricature_shows_more_of_what_the_layer_saw(small_net, settings, photo):
    look = keras.Function(small_net.inputs, small_net.get_layer("relu2").output)
    pictures = [photo[:96, :96], photo[:96, 32:][::-1]]
    few = settings | {"size": 72, "steps": 40, "rate": 0.1}
    drawn = kerasdream.visualize([kerasdream.Caricature("relu2", one) for one in pictures], transform=False, **few)
    own = [np.asarray(Image.fromarray(one).resize((96, 96)), np.float32)[12:84, 12:84] for one in pictures]
    a, b = (
        np.array([ops.convert_to_numpy(look([np.float32(one)[None] / 127.5 - 1])).ravel() for one in several])
        for several in (drawn, own)
    )
    a, b = (x - x.mean(0) for x in (a, b))  # what one of the two has and the other has not
    assert np.sum(a[0] * b[0]) > 0.2 * np.linalg.norm(a[0]) * np.linalg.norm(b[0])


def test_a_strip_of_caricatures_begins_with_the_picture(small_net, settings, photo):
    strip = kerasdream.caricatures(photo, ["relu0", "relu2"], **settings)
    middle = Image.fromarray(photo).resize((64, 48), Image.Resampling.BILINEAR).crop((8, 0, 56, 48))
    assert strip.size[0] == 3 * 56 + 8
    shown = np.asarray(strip, float)[8:56, 8:56]
    assert np.abs(shown - np.asarray(middle, float)).mean() < 6
    drawn = kerasdream.visualize(kerasdream.Caricature("relu2", photo), **settings)
    assert np.array_equal(np.asarray(strip)[8:56, 120:168], drawn)
