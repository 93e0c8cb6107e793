"""Whole films, from file to file: sound, time, settings, Ctrl-C, kill -9 and going on."""

import os
import pathlib
import subprocess
import sys
import threading
from fractions import Fraction

import keras
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")
pytest.importorskip("imageio_ffmpeg")

from drawn import QUICK, digests, drawn_frames, written

import kerasdream
from kerasdream import cli
from kerasdream.errors import ConfigError, DreamInterrupted, InputImageError, OutputError
from kerasdream.film_config import FILM_DEFAULTS
from kerasdream.video import ffmpeg
from kerasdream.video.reader import open_reader


@pytest.fixture
def folder(tmp_path):
    """A folder of five frames."""
    return written(drawn_frames(5), tmp_path / "in")


def encoded(path, *arguments, rate="30000/1001", seconds=0.2, sound=True):
    """A drawn film with a tone, encoded by ffmpeg."""
    film = ["-f", "lavfi", "-i", f"testsrc2=size=64x48:rate={rate}:duration={seconds}"]
    tone = ["-f", "lavfi", "-i", f"sine=440:duration={seconds}", "-c:a", "aac"] if sound else []
    subprocess.run([ffmpeg.executable(), "-v", "error", "-y", *film, *tone, *arguments, path], check=True)
    return path


def sound_of(path):
    """The packets of a film's sound."""
    command = [ffmpeg.executable(), "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "framecrc", "-"]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()
    return [line.split(",")[-2:] for line in lines if not line.startswith("#")]


def test_a_film_keeps_its_rate_length_and_sound_and_carries_its_settings(tmp_path):
    source = encoded(tmp_path / "sea.mp4")
    seen = []
    target = kerasdream.film(source, callback=seen.append, renewal=0.1, **QUICK)
    assert target == tmp_path / "sea-dream.mp4"
    before, after = open_reader(source), open_reader(target)
    assert after.fps == Fraction(30000, 1001)
    assert len(after) == len(before) == 6
    assert sound_of(target) == sound_of(source)[: len(sound_of(target))]
    assert len(sound_of(target)) >= len(sound_of(source)) - 2
    assert [moment.frame for moment in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1].seconds_left == 0
    assert seen[0].picture.shape == (48, 64, 3)
    change = [np.abs(a.astype(int) - b).mean() for a, b in zip(before, after, strict=True)]
    assert min(change) > 1
    settings = kerasdream.film_settings_of(target)
    assert (settings["iterations"], settings["renewal"], settings["mode"]) == (2, 0.1, "flow")
    assert not list(tmp_path.glob("*.frames"))


def test_a_film_without_sound_of_one_frame(tmp_path):
    source = encoded(tmp_path / "one.mp4", seconds=0.04, rate="25", sound=False)
    reader = open_reader(kerasdream.film(source, tmp_path / "out.webm", **QUICK))
    assert (len(reader), reader.fps, reader.has_audio) == (1, 25, False)


def test_frames_come_in_the_kind_that_went_in_and_are_those_of_the_film(folder, tmp_path):
    kerasdream.film(folder, tmp_path / "out", **QUICK)
    files = [np.asarray(Image.open(file)) for file in sorted((tmp_path / "out").glob("*.png"))]
    dreamt = list(kerasdream.frames(iter(drawn_frames(5)), **QUICK))
    assert all((a == b).all() for a, b in zip(files, dreamt, strict=True))
    alone = kerasdream.dream(drawn_frames(1)[0], **QUICK)
    assert np.abs(dreamt[0].astype(int) - alone).max() <= 1
    floats = next(kerasdream.frames((frame / 255 for frame in drawn_frames(2)), **QUICK))
    assert floats.dtype == np.float64
    np.testing.assert_allclose(floats * 255, dreamt[0], atol=1.1)


def test_the_modes_differ_and_each_is_every_frame_alone():
    each = list(kerasdream.frames(drawn_frames(3), mode="each", **QUICK))
    alone = [kerasdream.dream(frame, **QUICK) for frame in drawn_frames(3)]
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(each, alone, strict=True))
    blended = list(kerasdream.frames(drawn_frames(3), mode="blend", blend=1.0, **QUICK))
    assert (np.array(blended) == np.array(each)).all()
    carried = list(kerasdream.frames(drawn_frames(3), **QUICK))
    assert (carried[2] != each[2]).mean() > 0.3


def test_frames_are_taken_a_few_ahead_and_no_more():
    taken = []

    def source():
        for number, frame in enumerate(drawn_frames(12)):
            taken.append(number)
            yield frame

    dreamt = kerasdream.frames(source(), **QUICK)
    for number, _ in enumerate(dreamt, 1):
        assert len(taken) <= number + 5
    assert len(taken) == 12
    dreamt = kerasdream.frames(source(), **QUICK)
    next(dreamt)
    dreamt.close()  # what was begun in threads ends
    assert threading.active_count() < 12


def test_what_rests_is_dreamt_once():
    still = [drawn_frames(1)[0]] * 4
    dreamt = list(kerasdream.frames(still, **QUICK))
    assert all((frame == dreamt[0]).all() for frame in dreamt)


def test_a_cut_begins_anew():
    film = [*drawn_frames(2), *[frame[::-1, ::-1, ::-1] for frame in drawn_frames(2)]]
    dreamt = list(kerasdream.frames(film, **QUICK))
    alone = kerasdream.dream(np.ascontiguousarray(film[2]), **QUICK)
    assert np.abs(dreamt[2].astype(int) - alone).max() <= 1


