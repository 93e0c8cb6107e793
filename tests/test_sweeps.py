"""Sweeps: each cell is the dream with its settings, nothing is dreamt twice, and nothing is lost."""

import csv
import io
import math
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
from collections import deque

import keras
import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream.batches import picture_group
from kerasdream.cli import sweep as sweep_program
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, InputImageError, LayerError, OutputError
from kerasdream.recipes import RECIPES, sweeps_of
from kerasdream.sweeps import run as sweep_run
from kerasdream.sweeps.axes import axis_of
from kerasdream.sweeps.cell import figures_of

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "run_sweep.py"
FEW = {"iterations": 2, "num_octave": 2, "max_loss": None}


@pytest.fixture
def photo():
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 56, 3), np.uint8))


@pytest.fixture
def runs(monkeypatch):
    """The settings of every dream that is really dreamt."""
    seen, run = [], kerasdream.Dreamer.run

    def counted(self, *arguments, **settings):
        seen.append(self.config)
        return run(self, *arguments, **settings)

    monkeypatch.setattr(kerasdream.Dreamer, "run", counted)
    return seen


def rows(folder):
    with open(folder / "sweep.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (np.array([0.02, 0.1]), [0.02, 0.1]),
        (range(1, 4), [1, 2, 3]),
        (deque([1, 2]), [1, 2]),
        ([2, 2, 3], [2, 3]),
        (3, None),
        ((1, 2), None),
    ],
)
def test_lists_ranges_and_arrays_are_values_of_a_sweep(given, values):
    assert axis_of("iterations", given) == values


def test_each_cell_is_the_dream_with_its_settings_on_one_compiled_step(small_net, photo):
    sweep = kerasdream.sweep(photo, "relu1", model=small_net, step=[0.02, 0.1], max_loss=[None, 0.5], iterations=3)
    cells = list(sweep)
    assert [cell.values for cell in cells] == [
        {"step": step, "max_loss": limit} for step in (0.02, 0.1) for limit in (None, 0.5)
    ]
    for cell in cells:
        alone = kerasdream.Dreamer("relu1", model=small_net, iterations=3, **cell.values).run(photo)
        np.testing.assert_array_equal(cell.image, alone.image)
        assert cell.loss == alone.losses[-1][-1]
    assert len(sweep.dreamers.kept) == 1
    assert next(iter(sweep.dreamers.kept.values())).traces <= 6


ONE = {"iterations": 1, "num_octave": 1, "max_loss": None}


