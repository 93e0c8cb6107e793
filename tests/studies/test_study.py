"""A study from folder to report: the right pictures, dreamt and judged once, whatever interrupts it."""

import importlib.util
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from conftest import MOBILENET, needs_mobilenet
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError, InputImageError, ModelError, NonFiniteError, OutputError
from kerasdream.image.picture import Picture
from kerasdream.model import zoo
from kerasdream.studies.judge import Judge
from kerasdream.studies.pictures import find_pictures
from kerasdream.studies.training_shares import read_counts, training_shares

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "run_study.py"
QUICK = {"iterations": 2, "num_octave": 1, "step": 0.1, "size": 64, "batch": 3}


@pytest.fixture(scope="module")
def judge():
    """A classifier whose classes are random projections of the picture's mean colours on a coarse grid."""
    image = keras.Input((32, 32, 3))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(8)(image))
    dense = keras.layers.Dense(1000, activation="softmax", name="scores")
    model = keras.Model(image, dense(x), name="judge")
    dense.kernel.assign(np.random.default_rng(1).normal(0, 3, dense.kernel.shape))
    return model


@pytest.fixture
def folder(tmp_path):
    """Seven pictures of several forms, and one that is none."""
    home = tmp_path / "photos"
    home.mkdir()
    rng = np.random.default_rng(2)
    for number in range(7):
        coarse = Image.fromarray(rng.integers(0, 255, (6, 7 + number, 3), np.uint8))
        coarse.resize((80 + 10 * number, 90)).save(home / f"{number}.png")
    (home / "4.png").write_bytes(b"this is no picture")
    (home / "notes.txt").write_text("no picture either")
    return home


@pytest.fixture
def asked(folder, tmp_path, judge, small_net):
    """The settings of a quick study, and where it goes."""
    return {
        "images": folder,
        "layers": ["relu0", "relu2"],
        "output": tmp_path / "out",
        "judge": judge,
        "model": small_net,
    } | QUICK


def rows(path, table="guesses"):
    base = sqlite3.connect(path)
    found = sorted(base.execute(f"SELECT * FROM {table}"))
    base.close()
    return found


def test_every_picture_is_dreamt_on_every_layer_and_judged(asked, judge, small_net, folder, tmp_path):
    found = kerasdream.study(**asked, noises=2)
    verdicts = rows(tmp_path / "out" / "study.db")
    assert len(verdicts) == (6 + 2) * (1 + 2 * 2) * 5  # pictures, before and two layers twice, guesses
    square = Image.open(folder / "2.png").resize((64, 64), Image.Resampling.LANCZOS, (5, 0, 95, 90))
    dreamer = kerasdream.Dreamer("relu2", model=small_net, max_loss=None, iterations=2, num_octave=1, step=0.1)
    for condition, layer, picture in (("before", "", square), ("after", "relu2", dreamer.run(square).image)):
        shown = Judge(judge)(np.asarray(picture)[None])[0]
        kept = [row for row in verdicts if row[:3] == (3, layer, condition)]
        assert [row[4] for row in kept] == np.argsort(-shown)[:5].tolist()
        np.testing.assert_allclose([row[5] for row in kept], np.sort(shown)[:-6:-1], rtol=0.02)
    assert [name for name, _ in found["faults"]] == [str(folder / "4.png")]
    assert (found["pictures"], found["sources"]["photo"]["layers"][0]["pictures"]) == (8, 6)
    assert found["sources"]["noise"]["layers"][1]["pictures"] == 2
    control = [row for row in verdicts if row[2] == "control"]
    assert [row[5] for row in control] != [row[5] for row in verdicts if row[2] == "after"]


def test_the_report_stands_alone_and_trusts_no_name(asked, folder, tmp_path):
    (folder / "0.png").rename(folder / "<script>alert(1)<!--.png")
    kerasdream.study(**asked)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "4.png" in page
    assert page.count("<svg") == 2
    assert page.count("data:image/jpeg;base64,") >= 2
    addresses = set(re.findall(r"(?:src|href)=.(?!data:|#)[^\"']*", page))
    assert not addresses
    assert "Too few pictures (6) to answer anything" in page


