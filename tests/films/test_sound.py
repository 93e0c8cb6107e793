"""Sound and picture of five minutes, at steady and variable rates: flash and beep stay together."""

import subprocess
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("imageio_ffmpeg")

from drawn import QUICK

import kerasdream
from kerasdream.films import scene
from kerasdream.video import ffmpeg
from kerasdream.video.reader import open_reader

SOUND_RATE = 8000
MOMENTS = "between(mod({},60),59,59.1)"  # at 59 seconds, 119, 179, 239 and 299
VARIABLE = "gt(random(0),0.4)+" + MOMENTS.format("t")  # frames that stay


def drawn_with_sound(path, rate, select):
    """Five minutes with a white flash, and a beep with it, every minute."""
    shade = f"if({MOMENTS.format('T')},235,16+2*X+Y)"
    picture = f"color=black:size=32x16:rate={rate}:duration=300,geq=lum='{shade}':cb=128:cr=128"
    beep = f"aevalsrc='if({MOMENTS.format('t')},sin(2*PI*1000*t),0)':s=48000:d=300"
    timing = ["-vf", f"select='{select}'", "-fps_mode", "vfr"] if select else []
    command = [ffmpeg.executable(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", beep]
    subprocess.run([*command, *timing, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", path], check=True)
    return path


def flashes(path):
    """When white frames begin, in seconds, and the length of a frame."""
    reader = open_reader(path)
    shown = np.repeat([frame.mean() > 200 for frame in reader], reader.counts)
    return np.flatnonzero(np.diff(shown.astype(int)) > 0) / float(reader.fps) + 1 / float(reader.fps), reader.fps


def beeps(path):
    """When beeps begin, in seconds."""
    command = [ffmpeg.executable(), "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-ar", str(SOUND_RATE)]
    sound = np.frombuffer(subprocess.run([*command, "-f", "f32le", "-"], capture_output=True).stdout, np.float32)
    loud = np.abs(sound[: len(sound) // 80 * 80]).reshape(-1, 80).max(1) > 0.3  # of a hundredth of a second each
    return np.flatnonzero(np.diff(loud.astype(int)) > 0) / 100 + 0.01


@pytest.mark.parametrize(
    ("rate", "select"),
    [
        ("25", None),
        pytest.param("24000/1001", None, marks=pytest.mark.slow),
        pytest.param("30000/1001", None, marks=pytest.mark.slow),
        pytest.param("30", VARIABLE, marks=pytest.mark.slow),
    ],
)
def test_flash_and_beep_stay_together_for_five_minutes(tmp_path, monkeypatch, rate, select):
    monkeypatch.setattr(scene, "dream_levels", lambda _, levels: (np.clip(levels + 3, 0, 255), (1,)))
    source = drawn_with_sound(tmp_path / "in.mp4", rate, select)
    target = kerasdream.film(source, tmp_path / "out.mp4", mode="each", **QUICK)
    before, after = open_reader(source), open_reader(target)
    assert abs(len(after) / after.fps - 300) < 1 / after.fps
    if select:
        assert len(before) < 0.8 * len(after)
    else:
        assert (after.fps, len(after)) == (Fraction(rate), len(before))
    white, fps = flashes(target)
    loud = beeps(target)
    assert len(white) == len(loud) == 5
    np.testing.assert_allclose(white, loud, atol=1 / float(fps))
    np.testing.assert_allclose(white, [59, 119, 179, 239, 299], atol=1 / float(fps))