def test_a_step_four_times_as_long_moves_every_pixel_four_times_as_far(small_net, photo):
    soft = photo.point(lambda level: 96 + level // 4)  # far enough from black and white for both steps
    short, long = kerasdream.sweep(soft, "relu1", model=small_net, step=[0.05, 0.2], **ONE)
    before, near, far = (np.asarray(image, float) for image in (soft, short.image, long.image))
    inside = (far > 0) & (far < 255)
    assert inside.mean() > 0.95
    # One step moves a picture by `step` of the range from -1 to 1 on average; truncation takes up to a level of each.
    np.testing.assert_allclose((far - before)[inside], 4 * (near - before)[inside], atol=5)
    assert short.mean_change == pytest.approx(0.05 * 127.5, abs=0.6)
    assert long.mean_change == pytest.approx(0.2 * 127.5, rel=0.06)


def test_each_layer_is_followed_with_its_weight(small_net, photo):
    objectives = [{"relu0": 1.0}, {"relu0": 3.0}, {"relu1": 1.0}, {"relu0": 1.0, "relu1": 2.0}]
    cells = list(kerasdream.sweep(photo, objectives, model=small_net, **ONE))
    image = np.asarray(photo, np.float32)[None] / 127.5 - 1.0
    shown = keras.Model(small_net.input, [small_net.get_layer(name).output for name in ("relu0", "relu1")])(image)
    squares = [np.square(keras.ops.convert_to_numpy(one)) for one in shown]
    low, high = (one[:, 2:-2, 2:-2].sum() / one.size for one in squares)
    assert [cell.loss for cell in cells] == pytest.approx([low, 3 * low, high, low + 2 * high], rel=1e-4)
    np.testing.assert_array_equal(cells[0].image, cells[1].image)  # the weight of a single layer is normalised away
    assert np.abs(np.asarray(cells[0].image, float) - cells[2].image).mean() > 0.3


def test_iterations_and_octaves_are_counted_in_the_losses(small_net, photo):
    sweep = kerasdream.sweep(photo, "relu1", model=small_net, iterations=[1, 3], num_octave=[1, 2], max_loss=None)
    assert [[len(octave) for octave in cell.losses] for cell in sweep] == [[1], [1, 1], [3], [3, 3]]
    for cell in sweep:
        assert cell.loss == cell.losses[-1][-1]


def test_a_sweep_is_short_to_read_and_a_notebook_shows_what_is_done(small_net, photo):
    sweep = kerasdream.sweep(photo, "relu1", model=small_net, step=[0.05, 0.2], seed=[1, 2, 3], **ONE)
    assert repr(sweep) == "Sweep(step: 2, seed: 3; 0 of 6 done)"
    assert sweep._repr_png_() is None
    cells = iter(sweep)
    first = next(cells)
    shown = Image.open(io.BytesIO(sweep._repr_png_()))
    assert repr(sweep) == "Sweep(step: 2, seed: 3; 1 of 6 done)"
    np.testing.assert_array_equal(np.asarray(shown)[8:48, 8:64], first.image)
    assert (np.asarray(shown)[8:48, 72:128] == 255).all()  # the second is not dreamt yet, and is not dreamt for this
    list(cells)
    assert shown.size == Image.open(io.BytesIO(sweep._repr_png_())).size == sweep.sheets()[0].size


def test_a_missing_picture_is_told_before_a_network_is_built(photo, monkeypatch, tmp_path):
    monkeypatch.setattr("kerasdream.sweeps.run.build_network", lambda *_: pytest.fail("a network was built"))
    for image in (tmp_path / "nowhere.jpg", [photo, tmp_path / "nowhere.jpg"]):
        with pytest.raises(InputImageError, match="nowhere.jpg' cannot be read: No such file"):
            kerasdream.sweep(image, "mixed2", model="mini", step=[0.01, 0.02])


def test_what_is_compiled_in_gets_a_step_of_its_own_on_the_same_network(small_net, photo):
    sweep = kerasdream.sweep(photo, ["relu0", "relu2"], model=small_net, normalize=["mean", "std"], **FEW)
    for cell in sweep:
        alone = kerasdream.Dreamer(cell.values["layers"], model=small_net, normalize=cell.values["normalize"], **FEW)
        np.testing.assert_array_equal(cell.image, alone.run(photo).image)
    assert (len(sweep.dreamers.kept), len(sweep.networks)) == (4, 1)


OTHERS = {
    "step": 0.05, "iterations": 3, "max_loss": 0.6, "num_octave": 1, "octave_scale": 1.2, "octaves_above": 1,
    "detail": "none", "jitter": 5, "strength": 0.5, "keep_color": True, "snapshots": 1, "seed": 3,
    "smooth_noise": 0.5, "memory": "1MB", "tile": 64, "overlap": 16, "max_pixels": 5000, "preset": "keras",
    "opacity": True,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name, knob in KNOBS.items() if not knob.compiled))
def test_a_knob_that_is_not_compiled_in_acts_through_a_shared_step(name, small_net, photo):
    settings = {"jitter": 3, "smooth_samples": 2} | FEW
    photo = photo.resize((100, 90)) if name in ("tile", "overlap") else photo
    compiled = kerasdream.Dreamer("relu1", model=small_net, **settings).compiled
    changed = settings | ({"tile": 64} if name == "overlap" else {}) | {name: OTHERS[name]}
    alone = kerasdream.Dreamer("relu1", model=small_net, **changed)
    shared = kerasdream.Dreamer.from_compiled(compiled.with_config(alone.config)).run(photo)
    np.testing.assert_array_equal(shared.image, alone.run(photo).image)
    assert OTHERS[name] != DEFAULTS[name] or name == "preset"


def test_iterations_at_one_size_are_stages_of_one_run(small_net, photo, runs, tmp_path):
    settings = {"num_octave": 1, "max_loss": None, "model": small_net}
    sweep = kerasdream.sweep(photo, "relu1", step=[0.02, 0.05], iterations=[2, 6, 4], output=tmp_path, **settings)
    cells = list(sweep)
    assert [config.iterations for config in runs] == [6, 6]
    for cell in cells:
        alone = kerasdream.Dreamer("relu1", **cell.values, **settings).run(photo)
        np.testing.assert_array_equal(cell.image, alone.image)
        np.testing.assert_array_equal(np.concatenate(cell.losses), np.concatenate(alone.losses))
        assert kerasdream.record_of(cell.path)["settings"] == alone.record()["settings"]


