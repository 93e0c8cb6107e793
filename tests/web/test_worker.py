"""The worker: what goes wrong ends a dream, and never the studio."""

import contextlib
import io
import shutil
import subprocess
import threading
import time

import pytest
from PIL import Image
from serving import LONG, QUICK, a_file, ended
from starlette.testclient import TestClient

from kerasdream.dreamer import Dreamer
from kerasdream.web import store
from kerasdream.web.app import app
from kerasdream.web.settings import MOST_TERMS
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio
from kerasdream.web.views import CANCELLED, DONE, QUEUED


def test_a_dream_that_ends_the_studio_waits_for_all_others_and_can_be_cancelled(web, studio, monkeypatch):
    taken, go = threading.Event(), threading.Event()
    monkeypatch.setattr(studio.worker, "take", lambda job: (taken.set(), go.wait()))
    ids = [web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}).json()["id"] for _ in range(2)]
    assert taken.wait(60)
    with studio.store.writing() as base:
        base.execute("UPDATE jobs SET starts = 3 WHERE id = ?", (ids[0],))
    monkeypatch.undo()
    go.set()
    assert ended(web, ids[1])["state"] == DONE
    until = time.monotonic() + 10
    while "ended 3 times" not in web.get(f"/api/jobs/{ids[0]}").json()["progress"]["error"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    web.post(f"/api/jobs/{ids[0]}/cancel")
    assert web.get(f"/api/jobs/{ids[0]}").json()["state"] == "cancelled"


def test_what_one_should_know_of_a_dream_is_told(web):
    plain = io.BytesIO()
    Image.new("RGB", (96, 64), (90, 120, 200)).save(plain, "PNG")
    picture = web.post("/api/pictures", content=plain.getvalue()).json()["id"]
    done = ended(web, web.post("/api/jobs", json={"picture": picture, "settings": QUICK}).json()["id"])
    assert done["state"] == DONE
    assert "unchanged" in done["progress"]["note"]


def test_a_worker_that_cannot_write_goes_on_when_it_can(web, studio, monkeypatch, capsys):
    waiting = studio.store.waiting
    monkeypatch.setattr(studio.store, "waiting", lambda: 1 / 0)
    studio.worker.wake.set()
    time.sleep(0.5)
    monkeypatch.setattr(studio.store, "waiting", waiting)
    asked = {"picture": "noise:96x64", "settings": QUICK}
    assert ended(web, web.post("/api/jobs", json=asked).json()["id"])["state"] == DONE
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.fixture
def small_disk(tmp_path):
    """A disk of eight megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("this machine lets the tests mount no disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_on_a_full_disk_nothing_accepted_is_lost_and_all_goes_on_when_it_has_room(small_disk, monkeypatch):
    monkeypatch.setattr(store, "LEAST_FREE", 1_000_000)
    studio = Studio(Store(small_disk / "data"), {"mini": {}}, queue=500, per_client=500)
    with TestClient(app(studio, {"testserver"}), raise_server_exceptions=False) as web:
        first, last, *accepted = (
            web.post("/api/jobs", json={"picture": "noise:160x120", "settings": settings}).json()["id"]
            for settings in (QUICK, QUICK | {"iterations": 40}, QUICK)
        )
        assert ended(web, first)["state"] == DONE
        while web.get(f"/api/jobs/{last}").json()["progress"]["step"] < 1:
            time.sleep(0.01)
        with open(small_disk / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        monkeypatch.setattr(studio.store, "obstacle", lambda: "")  # as if it had been filled just after the question
        answer = web.post("/api/pictures", content=a_file((480, 320)))
        assert (answer.status_code, "No space left on device" in answer.json()["error"]) == (507, True)
        while (answer := web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK})).status_code == 201:
            accepted.append(answer.json()["id"])  # what the database has room for within its own file
        assert (answer.status_code, "cannot be written" in answer.json()["error"]) == (507, True)
        monkeypatch.undo()
        monkeypatch.setattr(store, "LEAST_FREE", 1_000_000)
        assert web.post("/api/jobs", json={"settings": QUICK}).status_code == 507
        assert web.get("/api/gallery").json()["dreams"][0]["id"] == first
        until = time.monotonic() + 60
        while "begins when there is room" not in web.get(f"/api/jobs/{last}").json()["progress"]["error"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        (small_disk / "filler").unlink()
        assert {ended(web, id)["state"] for id in (last, *accepted)} == {DONE}
        for id in (first, last, *accepted):
            Image.open(io.BytesIO(web.get(f"/api/jobs/{id}/result").content)).load()


def test_a_client_that_leaves_does_not_end_its_dream(web):
    id = web.post("/api/jobs", json={"picture": "noise:160x120", "settings": QUICK | {"iterations": 30}}).json()["id"]
    with web.stream("GET", f"/api/jobs/{id}/events") as answer:
        next(answer.iter_lines())
    assert ended(web, id)["state"] == DONE


def test_a_fault_of_ours_ends_its_dream_and_not_the_studio(web, studio, monkeypatch, capsys):
    dream = studio.worker.dream
    monkeypatch.setattr(studio.worker, "dream", lambda job, progress: 1 / 0)
    failed = ended(web, web.post("/api/jobs", json={"settings": QUICK}).json()["id"])
    assert (failed["state"], "ZeroDivisionError" in failed["error"]) == ("failed", True)
    monkeypatch.setattr(studio.worker, "dream", dream)
    asked = {"picture": "noise:96x64", "settings": QUICK}
    assert ended(web, web.post("/api/jobs", json=asked).json()["id"])["state"] == DONE
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_dream_that_fails_says_why_and_the_next_one_is_dreamt(web):
    far = {"layers": "mixed4:5@500,500"}  # outside of a small picture
    bad = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": far | QUICK}).json()["id"]
    good = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}).json()["id"]
    failed = ended(web, bad)
    assert failed["state"] == "failed"
    assert "500" in failed["error"]
    assert ended(web, good)["state"] == DONE


def test_a_dream_cancelled_before_its_first_step_builds_no_graph(web, studio, monkeypatch):
    dreamer_of = studio.worker.dreaming.dreamer_of

    def cancelled_meanwhile(job):
        studio.worker.cancel(job.id)
        return dreamer_of(job)

    monkeypatch.setattr(studio.worker.dreaming, "dreamer_of", cancelled_meanwhile)
    monkeypatch.setattr(Dreamer, "run", lambda *_, **__: 1 / 0)
    id = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}).json()["id"]
    assert (ended(web, id)["state"], ended(web, id)["error"]) == (CANCELLED, "")


def test_the_longest_objective_is_cancelled_within_seconds(web):
    layers = {f"mixed{number % 8}:{number}": 1.0 for number in range(MOST_TERMS)}
    asked = {"picture": "noise:96x64", "settings": {"layers": layers} | LONG}
    answer = web.post("/api/jobs", json=asked)
    assert answer.status_code == 201, answer.text
    while web.get(f"/api/jobs/{answer.json()['id']}").json()["state"] == QUEUED:
        time.sleep(0.01)
    web.post(f"/api/jobs/{answer.json()['id']}/cancel")
    began = time.monotonic()
    assert ended(web, answer.json()["id"])["state"] == CANCELLED
    assert time.monotonic() - began < 20  # 2 seconds on two cores; with 720 terms it took 100


def test_settings_that_cannot_be_read_end_their_dream_and_not_the_gallery(web, studio, monkeypatch):
    asked = {"picture": "noise:96x64", "settings": QUICK}
    first = web.post("/api/jobs", json=asked).json()["id"]
    assert ended(web, first)["state"] == DONE
    taken, go = threading.Event(), threading.Event()
    monkeypatch.setattr(studio.worker, "take", lambda job: (taken.set(), go.wait()))
    second, third = (web.post("/api/jobs", json=asked).json()["id"] for _ in range(2))
    assert taken.wait(60)
    with studio.store.writing() as base:
        base.execute("UPDATE jobs SET settings = ? WHERE id = ?", ('{"step": ', first))
        base.execute("UPDATE jobs SET settings = ? WHERE id = ?", ('{"step": 1e999}', second))
    monkeypatch.undo()
    go.set()
    failed = ended(web, second)
    assert (failed["state"], failed["settings"]) == ("failed", {})
    assert "can no longer be read from the database" in failed["error"]
    assert ended(web, third)["state"] == DONE
    dreams = web.get("/api/gallery").json()["dreams"]
    assert [(dream["id"], dream["settings"]) for dream in dreams][1] == (first, {})
    assert web.delete(f"/api/jobs/{first}").status_code == 204


def test_a_folder_that_is_removed_meanwhile_is_told_in_words_and_the_studio_lives(web, studio, capfd):
    id = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": LONG}).json()["id"]
    while web.get(f"/api/jobs/{id}").json()["progress"]["step"] < 1:
        time.sleep(0.01)
    shutil.rmtree(studio.store.folder)
    answers = [
        web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}),
        web.post("/api/pictures", content=a_file()),
        web.get("/api/channels/mini/mixed2/7"),
    ]
    for answer in answers:
        assert answer.status_code == 507
        assert "was removed or replaced while the studio ran" in answer.json()["error"]
    assert web.get("/").status_code == 200
    assert web.get("/api/gallery").status_code in (200, 507)
    assert web.post(f"/api/jobs/{id}/cancel").status_code in (200, 507)
    assert web.get(f"/api/jobs/{id}/result").status_code == 404
    time.sleep(2.5)  # the worker looks again after two seconds
    assert studio.worker.thread.is_alive()
    assert capfd.readouterr().err.count("Traceback") <= 1
    assert not studio.store.folder.exists()


def test_a_sketch_is_given_up_between_two_steps_and_drawn_later(studio):
    sketches, asked = studio.worker.sketches, []
    channel = ("mini", "mixed2", 7)
    sketches.request(channel)
    sketches.draw([channel], lambda: len(asked) == 3 or asked.append(0))
    assert len(asked) == 3
    assert sketches.next() == [channel]
    assert list((studio.store.folder / "channels").iterdir()) == []


def test_a_channel_that_cannot_be_drawn_says_why(studio):
    sketches, channel = studio.worker.sketches, ("mini", "mixed2", 10**6)
    sketches.request(channel)
    sketches.draw([channel], lambda: False)
    assert "1000000" in sketches.request(channel)
    assert sketches.next() == []