def test_a_second_run_does_only_what_is_missing_and_ends_the_same(asked, tmp_path, monkeypatch):
    whole = kerasdream.study(**asked)
    verdicts = rows(tmp_path / "out" / "study.db")
    study = kerasdream.Study(**asked | {"output": tmp_path / "halves"})
    next(study.steps())  # three pictures
    study.records.close()
    runs, run = [], kerasdream.Dreamer.run

    def counted(self, image, **settings):
        runs.append(len(image.pixels))
        return run(self, image, **settings)

    monkeypatch.setattr(kerasdream.Dreamer, "run", counted)
    again = kerasdream.study(**asked | {"output": tmp_path / "halves"})
    assert runs == [2] * 4 + [1] * 4  # of the next three one cannot be read
    assert again["sources"] == whole["sources"]
    assert rows(tmp_path / "halves" / "study.db") == verdicts
    kerasdream.study(**asked | {"output": tmp_path / "halves"})
    assert len(runs) == 8
    with pytest.raises(OutputError, match="other settings .*Name another folder"):
        kerasdream.study(**asked | {"output": tmp_path / "halves", "iterations": 3})


def test_what_could_not_be_read_is_tried_again_and_nothing_counts_twice(asked, folder, tmp_path, monkeypatch):
    kerasdream.study(**asked)
    Image.new("RGB", (80, 80), (90, 20, 200)).save(folder / "4.png")
    monkeypatch.chdir(folder.parent)
    found = kerasdream.study(**asked | {"images": folder.name})
    assert (found["pictures"], found["faults"]) == (7, [])


def test_a_picture_whose_dream_fails_holds_up_no_other(asked, monkeypatch):
    run = kerasdream.Dreamer.run

    def torn(self, image, **settings):
        if (image.pixels == bad_pixels).all((1, 2, 3)).any() and "relu2" in self.features.names:
            raise NonFiniteError("The loss of the dream became nan.")
        return run(self, image, **settings)

    study = kerasdream.Study(**asked)
    bad_pixels = Picture.of(study.read(2, "photo", study.records.pictures(1, 1)[0][2])).pixels
    monkeypatch.setattr(kerasdream.Dreamer, "run", torn)
    for _ in study.steps():
        pass
    found = study.summary()
    assert [layer["pictures"] for layer in found["sources"]["photo"]["layers"]] == [6, 5]
    faults = [fault for _, fault in found["faults"]]
    assert faults[0] == "relu2, control: The loss of the dream became nan."  # the last one stands
    assert len(faults) == 2  # and the file that is no picture


def test_layers_and_pictures_may_be_added_later(asked, tmp_path):
    kerasdream.study(**asked | {"layers": ["relu0"], "limit": 3})
    found = kerasdream.study(**asked)
    assert [layer["pictures"] for layer in found["sources"]["photo"]["layers"]] == [6, 6]