def test_masks_strength_and_alpha_hold_in_every_frame():
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 255
    film = [np.dstack([frame, np.full((48, 64), 7 * t, np.uint8)]) for t, frame in enumerate(drawn_frames(4))]
    full = list(kerasdream.frames(film, mask=mask, **QUICK))
    half = list(kerasdream.frames(film, mask=mask, strength=0.5, **QUICK))
    for t, frame in enumerate(film):
        assert (full[t][:, :32] == frame[:, :32]).all()
        assert (full[t][..., 3] == 7 * t).all()
        changes = [np.abs(one[..., :3].astype(int) - frame[..., :3])[:, 32:].mean() for one in (full[t], half[t])]
        assert changes[0] > 1
        assert changes[1] == pytest.approx(changes[0] / 2, rel=0.1, abs=0.3)


def test_plain_frames_pass_and_the_next_begins_a_scene():
    black = np.zeros((48, 64, 3), np.uint8)
    dreamt = list(kerasdream.frames([black, *drawn_frames(1), black], **QUICK))
    assert (dreamt[0] == 0).all()
    assert (dreamt[2] == 0).all()
    assert np.abs(dreamt[1].astype(int) - kerasdream.dream(drawn_frames(1)[0], **QUICK)).max() <= 1


def test_ctrl_c_closes_a_playable_film_and_the_same_call_goes_on(folder, tmp_path):
    def interrupt(moment):
        if moment.frame == 3:
            raise KeyboardInterrupt

    with pytest.raises(DreamInterrupted, match="goes on") as caught:
        kerasdream.film(folder, tmp_path / "out.webp", callback=interrupt, **QUICK)
    assert caught.value.result == tmp_path / "out.partial.webp"
    assert len(open_reader(tmp_path / "out.partial.webp")) in (2, 3)
    seen = []
    kerasdream.film(folder, tmp_path / "out.webp", callback=seen.append, **QUICK)
    assert seen[0].frame in (3, 4)
    kerasdream.film(folder, tmp_path / "whole.webp", **QUICK)
    assert (tmp_path / "out.webp").read_bytes() == (tmp_path / "whole.webp").read_bytes()


def test_frames_of_other_settings_are_not_mixed_in(folder, tmp_path):
    def interrupt(moment):
        raise KeyboardInterrupt

    with pytest.raises(DreamInterrupted):
        kerasdream.film(folder, tmp_path / "out", callback=interrupt, **QUICK)
    changed = {**QUICK, "iterations": 3}
    with pytest.raises(OutputError, match="other settings"):
        kerasdream.film(folder, tmp_path / "out", **changed)
    kerasdream.film(folder, tmp_path / "out", overwrite=True, **changed)
    assert len(digests(tmp_path / "out")) == 5


def test_what_cannot_be_is_told_before_anything_is_dreamt(folder, tmp_path):
    (tmp_path / "text.mp4").write_text("no film\n" * 50)
    with pytest.raises(InputImageError, match="cannot be read as a film"):
        kerasdream.film(tmp_path / "text.mp4", **QUICK)
    with pytest.raises(OutputError, match="exists"):
        kerasdream.film(folder, folder, **QUICK)
    source = encoded(tmp_path / "sea.mp4", sound=False)
    with pytest.raises(OutputError, match="never written over"):
        kerasdream.film(source, source, overwrite=True, **QUICK)
    with pytest.raises(ConfigError, match="50 at most"):
        kerasdream.film(folder, tmp_path / "a.gif", fps=60, **QUICK)
    with pytest.raises(ConfigError, match="mode='melt'"):
        kerasdream.frames([], mode="melt", **QUICK)
    with pytest.raises(ConfigError, match="no snapshots"):
        kerasdream.frames([], snapshots=2, **QUICK)
    with pytest.raises(InputImageError, match="one size"):
        list(kerasdream.frames([*drawn_frames(1), *drawn_frames(1, 40)], **QUICK))
    assert not list(tmp_path.glob("*.frames"))


def test_the_program_dreams_a_film_and_repeats_its_settings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    encoded(pathlib.Path("sea.mp4"))
    flags = ["--model=mini", "--layers=mixed1", "--iterations=2", "--num_octave=1", "--renewal=0.2"]
    assert cli.main(["kerasdream", "film", "sea.mp4", *flags]) == 0
    assert capsys.readouterr().out == "sea-dream.mp4\n"
    assert cli.main(["kerasdream", "film", "sea.mp4", "--from=sea-dream.mp4", "--output=again.mp4"]) == 0
    assert kerasdream.film_settings_of("again.mp4") == kerasdream.film_settings_of("sea-dream.mp4")
    assert os.path.getsize("again.mp4") == os.path.getsize("sea-dream.mp4")
    assert cli.main(["kerasdream", "film"]) == 2
    assert cli.main(["kerasdream", "film", "sea.mp4", "--fps=x", *flags]) == 2


def test_without_its_packages_a_film_says_what_to_install(monkeypatch, folder):
    from kerasdream.films import opencv

    opencv.opencv.cache_clear()
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ConfigError, match=r"kerasdream\[video\]"):
        kerasdream.film(folder, **QUICK)
    opencv.opencv.cache_clear()


def test_a_model_of_ones_own_dreams_films(doubling):
    model = keras.Model(doubling.inputs, doubling.get_layer("twice").output)
    dreamt = list(kerasdream.frames(drawn_frames(2), "twice", model=model, iterations=1, num_octave=1, max_loss=None))
    assert (dreamt[1] != drawn_frames(2)[1]).any()


def test_every_knob_of_a_film_is_in_the_documents():
    text = (pathlib.Path(__file__).parents[2] / "docs" / "films.md").read_text()
    for name, default in FILM_DEFAULTS.items():
        assert f"| `{name}` | {f'`{default}`' if isinstance(default, str) else default} |" in text
