"""The folder in which frames wait: what is in it, whose it is, and that it may be shared."""

import numpy as np
import pytest

from kerasdream.errors import OutputError
from kerasdream.video.work_folder import WorkFolder

FRAMES = [np.full((6, 8, 3), shade, np.uint8) for shade in range(5)]


def test_runs_of_one_folder_go_on_by_themselves(tmp_path):
    film, key = tmp_path / "film.mp4", {"step": 0.01}
    ((later, last),) = WorkFolder(film, key).runs(4, 5)
    later.add(FRAMES[3:4], {"levels": np.arange(3.0)})
    assert (later.first, later.done, last) == (4, 4, 5)
    work = WorkFolder(film, key)
    assert [(run.first, run.done, end) for run, end in work.runs(1, 5)] == [(1, 0, 3), (4, 4, 5)]
    work.add(FRAMES[:2], {})
    work.add(FRAMES[2:3], {"levels": np.zeros(1)})
    runs = WorkFolder(film, key).runs(1, 5)
    assert [(run.first, run.done, run.state["levels"].tolist()) for run, _ in runs] == [(1, 3, [0]), (4, 4, [0, 1, 2])]
    assert all((work.frame(number) == number - 1).all() for number in (1, 2, 3, 4))
    work.remove()
    work.remove()
    assert list(tmp_path.iterdir()) == []


def test_frames_of_other_settings_go_only_when_that_is_said(tmp_path):
    film = tmp_path / "film.mp4"
    WorkFolder(film, {"step": 0.01}).add(FRAMES[:1], {})
    with pytest.raises(OutputError, match="other settings"):
        WorkFolder(film, {"step": 0.02})
    same, other = WorkFolder(film, {"step": 0.01}, overwrite=True), WorkFolder(film, {"step": 0.02}, overwrite=True)
    assert (same.begun_anew, same.done) == (False, 1)
    assert (other.begun_anew, other.done) == (True, 0)
    assert not other.path(1).exists()


def test_a_folder_that_is_somebody_elses_is_never_removed(tmp_path):
    (tmp_path / "film.mp4.frames").mkdir()
    (tmp_path / "film.mp4.frames" / "holiday.jpg").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="in the way"):
            WorkFolder(tmp_path / "film.mp4", {}, overwrite)
    assert (tmp_path / "film.mp4.frames" / "holiday.jpg").read_text() == "mine"