def test_a_run_that_max_loss_ends_has_ended_for_all_later_stages(small_net, photo, runs):
    settings = {"num_octave": 1, "model": small_net}
    loss = kerasdream.Dreamer("relu1", iterations=3, max_loss=None, **settings).run(photo).losses[0][1]
    sweep = kerasdream.sweep(photo, "relu1", iterations=[1, 5, 9], max_loss=float(loss) * 0.999, **settings)
    assert [len(cell.losses[0]) for cell in sweep] == [1, 2, 2]
    assert len(runs) == 2  # the one above, and one for the three


def test_iterations_at_several_sizes_are_runs_of_their_own(small_net, photo, runs):
    settings = {"num_octave": 2, "max_loss": None, "model": small_net}
    for cell in kerasdream.sweep(photo, "relu1", iterations=[1, 3], **settings):
        alone = kerasdream.Dreamer("relu1", **cell.values, **settings)
        np.testing.assert_array_equal(cell.image, alone.run(photo).image)
    assert [config.iterations for config in runs] == [1, 1, 3, 3]


def test_iterations_that_max_loss_ends_at_every_size_are_not_dreamt_again(small_net, photo, runs):
    settings = {"num_octave": 2, "max_loss": 0.6, "model": small_net}
    cells = list(kerasdream.sweep(photo, "relu1", iterations=[1, 40, 50, 60], **settings))
    assert [config.iterations for config in runs] == [1, 40]
    for cell in cells:
        alone = kerasdream.Dreamer("relu1", **cell.values, **settings).run(photo)
        np.testing.assert_array_equal(cell.image, alone.image)
    assert max(len(octave) for octave in cells[-1].losses) < 40


def test_pictures_and_bundles_of_settings_vary_too(small_net, photo):
    other = photo.rotate(180)
    bundles = {"plain": {}, "jumpy": {"jitter": 7, "step": 0.1}}
    cells = list(kerasdream.sweep([photo, other], "relu1", model=small_net, variants=bundles, **FEW))
    assert [cell.values["variants"] for cell in cells] == ["plain", "jumpy"] * 2
    for cell in cells:
        alone = kerasdream.dream(
            cell.values["image"], "relu1", model=small_net, **FEW | bundles[cell.values["variants"]]
        )
        np.testing.assert_array_equal(cell.image, alone)


def test_pictures_of_one_size_are_dreamt_together_where_that_is_faster(small_net, photo, monkeypatch):
    groups, run = [], kerasdream.Dreamer.run

    def counted(self, image, **settings):
        groups.append((self.config.step, getattr(image, "pixels", np.zeros(1)).shape[0]))
        return run(self, image, **settings)

    images = [photo, photo.rotate(180), photo.resize((40, 56)), photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    for module in (picture_group, sweep_run):
        monkeypatch.setattr(module, "groups_are_faster", lambda config: True)
    monkeypatch.setattr(kerasdream.Dreamer, "run", counted)
    cells = list(kerasdream.sweep(images, "relu1", model=small_net, step=[0.02, 0.1], **FEW))
    assert groups == [(0.02, 3), (0.1, 3), (0.02, 1), (0.1, 1)]
    monkeypatch.undo()
    for cell in cells:
        alone = kerasdream.dream(cell.values["image"], "relu1", model=small_net, **FEW | {"step": cell.values["step"]})
        np.testing.assert_allclose(np.asarray(cell.image, int), np.asarray(alone, int), atol=1)
    assert len({round(cell.loss, 6) for cell in cells[:6:2]}) == 3  # each has its own loss


def test_a_picture_that_cannot_be_read_costs_no_other_of_its_group(small_net, photo, monkeypatch, tmp_path):
    (tmp_path / "bad.png").write_text("bad")
    photo.save(tmp_path / "good.png")
    photo.rotate(180).save(tmp_path / "other.png")
    for module in (picture_group, sweep_run):
        monkeypatch.setattr(module, "groups_are_faster", lambda config: True)
    images = [str(tmp_path / name) for name in ("good.png", "bad.png", "other.png")]
    first, bad, last = kerasdream.sweep(images, "relu1", model=small_net, **FEW)
    assert (first.error, last.error) == ("", "")
    assert "bad.png" in bad.error


def test_a_second_call_dreams_only_what_is_missing(small_net, photo, runs, tmp_path):
    settings = {"model": small_net, "step": [0.02, 0.1], "seed": [1, 2], "output": tmp_path} | FEW
    whole = [np.asarray(cell.image) for cell in kerasdream.sweep(photo, "relu1", **settings)]
    table = rows(tmp_path)
    (tmp_path / table[2]["file"]).unlink()
    (tmp_path / "sweep.csv").unlink()
    del runs[:]
    again = kerasdream.sweep(photo, "relu1", **settings)
    for cell, before in zip(again, whole, strict=True):
        np.testing.assert_array_equal(cell.image, before)
    assert [(config.step, config.seed) for config in runs] == [(0.1, 1)]
    now = rows(tmp_path)
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in now] == [
        {k: v for k, v in row.items() if k != "seconds"} for row in table
    ]
    with pytest.raises(OutputError, match="was dreamt with another iterations. Name another folder"):
        list(kerasdream.sweep(photo, "relu1", **settings | {"iterations": 1}))


