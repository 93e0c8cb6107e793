"""Films: their frames read back, whole or not at all."""

import builtins
import os
import subprocess

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import ConfigError, OutputError
from kerasdream.video.animation import animate

SHADES = [(250, 10, 10), (10, 250, 10), (10, 10, 250)]


@pytest.fixture
def frames():
    return [np.full((24, 31, 3), shade, np.uint8) for shade in SHADES]


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_frames_come_back_in_their_time(frames, ending, tmp_path):
    path = animate(frames, tmp_path / f"film{ending}", seconds=1.5)
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info.get("loop")) == (3, (31, 24), 0)
        times = []
        for number, shade in enumerate(SHADES):
            film.seek(number)
            film.load()
            times.append(film.info["duration"])
            assert np.abs(np.asarray(film.convert("RGB"), int) - shade).max() < 12
    assert times == [500, 500, 1500]


def test_an_mp4_of_odd_size_is_read_back(frames, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason='the extra "video" is not installed')
    path = animate(frames, tmp_path / "film.mp4", seconds=1.5)
    command = [ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    shown = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    shown = shown.reshape(-1, 24, 32, 3)
    assert len(shown) == 3 + 2  # the last of three frames of half a second stays for one second more
    for frame, shade in zip(shown, [*SHADES, SHADES[-1], SHADES[-1]], strict=True):
        assert np.abs(frame.astype(int) - shade).mean() < 25


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # imageio_ffmpeg leaves a pipe open
def test_a_film_that_ffmpeg_cannot_write_is_an_error_and_leaves_nothing(frames, tmp_path, monkeypatch):
    pytest.importorskip("imageio_ffmpeg", reason='the extra "video" is not installed')
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
    with pytest.raises(OutputError, match="ffmpeg could not write the film: "):
        animate(frames, tmp_path / "film.mp4")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("seconds", ["3", 1e9, -1, 0, float("nan"), float("inf"), True, None, [3], 10**400])
def test_an_impossible_time_is_told(frames, tmp_path, seconds):
    with pytest.raises(ConfigError, match="seconds=.* was given; a number above 0, 3600 at most was expected"):
        animate(frames, tmp_path / "film.gif", seconds=seconds)
    assert os.listdir(tmp_path) == []


def test_mp4_without_its_package_says_what_to_install(frames, tmp_path, monkeypatch):
    found = builtins.__import__
    monkeypatch.setattr("importlib.import_module", lambda name: found("no_such_" + name))
    with pytest.raises(OutputError, match=r'pip install "kerasdream\[video\]"'):
        animate(frames, tmp_path / "film.mp4")
    assert os.listdir(tmp_path) == []


def test_nothing_is_lost_where_it_cannot_be(frames, tmp_path):
    with pytest.raises(ConfigError, match="sizes"):
        animate([], tmp_path / "a.gif")
    with pytest.raises(ConfigError, match=r"\(5, 5\), \(31, 24\)"):
        animate([*frames, np.zeros((5, 5, 3), np.uint8)], tmp_path / "a.gif")
    with pytest.raises(OutputError, match=r"'.avi'; one of .gif, .webp, .mp4"):
        animate(frames, tmp_path / "a.avi")
    assert os.listdir(tmp_path) == []
    (tmp_path / "a.gif").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        animate(frames, tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_text() == "mine"
    animate(frames, tmp_path / "a.gif", overwrite=True)
    assert os.listdir(tmp_path) == ["a.gif"]
