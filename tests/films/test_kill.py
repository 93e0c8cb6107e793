"""Kill -9 at ten moments: it loses what is in hand, and the frames are those of an uninterrupted film."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip("cv2")

from drawn import QUICK, digests, drawn_frames, written

import kerasdream

KILLED = """
import os, signal, sys, types
import kerasdream
from kerasdream.video import work_folder
left = int(sys.argv[3])
def replace(before, after, real=os.replace):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(before, after)
work_folder.os = types.SimpleNamespace(replace=replace)
kerasdream.film(sys.argv[1], sys.argv[2], **{settings})
"""


@pytest.mark.parametrize(
    ("settings", "moments", "left"),
    [
        ({}, (1, 4, 3, 2), [3, 4, 5]),  # of each frame its picture gets its name, then what the next one needs
        ({"cadence": 2}, (2, 4, 5), [4, 5]),  # the pictures of two frames, then that
        ({"passes": 2}, (3, 9, 14), [3, 2, 1]),  # what the second pass needs, the picture, the rest; later two each
    ],
)
def test_the_same_call_goes_on_to_the_same_frames(tmp_path, settings, moments, left):
    source, settings = written(drawn_frames(5), tmp_path / "in"), QUICK | settings
    kerasdream.film(source, tmp_path / "whole", **settings)
    script = KILLED.replace("{settings}", repr(settings))
    for moment in moments:
        arguments = [sys.executable, "-c", script, str(source), str(tmp_path / "out"), str(moment)]
        assert subprocess.run(arguments, capture_output=True).returncode == -signal.SIGKILL
        assert not (tmp_path / "out").exists()
    seen = []
    kerasdream.film(source, tmp_path / "out", callback=lambda moment: seen.append(moment.frame), **settings)
    assert seen == left
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
