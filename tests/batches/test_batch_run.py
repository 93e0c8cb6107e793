"""Batches: every picture once, the same bytes wherever it was dreamt, and nothing lost when a run is cut off."""

import io
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time

import keras
import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream.batch_config import BATCH_DEFAULTS, BATCH_KNOBS, BatchSettings
from kerasdream.batches.manifest import Manifest
from kerasdream.batches.picture_group import PictureGroup
from kerasdream.batches.run import part_of_key
from kerasdream.cli import main
from kerasdream.errors import BatchError, ConfigError, DreamInterrupted, OutputError
from kerasdream.settings import Settings

FEW = {"layers": {"relu2": 1.0}, "iterations": 2, "num_octave": 2, "max_loss": None, "jitter": 2}
PROGRAM = [sys.executable, "-m", "kerasdream", "batch"]
QUICK = ["--model=mini", "--iterations=1", "--num_octave=1", "--size=48"]


def picture(number, height=32, width=40):
    return np.random.default_rng(number).integers(0, 256, (height, width, 3)).astype(np.uint8)


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image)


@pytest.fixture
def photos(tmp_path):
    """A folder with a tree of nine pictures of three sizes."""
    for number in range(9):
        path = tmp_path / "photos" / "abc"[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number, 32 + 4 * (number % 3))).save(path)
    return tmp_path / "photos"


@pytest.fixture
def dreamt(monkeypatch):
    """How many pictures each dream really had."""
    seen, run = [], kerasdream.Dreamer.run

    def counted(self, image, **settings):
        seen.append(len(image.pixels))
        return run(self, image, **settings)

    monkeypatch.setattr(kerasdream.Dreamer, "run", counted)
    return seen


