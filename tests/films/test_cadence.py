"""Frames that get their dream from others: those between two dreamt ones, and all in a second pass."""

import itertools

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from drawn import QUICK, drawn_frames, three_scenes, written

import kerasdream
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, OutputError
from kerasdream.film_config import FilmConfig
from kerasdream.films.between import Neighbour, between
from kerasdream.films.carry import Carried
from kerasdream.films.flow import Motion
from kerasdream.films.frames import groups
from kerasdream.films.scene import SceneDreamer, SceneState
from kerasdream.films.second_pass import Kept, carried_back

SIZE = (40, 60)


def at_rest(trust=1.0):
    return Motion(np.zeros((*SIZE, 2), np.float32), np.full(SIZE, trust, np.float32), 0.0)


def carried(value, effort=1.0):
    return Carried(np.full((*SIZE, 3), value, np.float32), np.full(SIZE, effort, np.float32))


def state(value, effort=1.0):
    return SceneState(np.zeros((*SIZE, 3), np.float32), carried(value, effort), (1,))


def lengths(frames, cadence):
    return [len(one.between) + 1 for one in groups(frames, DreamConfig(), FilmConfig(cadence=cadence), None)]


def test_every_nth_frame_is_dreamt_and_both_sides_of_a_cut():
    assert lengths(drawn_frames(8), 3) == [1, 3, 3, 1]
    assert lengths(three_scenes(), 2) == [1, 2, 1, 1, 2, 1, 1, 2, 1]
    assert lengths(three_scenes(), 1) == [1] * 12
    assert lengths([*drawn_frames(2), np.zeros((48, 64, 3), np.uint8), *drawn_frames(3)], 8) == [1, 1, 1, 1, 2]


def test_frames_between_get_the_dream_of_both_sides_where_it_is_trusted():
    before, after = at_rest(), at_rest()
    before.trust[:, :20] = 0
    after.trust[:, 40:] = 0
    before.trust[:10] = after.trust[:10] = 0
    frame = np.full((*SIZE, 3), 100, np.float32)
    made = between(frame, [Neighbour(state(8), before, 0.75), Neighbour(state(40), after, 0.25)], None)
    np.testing.assert_allclose(made.dreamt[20, [5, 30, 55], 0], [140, 116, 108], atol=0.01)
    np.testing.assert_allclose(made.dreamt[5], 100, atol=0.01)
    assert made.effort[5, 30] == 0
    assert made.effort[20, 30] == pytest.approx(1, abs=1e-4)
    assert (between(frame, [], None).dreamt == 100).all()


def test_a_cadence_dreams_fewer_frames_and_keeps_their_strength(monkeypatch):
    full = np.array(list(kerasdream.frames(drawn_frames(7), **QUICK)), int)
    dreamt, dream = [], SceneDreamer.dream
    monkeypatch.setattr(SceneDreamer, "dream", lambda *given: dreamt.append(0) or dream(*given))
    third = np.array(list(kerasdream.frames(drawn_frames(7), cadence=3, **QUICK)), int)
    assert len(dreamt) == 3
    assert (third[0] == full[0]).all()
    strengths = [np.abs(film - np.array(drawn_frames(7), int)).mean((1, 2, 3)) for film in (full, third)]
    assert strengths[1] == pytest.approx(strengths[0], rel=0.25)


def test_a_cadence_takes_its_frames_a_few_ahead_and_no_more():
    taken = []
    source = (taken.append(number) or frame for number, frame in enumerate(drawn_frames(16)))
    for number, _ in enumerate(kerasdream.frames(source, cadence=2, **QUICK), 1):
        assert len(taken) <= number + 8
    assert len(taken) == number == 16


def test_a_later_dream_comes_back_by_trust_and_effort():
    frame = Kept(np.zeros((*SIZE, 3), np.uint8), carried(10.0), False)
    later = frame._replace(carried=carried(30.0))

    def made(effort=1.0, trust=1.0):
        own = frame._replace(carried=carried(10.0, effort))
        return carried_back(own, later, at_rest(trust), None).dreamt[20, 30, 0]

    assert made() == pytest.approx(20)
    assert made(trust=0.5) == pytest.approx(10 + 20 / 3, abs=0.01)
    assert made(trust=0.0) == 10
    assert made(effort=0.0) > 27


def changes_along(frames):
    """The mean square of what changes along the motion of the drawn film."""
    return np.mean([np.square(a[:, 2:].astype(float) - b[:, :-2]) for a, b in itertools.pairwise(frames)])


def test_a_second_pass_is_steadier(tmp_path):
    source = written(drawn_frames(8), tmp_path / "in")
    made = {}
    for passes in (1, 2):
        folder = kerasdream.film(source, tmp_path / f"out{passes}", passes=passes, **QUICK)
        made[passes] = [np.asarray(Image.open(file)) for file in sorted(folder.glob("*.png"))]
    assert changes_along(made[2]) < 0.8 * changes_along(made[1])
    assert np.abs(made[1][-1].astype(int) - made[2][-1]).max() <= 1  # nothing comes back to the last frame
    strengths = [np.abs(np.array(film, int) - np.array(drawn_frames(8), int)).mean() for film in made.values()]
    assert strengths[1] > 0.85 * strengths[0]


def test_a_preview_is_there_while_a_film_is_dreamt(tmp_path):
    source, target = written(drawn_frames(3), tmp_path / "in"), tmp_path / "out.webp"
    preview, seen = tmp_path / "out.preview.jpg", []

    def look(moment):
        with Image.open(preview) as image:
            seen.append(np.asarray(image, int))
        assert np.abs(seen[-1][:, 64:] - moment.picture).mean() < 12

    kerasdream.film(source, target, preview_every=1e-6, callback=look, **QUICK)
    assert [one.shape for one in seen] == [(48, 128, 3)] * 3
    assert np.abs(seen[2][:, :64] - drawn_frames(3)[2]).mean() < 12
    assert not preview.exists()
    preview.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        kerasdream.film(source, tmp_path / "out.gif", preview_every=1, **QUICK)
    assert preview.read_text() == "mine"
    with pytest.raises(ConfigError, match="preview_every=0 was given"):
        kerasdream.film(source, tmp_path / "other.gif", preview_every=0, **QUICK)
    assert not list(tmp_path.glob("other*"))


@pytest.mark.parametrize("knob", ["cadence", "passes"])
def test_what_needs_motion_says_so(knob):
    with pytest.raises(ConfigError, match=f"{knob}=2 was given with mode='each'"):
        FilmConfig(mode="each", **{knob: 2})