def test_bad_input_is_told_before_anything_is_dreamt(asked, small_net, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()

    def wrong(kind, match, **changes):
        with pytest.raises(kind, match=match):
            kerasdream.study(**asked | changes)

    wrong(ConfigError, "holds no picture; files ending in", images=empty)
    wrong(InputImageError, "There is no picture or folder", images=tmp_path / "nowhere")
    wrong(ConfigError, "There is nothing to dream on", images=[])
    wrong(ModelError, "no layer 'relu9'. Did you mean", layers=["relu0", "relu9"])
    wrong(ConfigError, "a list was expected, such as", layers="relu0")
    wrong(ModelError, "The judge 'topless' gives .* a classifier with its top was expected", judge=topless())
    wrong(ModelError, "tells no classes apart", judge="mini")
    wrong(ConfigError, "is the network that dreams, and would find what it put there", judge=small_net)
    wrong(ConfigError, "batch=0 was given; a whole number, 1 or more", batch=0)
    wrong(ConfigError, "no setting 'itertions'. Did you mean 'iterations'", itertions=3)
    assert not (tmp_path / "out" / "study.db").exists()


def topless():
    image = keras.Input((32, 32, 3))
    return keras.Model(image, keras.layers.Conv2D(4, 3)(image), name="topless")


def test_one_picture_answers_nothing_but_is_reported(asked, folder, tmp_path):
    found = kerasdream.study(**asked | {"images": folder / "1.png"})
    assert found["sources"]["photo"]["layers"][0]["pictures"] == 1
    assert "Too few pictures (1)" in (tmp_path / "out" / "report.html").read_text()


def test_hidden_files_and_folders_named_like_pictures_are_passed_over(folder):
    (folder / "album.png").mkdir()
    (folder / ".thumb.jpg").write_bytes(b"")
    assert [path.name for path in find_pictures(folder)] == [f"{number}.png" for number in range(7)]
    assert [path.name for path in find_pictures([folder], limit=3)] == ["0.png", "2.png", "4.png"]


def test_a_study_is_short_to_read_and_needs_its_extra(asked, monkeypatch, tmp_path):
    assert repr(kerasdream.Study(**asked)) == f"Study('{tmp_path}/out', 2 layers, 7 pictures)"
    find = importlib.util.find_spec
    for module, name in (("scipy", "SciPy"), ("matplotlib", "matplotlib")):
        monkeypatch.setattr(importlib.util, "find_spec", lambda one, gone=module: None if one == gone else find(one))
        with pytest.raises(ConfigError, match=rf'A study needs {name}: pip install "kerasdream\[study\]"'):
            kerasdream.Study(**asked | {"output": tmp_path / "other"})
        monkeypatch.undo()
    assert not (tmp_path / "other").exists()


def test_without_its_extra_the_package_is_still_imported():
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['matplotlib'] = None; import kerasdream; "
        "print(kerasdream.Study, kerasdream.study)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Study" in done.stdout, done.stderr


def test_training_counts_change_the_shares(tmp_path):
    (tmp_path / "counts.csv").write_text("class,count\nn02123045,30\n0,10\n")
    assert read_counts(tmp_path / "counts.csv")[[281, 0, 5]].tolist() == [30, 10, 0]
    shares = training_shares(tmp_path / "counts.csv")
    assert (shares["cats"], shares["reptiles and fish"], shares["dogs"]) == (0.75, 0.25, 0.0)
    assert training_shares(None)["dogs"] == pytest.approx(0.118)
    (tmp_path / "empty.csv").write_text("class,count\n")
    with pytest.raises(ConfigError, match="counts no pictures"):
        training_shares(tmp_path / "empty.csv")
    (tmp_path / "endless.csv").write_text("281,inf\n")
    with pytest.raises(ConfigError, match="counts no pictures"):
        training_shares(tmp_path / "endless.csv")
    (tmp_path / "wrong.csv").write_text("281,many\n")
    with pytest.raises(ConfigError, match="cannot be read: .* Rows such as n02123045,1300"):
        training_shares(tmp_path / "wrong.csv")


@needs_mobilenet
def test_a_named_judge_knows_a_tabby_from_the_network_that_was_trained():
    judge = Judge("mobilenet_v2", str(MOBILENET))
    shown = judge(np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8))
    assert shown.shape == (2, 1000)
    np.testing.assert_allclose(shown.sum(-1), 1.0)
    model = zoo.build("mobilenet_v2", str(MOBILENET), 0, top=True)
    assert judge.side == model.input_shape[1]


@pytest.mark.slow
@needs_mobilenet
def test_a_study_that_is_killed_at_any_moment_goes_on(folder, tmp_path):
    """Ten kills at random moments; in the end every verdict is the uninterrupted study's."""
    line = [sys.executable, SCRIPT, folder, "--model=mini", "--layers=mixed2,mixed4", "--noises=9", "--batch=3"]
    line += [f"--judge_weights={MOBILENET}", "--size=96", "--iterations=4"]
    began = time.perf_counter()
    subprocess.run([*line, "--output=whole"], cwd=tmp_path, check=True)
    took = time.perf_counter() - began
    moments, known = random.Random(5), set()
    for _ in range(10):
        child = subprocess.Popen([*line, "--output=killed"], cwd=tmp_path)
        time.sleep(moments.uniform(0.3, 0.95) * took)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        if (tmp_path / "killed" / "study.db").exists():
            now = set(rows(tmp_path / "killed" / "study.db"))
            assert known <= now
            known = now
    subprocess.run([*line, "--output=killed"], cwd=tmp_path, check=True)
    assert rows(tmp_path / "killed" / "study.db") == rows(tmp_path / "whole" / "study.db")
    assert (tmp_path / "killed" / "summary.json").read_text() == (tmp_path / "whole" / "summary.json").read_text()