def files(folder):
    """The files of an output but its manifest, by name."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith(".kerasdream")}


def members(folder):
    """The files in all tars of an output, by name; a name comes once."""
    found = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                assert member.name not in found
                found[member.name] = tar.extractfile(member).read()
    return found


def test_a_folder_becomes_a_tree_of_dreams_that_carry_their_settings(photos, tmp_path, small_net):
    summary = kerasdream.dream_many(photos, tmp_path / "out", model=small_net, **FEW)
    assert (summary.dreamt, summary.skipped, summary.failed, summary.errors) == (9, 0, 0, None)
    assert sorted(files(tmp_path / "out")) == sorted(f"{'abc'[n % 3]}/{n}.png" for n in range(9))
    record = kerasdream.record_of(tmp_path / "out" / "a" / "3.png")
    assert record["settings"]["jitter"] == 2
    assert record["source"] == "3.png"
    assert [len(octave) for octave in record["losses"]] == [2, 2]
    assert "seconds" not in record


def test_a_picture_of_a_batch_is_the_dream_of_it_alone(photos, tmp_path, small_net):
    kerasdream.dream_many(photos, tmp_path / "out", model=small_net, **FEW)
    alone = kerasdream.dream(photos / "b" / "4.png", model=small_net, **FEW)
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "b" / "4.png"), alone)


def test_the_first_dreams_are_under_way_together_and_the_step_is_traced_once(photos, tmp_path, small_net, monkeypatch):
    dreamers, both, run = [], threading.Barrier(2, timeout=60), kerasdream.Dreamer.run

    def together(self, image, **settings):
        if len(dreamers) < 2:
            dreamers.append(self)
            both.wait()  # breaks where the second dream waits for the first
        return run(self, image, **settings)

    monkeypatch.setattr(kerasdream.Dreamer, "run", together)
    summary = kerasdream.dream_many(photos, tmp_path / "dreams", model=small_net, workers=2, group=1, **FEW)
    assert (summary.dreamt, summary.failed) == (9, 0)
    if keras.backend.backend() == "tensorflow":
        assert {dreamer.compiled.traces for dreamer in dreamers} == {1}


def test_the_bytes_of_a_dream_do_not_depend_on_its_place_its_part_or_the_number_of_workers(photos, tmp_path, small_net):
    kerasdream.dream_many(photos, tmp_path / "whole", model=small_net, **FEW)
    for number in (1, 2, 3):
        kerasdream.dream_many(photos, tmp_path / "parts", model=small_net, shard=f"{number}/3", workers=3, **FEW)
    paths = sorted(photos.rglob("*.png"), reverse=True)
    kerasdream.dream_many(paths, tmp_path / "turned", model=small_net, workers=1, window=1, **FEW)
    assert files(tmp_path / "whole") == files(tmp_path / "parts") == files(tmp_path / "turned")


def test_groups_share_a_size_and_come_close_to_the_single_dream(photos, tmp_path, small_net, dreamt):
    kerasdream.dream_many(photos, tmp_path / "one", model=small_net, **FEW)
    assert dreamt == [1] * 9
    dreamt.clear()
    kerasdream.dream_many(photos, tmp_path / "three", model=small_net, group=3, **FEW)
    assert dreamt == [3, 3, 3]
    for name in files(tmp_path / "one"):
        one, three = (pixels(tmp_path / run / name).astype(int) for run in ("one", "three"))
        assert np.abs(one - three).max() <= 2
    losses = [kerasdream.record_of(tmp_path / run / "c" / "5.png")["losses"] for run in ("one", "three")]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_sizes_are_rounded_up_and_fitted(photos, tmp_path, small_net, dreamt):
    settings = {"model": small_net, "group": 9, "workers": 1, **FEW}
    kerasdream.dream_many(photos, tmp_path / "up", round_up=40, **settings)
    assert dreamt == [9]
    assert pixels(tmp_path / "up" / "a" / "0.png").shape == (32, 40, 3)
    dreamt.clear()
    kerasdream.dream_many(photos, tmp_path / "fit", size="24x20", **settings)
    assert dreamt == [9]
    assert pixels(tmp_path / "fit" / "a" / "0.png").shape == (20, 24, 3)


def test_a_group_gives_each_picture_back_in_its_kind():
    grey, alpha = Image.new("L", (6, 5), 90), Image.new("RGBA", (6, 5), (1, 2, 3, 128))
    pictures = [kerasdream.image.picture.Picture.of(image) for image in (grey, alpha)]
    group = PictureGroup.gather(pictures, (8, 8))
    unchanged = np.zeros((2, 8, 8), bool)
    unchanged[1] = True
    first, second = group.restore(np.full((2, 8, 8, 3), 50.0), unchanged)
    assert (first.mode, first.size, first.getpixel((0, 0))) == ("L", (6, 5), 50)
    assert second.getpixel((5, 4)) == (1, 2, 3, 128)


def test_a_group_whose_dream_fails_is_dreamt_one_by_one(tmp_path, small_net, monkeypatch):
    run = kerasdream.Dreamer.run

    def failing(self, image, **settings):
        if (image.pixels == 7).all(axis=(1, 2, 3)).any():
            raise kerasdream.NonFiniteError("The loss became nan.")
        return run(self, image, **settings)

    monkeypatch.setattr(kerasdream.Dreamer, "run", failing)
    pictures = [picture(0), np.full((32, 40, 3), 7, np.uint8), picture(2)]
    summary = kerasdream.dream_many(pictures, tmp_path, model=small_net, group=3, **FEW)
    assert (summary.dreamt, summary.failed) == (2, 1)
    assert json.loads((tmp_path / "errors.jsonl").read_text()) == {"key": "00000001", "reason": "The loss became nan."}


def test_run_again_a_batch_dreams_what_is_new_changed_or_gone(photos, tmp_path, small_net, dreamt):
    def run(**more):
        dreamt.clear()
        summary = kerasdream.dream_many(photos, tmp_path / "out", model=small_net, **FEW | more)
        return summary.dreamt, summary.skipped, len(dreamt)

    assert run() == (9, 0, 9)
    assert run() == (0, 9, 0)
    Image.fromarray(picture(20)).save(photos / "a" / "0.png")
    Image.fromarray(picture(21)).save(photos / "new.png")
    (tmp_path / "out" / "b" / "1.png").unlink()
    assert run() == (3, 7, 3)
    assert run(step=0.02) == (10, 0, 10)


def test_bad_pictures_are_told_and_the_others_dreamt(photos, tmp_path, small_net):
    (photos / "a" / "torn.png").write_bytes((photos / "a" / "0.png").read_bytes()[:300])
    (photos / "b" / "text.jpg").write_text("no picture")
    for _ in range(2):  # told once, also by a second run
        summary = kerasdream.dream_many(photos, tmp_path / "out", model=small_net, **FEW)
        assert summary.failed == 2
        errors = [json.loads(line) for line in (tmp_path / "out" / "errors.jsonl").read_text().splitlines()]
        assert [error["key"] for error in errors] == ["a/torn", "b/text"]
        assert "text.jpg' cannot be read as a picture: it is of no known kind" in errors[1]["reason"]
    with pytest.raises(BatchError, match="More than 1 pictures failed; the last: b/text") as caught:
        kerasdream.dream_many(photos, tmp_path / "few", model=small_net, max_errors=1, **FEW)
    assert caught.value.summary.failed == 2
    os.remove(photos / "a" / "torn.png")
    os.remove(photos / "b" / "text.jpg")
    assert kerasdream.dream_many(photos, tmp_path / "out", model=small_net, **FEW).errors is None
    assert not (tmp_path / "out" / "errors.jsonl").exists()


def test_a_key_that_comes_twice_is_told(tmp_path, small_net):
    rows = [{"key": "a", "image": picture(0)}, {"key": "a", "image": picture(1)}, {"key": "../b", "image": picture(2)}]
    summary = kerasdream.dream_many(rows, tmp_path, model=small_net, **FEW)
    assert (summary.dreamt, summary.failed) == (1, 2)
    alone = kerasdream.dream(picture(0), model=small_net, **FEW)
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), alone)


def test_tars_hold_dreams_their_records_and_what_came_beside(tmp_path, small_net):
    rows = [{"key": f"d/{n}", "image": picture(n), "label": n, "cls": b"%d" % n} for n in range(5)]
    summary = kerasdream.dream_many(rows, tmp_path / "out", model=small_net, format="tar", tar_size="0.00001GB", **FEW)
    assert summary.dreamt == 5
    found = members(tmp_path / "out")
    assert sorted(found) == sorted(f"d/{n}.{ending}" for n in range(5) for ending in ("png", "json", "cls"))
    assert len(list((tmp_path / "out").glob("dreams-0000?.tar"))) > 1
    record = json.loads(found["d/3.json"])
    assert (record["sample"], found["d/3.cls"]) == ({"label": 3}, b"3")
    assert record["versions"]["kerasdream"] == kerasdream.__version__
    assert [len(octave) for octave in record["losses"]] == [2, 2]
    alone = kerasdream.dream(picture(3), model=small_net, **FEW)
    np.testing.assert_array_equal(pixels(io.BytesIO(found["d/3.png"])), alone)
    again = kerasdream.dream_many(str(tmp_path / "out" / "*.tar"), tmp_path / "back", model=small_net, **FEW)
    assert again.dreamt == 5
    assert json.loads((tmp_path / "back" / "d" / "3.json").read_text()) == record


def test_a_tar_left_unfinished_is_gone_on_with_after_its_last_whole_sample(tmp_path, small_net, dreamt):
    rows = [{"key": str(n), "image": picture(n)} for n in range(24)]
    settings = {"model": small_net, "format": "tar", "workers": 1, "window": 1, **FEW}
    kerasdream.dream_many(rows, tmp_path / "whole", **settings)

    def broken():
        yield from rows[:16]
        raise KeyboardInterrupt

    with pytest.raises(DreamInterrupted):
        kerasdream.dream_many(broken(), tmp_path / "out", **settings)
    part = tmp_path / "out" / ".dreams-00000.tar.part"
    with open(part, "ab") as file:
        file.write(b"torn" * 300)
    dreamt.clear()
    summary = kerasdream.dream_many(rows, tmp_path / "out", **settings)
    assert summary.skipped == 24 - len(dreamt) > 4
    assert (tmp_path / "out" / "dreams-00000.tar").read_bytes() == (
        tmp_path / "whole" / "dreams-00000.tar"
    ).read_bytes()
    assert not part.exists()


def test_a_tar_that_is_lost_is_dreamt_anew_and_one_with_another_dream_is_told(tmp_path, small_net):
    rows = [{"key": str(n), "image": picture(n)} for n in range(3)]
    settings = {"model": small_net, "format": "tar", **FEW}
    kerasdream.dream_many(rows, tmp_path, **settings)
    changed = kerasdream.dream_many([{"key": "1", "image": picture(9)}], tmp_path, **settings)
    assert (changed.dreamt, changed.failed) == (0, 1)
    (tmp_path / "dreams-00000.tar").unlink()
    assert kerasdream.dream_many(rows, tmp_path, **settings).dreamt == 3
    assert sorted(members(tmp_path)) == sorted(f"{n}.{ending}" for n in range(3) for ending in ("json", "png"))


def test_a_table_gives_every_picture_its_own_settings(photos, tmp_path, small_net):
    table = photos / "t.csv"
    table.write_text("picture,key,step,label\na/0.png,weak,0.005,x\na/0.png,strong,0.05,y\na/3.png,bad,-1,z\n")
    summary = kerasdream.dream_many(table, tmp_path / "out", model=small_net, **FEW)
    assert (summary.dreamt, summary.failed) == (2, 1)
    assert "step=-1 is out of range" in (tmp_path / "out" / "errors.jsonl").read_text()
    for key, step, label in (("weak", 0.005, "x"), ("strong", 0.05, "y")):
        alone = kerasdream.dream(photos / "a" / "0.png", model=small_net, **FEW, step=step)
        np.testing.assert_array_equal(pixels(tmp_path / "out" / f"{key}.png"), alone)
        assert json.loads((tmp_path / "out" / f"{key}.json").read_text())["sample"] == {"label": label}


def test_parts_meet_in_no_picture_and_each_key_falls_to_one():
    parts = [part_of_key(f"n{number}", 4) for number in range(4000)]
    assert {part: parts.count(part) > 900 for part in set(parts)} == dict.fromkeys((1, 2, 3, 4), True)
    assert part_of_key("birds/0001", 1000) == 943  # on every machine and in every version


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4"])
def test_what_is_no_part_is_refused(shard, tmp_path):
    with pytest.raises(ConfigError, match=f"shard='{shard}' was given"):
        kerasdream.dream_many([], tmp_path, shard=shard)


def test_two_runs_on_one_output_do_not_meet(tmp_path, small_net):
    manifest = Manifest(tmp_path / ".kerasdream-batch.sqlite")
    try:
        with pytest.raises(OutputError, match="Another run is at work there"):
            kerasdream.dream_many([picture(0)], tmp_path, model=small_net, **FEW)
    finally:
        manifest.close()
    (tmp_path / ".kerasdream-batch.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(OutputError, match="Move it away"):
        kerasdream.dream_many([picture(0)], tmp_path, model=small_net, **FEW)


def test_nothing_of_the_users_is_written_over(photos, tmp_path, small_net):
    for output in (photos, photos / "dreams"):
        with pytest.raises(ConfigError, match="lies in the source"):
            kerasdream.dream_many(photos, output, model=small_net, **FEW)
    Image.fromarray(picture(50)).save(tmp_path / "0.png")
    before = (tmp_path / "0.png").read_bytes()
    with pytest.raises(OutputError, match="exists and is no dream"):
        kerasdream.dream_many([photos / "a" / "0.png"], tmp_path, model=small_net, **FEW)
    assert (tmp_path / "0.png").read_bytes() == before


def test_a_model_file_that_has_changed_dreams_anew_and_one_that_moved_does_not(photos, tmp_path, small_net):
    def dreamt(file):
        return kerasdream.dream_many(photos, tmp_path / "out", model=str(tmp_path / file), **FEW).dreamt

    small_net.save(tmp_path / "mine.keras")
    count = dreamt("mine.keras")
    (tmp_path / "mine.keras").rename(tmp_path / "moved.keras")
    assert (count > 1, dreamt("moved.keras")) == (True, 0)
    small_net.layers[1].kernel.assign(2 * small_net.layers[1].kernel)
    small_net.save(tmp_path / "moved.keras")
    assert dreamt("moved.keras") == count


def test_wrong_settings_are_told_before_anything_is_read(tmp_path):
    for settings, match in (({"stepp": 1}, "no setting 'stepp'"), ({"snapshots": 2}, "snapshots is for single dreams")):
        with pytest.raises(ConfigError, match=match):
            kerasdream.dream_many("nowhere", tmp_path / "out", **settings)
    for settings in ({"size": "0"}, {"size": "big"}, {"group": 0}, {"format": "zip"}, {"workers": 0}):
        with pytest.raises(ConfigError):
            kerasdream.dream_many("nowhere", tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_editors_know_every_setting_of_a_batch_and_its_page_the_defaults():
    assert BatchSettings.__annotations__.keys() == BATCH_KNOBS.keys() | Settings.__annotations__.keys()
    page = (pathlib.Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    for name, default in BATCH_DEFAULTS.items():
        assert f"| `{name}` | {default} |" in page, name


def test_memory_says_how_many_go_together(tmp_path, small_net, dreamt):
    pictures = [picture(n, 64, 64) for n in range(4)]
    kerasdream.dream_many(pictures, tmp_path / "much", model=small_net, group=4, **FEW)
    dreamt_much = list(dreamt)
    dreamt.clear()
    two = 2 * 64 * 64 * kerasdream.Dreamer(model=small_net, **FEW).compiled.bytes_per_pixel  # two workers, one picture
    memory = f"{1.5 * two / 1e6:.3f}MB"
    kerasdream.dream_many(pictures, tmp_path / "little", model=small_net, group=4, memory=memory, **FEW)
    assert dreamt_much == [4]
    assert dreamt == [1] * 4


def test_a_callers_iterable_is_not_read_far_ahead(tmp_path, small_net):
    read, written, gap = 0, tmp_path / "out", []

    def rows():
        nonlocal read
        for number in range(60):
            read = number
            gap.append(number - len(list(written.glob("*.png"))))
            yield {"key": str(number), "image": picture(number)}

    kerasdream.dream_many(rows(), written, model=small_net, window=4, **FEW)
    assert read == 59
    assert max(gap) < 20


def test_the_program_dreams_tells_and_ends_with_its_status(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert main(["kerasdream", "batch", "photos", "out", *QUICK]) == 0
    assert capsys.readouterr().out.startswith("9 pictures dreamt in ")
    (photos / "bad.jpg").write_text("bad")
    assert main(["kerasdream", "batch", "photos", "out", *QUICK]) == 1
    out, err = capsys.readouterr()
    assert "0 pictures dreamt" in out
    assert "9 were there already; 1 failed: out/errors.jsonl" in out
    assert err.endswith("kerasdream: 1 pictures failed; out/errors.jsonl says why. The others are dreamt.\n")
    assert main(["kerasdream", "batch", "photos", "out", "--max_errors=0", *QUICK]) == 1
    assert "More than 0 pictures failed" in capsys.readouterr().err
    assert main(["kerasdream", "batch", "photos"]) == 2
    assert dict(os.environ) == before  # Keras was loaded before: the process is not the program's own


def kill_and_go_on(tmp_path, kills, extra):
    """Kill a run so many times, at any moment of its dreaming, and let it end."""
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(40):
        Image.fromarray(picture(number, 48, 48)).save(source / f"{number}.png")
    line = [*PROGRAM, "photos", "killed", *QUICK, *extra]
    moments, alive = random.Random(4), []
    for _ in range(kills):
        child = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready = tmp_path / "killed" / ".kerasdream-batch.sqlite"
        while child.poll() is None and not (ready.exists() and time.time() - ready.stat().st_mtime < 1):
            threading.Event().wait(0.01)
        threading.Event().wait(moments.uniform(0, 0.3))
        alive.append(child.poll() is None)
        os.kill(child.pid, signal.SIGKILL) if alive[-1] else None
        child.wait()
    assert any(alive)
    done = subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, text=True)
    whole = subprocess.run([*PROGRAM, "photos", "whole", *QUICK, *extra], cwd=tmp_path, check=True, capture_output=True)
    assert whole.stdout.startswith(b"40 pictures dreamt")
    base = sqlite3.connect(tmp_path / "killed" / ".kerasdream-batch.sqlite")
    assert base.execute("SELECT count(*) FROM dreams").fetchone() == (40,)
    base.close()
    return done.stdout


def check_folder(tmp_path):
    killed = {name: content for name, content in files(tmp_path / "killed").items() if not name.endswith(".tmp")}
    assert killed == files(tmp_path / "whole")


def check_tars(tmp_path):
    assert members(tmp_path / "killed") == members(tmp_path / "whole")
    assert not list((tmp_path / "killed").glob(".*.part"))


def test_a_batch_that_is_killed_goes_on(tmp_path):
    kill_and_go_on(tmp_path, 2, ["--format=tar", "--tar_size=0.00003GB"])
    check_tars(tmp_path)


@pytest.mark.slow
def test_a_batch_that_is_killed_twenty_times_ends_as_if_it_had_not_been(tmp_path):
    kill_and_go_on(tmp_path, 20, [])
    check_folder(tmp_path)


@pytest.mark.slow
def test_tars_of_a_batch_that_is_killed_twenty_times_are_whole_and_hold_all_once(tmp_path):
    kill_and_go_on(tmp_path, 20, ["--format=tar", "--tar_size=0.00003GB"])
    check_tars(tmp_path)


def peak_of(count):
    """The largest memory of a process of its own that dreams so many tiny pictures, in bytes."""
    code = f"""
import resource, sys, tempfile, numpy as np, kerasdream
one = np.random.default_rng(0)
rows = ({{"image": one.integers(0, 256, (32, 32, 3)).astype("uint8")}} for _ in range({count}))
with tempfile.TemporaryDirectory() as folder:
    summary = kerasdream.dream_many(rows, folder, "mixed0", model="mini", iterations=1, num_octave=1, format="tar")
assert summary.dreamt == {count}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc").exists(), reason="the memory of a process is read as Linux tells it")
def test_memory_does_not_grow_with_the_number_of_pictures():
    assert peak_of(2000) < 1.05 * peak_of(100)