def test_pictures_and_models_of_one_name_are_told_apart(small_net, photo, tmp_path):
    for number, picture in enumerate((photo, photo.rotate(180))):
        (tmp_path / str(number)).mkdir()
        picture.save(tmp_path / str(number) / "a.png")
    paths = [tmp_path / "0" / "a.png", tmp_path / "1" / "a.png"]
    other = keras.models.clone_model(small_net)
    for variable in other.weights:
        variable.assign(0.5 * variable)
    settings = {"model": [small_net, other], "output": tmp_path / "out"} | FEW
    for cell in list(kerasdream.sweep(paths, "relu1", **settings)):
        alone = kerasdream.dream(cell.values["image"], "relu1", model=cell.values["model"], **FEW)
        np.testing.assert_array_equal(cell.image, alone)
    photo.rotate(90, expand=True).save(paths[0])  # another picture now, under its name
    with pytest.raises(OutputError, match="was dreamt with another picture"):
        list(kerasdream.sweep(paths, "relu1", **settings))


def test_a_failing_cell_is_marked_and_listed_and_the_others_are_dreamt(small_net, photo, tmp_path):
    sweep = kerasdream.sweep(photo, "relu1", model=small_net, step=[0.02, 1e30], output=tmp_path, **FEW)
    good, bad = sweep
    assert (good.error, bad.image, bad.path) == ("", None, None)
    assert "became" in bad.error
    assert [row["error"] for row in rows(tmp_path)] == ["", bad.error]
    sheet = np.asarray(Image.open(sweep.save_sheets()[0]))
    left, right = sheet[8:48, 8:64], sheet[8:48, 72:128]
    np.testing.assert_array_equal(left, good.image)
    assert (right.reshape(-1, 3) == (225, 225, 225)).all(-1).sum() > 1000
    assert (right.reshape(-1, 3) == (190, 60, 60)).all(-1).sum() > 50


def test_two_knobs_make_rows_and_columns_and_a_third_makes_sheets(small_net, photo):
    axes = {"step": [0.02, 0.1], "seed": [1, 2, 3], "jitter": [4, 5]}
    sweep = kerasdream.sweep(photo, "relu1", model=small_net, **axes, **FEW)
    first, second = sweep.sheets(cell=50)
    cells = list(sweep)
    assert first.size == second.size
    assert first.width == 2 * 50 + 3 * 8  # jitter in the columns, seeds in the rows
    small = cells[6].image.resize((50, 36), Image.Resampling.LANCZOS)
    top = next(y for y in range(second.height) if second.getpixel((8, y)) == small.getpixel((0, 0)))
    np.testing.assert_array_equal(second.crop((8, top, 58, top + 36)), small)
    assert top > 8 + 11  # below the title


def test_figures_are_those_of_the_pictures():
    original = Image.new("RGB", (4, 4), (100, 100, 100))
    loss, psnr, change = figures_of([np.array([1.0, 2.0])], original, Image.new("RGB", (4, 4), (110, 100, 90)))
    assert (loss, change) == (2.0, pytest.approx(20 / 3))
    assert psnr == pytest.approx(10 * np.log10(255**2 / (200 / 3)))
    assert figures_of([], original, original)[1:] == (float("inf"), 0.0)


def test_bad_input_is_told_before_anything_is_dreamt(small_net, photo, runs):
    def swept(*layers, **settings):
        return kerasdream.sweep(photo, *layers, model=small_net, **settings)

    with pytest.raises(ConfigError, match="step=-1 is out of range"):
        swept("relu1", step=[0.1, -1])
    with pytest.raises(ConfigError, match="no setting 'stp'. Did you mean 'step'"):
        swept("relu1", stp=[0.1])
    with pytest.raises(ConfigError, match=r"step=\[\] was given; a list of one or more"):
        swept("relu1", step=[])
    with pytest.raises(LayerError, match="no layer 'rleu2'. Did you mean"):
        swept(["relu1", "rleu2"])
    with pytest.raises(ConfigError, match="keeps no snapshots. Vary iterations"):
        swept("relu1", snapshots=[1, 2])
    assert not runs


