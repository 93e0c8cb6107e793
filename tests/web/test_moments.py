"""Moments of a dream: what it was on the way, and dreams that go on from there."""

import io

import numpy as np
import pytest
from PIL import Image
from serving import LONG, a_file, ended
from test_queue import steps_taken

from kerasdream.web import growth
from kerasdream.web.growth import KeptMoment, read_moment, read_moments, thinned, views_of, write_moments
from kerasdream.web.views import DONE


def opened(answer):
    return Image.open(io.BytesIO(answer.content))


def test_a_dream_branches_from_any_moment_at_its_own_size(web):
    picture = web.post("/api/pictures", content=a_file((160, 120))).json()["id"]
    settings = {"layers": "mixed1", "iterations": 4, "num_octave": 2, "octave_scale": 2.0, "max_loss": None}
    id = web.post("/api/jobs", json={"picture": picture, "settings": settings}).json()["id"]
    assert ended(web, id)["state"] == DONE
    moments = web.get(f"/api/jobs/{id}/moments").json()["moments"]
    assert [(one["index"], one["octave"], one["step"]) for one in moments] == [
        (step + 4 * octave, octave, step) for octave in range(2) for step in range(4)
    ]
    assert [(one["width"], one["height"]) for one in moments] == [(80, 60)] * 4 + [(160, 120)] * 4
    assert moments[1]["loss"] == pytest.approx(ended(web, id)["progress"]["losses"][1])
    last = np.asarray(opened(web.get(f"/api/jobs/{id}/moments/7")), int)
    assert np.abs(last - np.asarray(opened(web.get(f"/api/jobs/{id}/result")), int)).mean() < 3
    branch = web.post(f"/api/jobs/{id}/branch", json={"moment": 1})
    assert (branch.status_code, branch.json()["width"], branch.json()["height"]) == (201, 160, 120)
    kept = np.asarray(opened(web.get(f"/api/pictures/{branch.json()['id']}")))
    moment = opened(web.get(f"/api/jobs/{id}/moments/1"))
    np.testing.assert_array_equal(kept, np.asarray(moment.resize((160, 120), Image.Resampling.LANCZOS)))
    for wrong, status in (({"moment": 8}, 404), ({"moment": -1}, 404), ({"moment": True}, 400), ({}, 400)):
        assert web.post(f"/api/jobs/{id}/branch", json=wrong).status_code == status
    assert web.get(f"/api/jobs/{id}/moments/8").status_code == 404
    assert web.delete(f"/api/jobs/{id}").status_code == 204
    assert web.get(f"/api/jobs/{id}/moments").status_code == 404


def test_a_dream_that_runs_has_moments_already(web, studio):
    id = web.post("/api/jobs", json={"picture": "noise:160x120", "settings": LONG}).json()["id"]
    steps_taken(web, id, 2)
    moments = web.get(f"/api/jobs/{id}/moments").json()["moments"]
    assert (moments[0]["octave"], moments[0]["step"]) == (0, 0)
    assert opened(web.get(f"/api/jobs/{id}/moments/0")).size == (160, 120)
    assert web.get(f"/api/jobs/{id}/moments/99").status_code == 404
    assert web.get(f"/api/jobs/{id}").json()["progress"]["moments"] >= 1
    web.post(f"/api/jobs/{id}/stop")
    done = ended(web, id)
    kept = len(web.get(f"/api/jobs/{id}/moments").json()["moments"])
    assert done["progress"]["moments"] == kept >= len(moments)
    assert studio.worker.progress[id].moments == []  # they are in their file: memory does not grow


def test_moments_come_back_from_their_file(tmp_path):
    moments = [KeptMoment.of(Image.new("RGB", (20 + n, 10), (90 * n, 0, 0)), n, 5, 1.5) for n in range(3)]
    write_moments(moments, tmp_path / "a.moments")
    assert read_moments(tmp_path / "a.moments") == views_of(moments)
    assert read_moments(tmp_path / "a.moments")[2] == {
        "index": 2, "octave": 2, "step": 5, "loss": 1.5, "width": 22, "height": 10,
    }  # fmt: skip
    assert read_moment(tmp_path / "a.moments", 1) == moments[1].jpeg
    with pytest.raises(KeyError):
        read_moment(tmp_path / "a.moments", 3)


def test_moments_that_take_too_much_are_thinned_and_the_last_stays():
    moments = [KeptMoment(0, step, 1.0, (4, 4), bytes(10)) for step in range(6)]
    assert thinned(moments, 60) == moments
    assert [one.step for one in thinned(moments, 59)] == [1, 3, 5]
    assert growth.LARGEST == 24_000_000