@pytest.mark.filterwarnings("ignore:Left out", "ignore:The picture came back unchanged")  # it is tiny
@pytest.mark.parametrize("name", RECIPES)
def test_recipes_run_on_mini(name, tmp_path):
    image = kerasdream.sample().resize((96, 64))
    for number, settings in enumerate(sweeps_of(name, "mini")):
        lists = [value for value in settings.values() if isinstance(value, list)]
        wanted = math.prod(map(len, [*lists, settings.get("variants", [1])]))
        if isinstance(settings.get("iterations"), list):
            settings["iterations"] = [n // 20 + 1 for n in settings["iterations"]]
        else:
            settings["iterations"] = 1
        if "image" in settings:
            settings["image"] = [image, "noise:96x64"]
        sweep = kerasdream.sweep(settings.pop("image", image), model="mini", output=tmp_path / str(number), **settings)
        assert not [cell.error for cell in sweep if cell.error]
        assert len(sweep) == wanted > 1
        assert sweep.save_sheets()


def test_recipes_know_other_models_and_tell_their_names():
    assert sweeps_of("layers", "vgg16")[0]["layers"][0] == "block1_conv2"
    assert len(sweeps_of("layers", "inception_v3")[0]["layers"]) == 9
    assert [sweep["step"] for sweep in sweeps_of("step", "mini")] == [[0.01, 0.04, 0.1, 1.0], [0.01, 0.06]]
    with pytest.raises(ConfigError, match="no recipe 'growht'. Did you mean 'growth'"):
        sweeps_of("growht", "mini")


def test_the_script_reads_what_varies(tmp_path, capsys, monkeypatch):
    varied = sweep_program.varied
    assert varied("step=0.01,1") == ("step", [0.01, 1.0])
    assert varied("step=0.01,0.02;0.1,0.2") == ("step", [(0.01, 0.02), (0.1, 0.2)])
    assert varied("clip=true,false") == ("clip", [True, False])
    assert varied("max_loss=none,4") == ("max_loss", [None, 4.0])
    assert [str(one) for one in varied("layers=mixed3,guide(mixed4, a.jpg)")[1]] == [
        "mixed3", "guide(mixed4, a.jpg)",
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    kerasdream.sample().resize((96, 64)).save("a.png")
    line = ["run_sweep", "a.png", "--model=mini", "--iterations=1", "--num_octave=1"]
    assert sweep_program.main([*line, "--vary=step=0.01,0.5", "--vary=seed=1,2", "--output=out"]) == 0
    assert [row["step"] for row in rows(tmp_path / "out")] == ["0.01", "0.01", "0.5", "0.5"]
    assert sorted(path.name for path in (tmp_path / "out").glob("sheet*")) == ["sheet.png"]
    assert capsys.readouterr().out.count("PSNR") == 4
    for wrong, told in (
        ("--vary=stp=1", "names no knob. Did you mean 'step'"),
        ("--vary=step", "KNOB=VALUE,VALUE was expected"),
        ("--recipe=stp", "no recipe 'stp'. Did you mean 'step'"),
        ("--seed=1", "Nothing varies"),
    ):
        assert sweep_program.main([*line, wrong]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.slow
def test_a_sweep_that_is_killed_at_any_moment_goes_on(tmp_path):
    """Ten kills at random moments; in the end every picture is the uninterrupted one's, each dreamt once."""
    kerasdream.sample().resize((192, 128)).save(tmp_path / "a.png")
    line = [sys.executable, SCRIPT, "a.png", "--model=mini", "--vary=step=0.01,0.03", "--vary=seed=1,2,3"]
    line += ["--jitter=8", "--iterations=10"]
    began = time.perf_counter()
    subprocess.run([*line, "--output=whole"], cwd=tmp_path, check=True)
    took = time.perf_counter() - began
    moments, times = random.Random(5), {}
    for _ in range(10):
        child = subprocess.Popen([*line, "--output=killed"], cwd=tmp_path)
        time.sleep(moments.uniform(0.2, 0.9) * took)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        for path in (tmp_path / "killed").glob("step*.png"):
            assert times.setdefault(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns
            path.stat() and Image.open(path).load()
    subprocess.run([*line, "--output=killed"], cwd=tmp_path, check=True)
    for path in (tmp_path / "whole").glob("*.png"):
        np.testing.assert_array_equal(Image.open(path), Image.open(tmp_path / "killed" / path.name))
    kept = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in rows(tmp_path / n)] for n in ("whole", "killed")
    ]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 6
