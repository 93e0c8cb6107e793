"""The studio over HTTP: pictures in, dreams out, and everything that someone might try."""

import asyncio
import contextlib
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import uvicorn
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from serving import a_file, free_port
from starlette.requests import Request
from starlette.testclient import TestClient

import kerasdream
from kerasdream.errors import OutputError
from kerasdream.web import serve
from kerasdream.web import films, store
from kerasdream.web.app import app
from kerasdream.web.jobs import Jobs
from kerasdream.web.secret import token_in
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio
from kerasdream.web.views import DONE, QUEUED, RUNNING

QUICK = {"iterations": 2, "num_octave": 1}
LONG = {"iterations": 400, "num_octave": 1, "max_loss": None}


@pytest.fixture
def studio(tmp_path):
    return Studio(Store(tmp_path / "data"), {"mini": {}}, max_upload=300_000, max_pixels=200_000, queue=4, per_client=3)


@pytest.fixture
def web(studio):
    with TestClient(app(studio, {"testserver"}), raise_server_exceptions=False) as client:
        yield client


def ended(web, id, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = web.get(f"/api/jobs/{id}").json()
        if job["state"] not in (QUEUED, RUNNING):
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_a_picture_becomes_a_dream_with_its_settings_inside(web, tmp_path):
    picture = web.post("/api/pictures", content=a_file()).json()
    assert (picture["width"], picture["height"], picture["settings"]) == (96, 64, None)
    asked = {"picture": picture["id"], "settings": {"preset": "eyes", "seed": 5} | QUICK}
    job = web.post("/api/jobs", json=asked)
    assert job.status_code == 201
    id = job.json()["id"]
    done = ended(web, id)
    assert (done["state"], done["width"], done["height"], done["error"]) == (DONE, 96, 64, "")
    assert done["progress"]["done"] == 1.0
    assert done["loss"] == pytest.approx(done["progress"]["losses"][-1], abs=1e-3)
    (tmp_path / "dream.png").write_bytes(web.get(f"/api/jobs/{id}/result").content)
    settings = kerasdream.settings_of(tmp_path / "dream.png")
    assert (settings["seed"], settings["layers"], settings["iterations"]) == (5, {"mixed3": 1.0}, 2)
    alone = kerasdream.dream(Image.open(io.BytesIO(a_file())), **settings)
    np.testing.assert_array_equal(np.asarray(alone), np.asarray(Image.open(tmp_path / "dream.png")))
    back = web.post("/api/pictures", content=(tmp_path / "dream.png").read_bytes()).json()["settings"]
    assert (back["preset"], back["seed"], back["iterations"]) == ("eyes", 5, 2)
    film = Image.open(io.BytesIO(web.get(f"/api/jobs/{id}/growth.webp").content))
    assert film.n_frames >= 3
    assert Image.open(io.BytesIO(web.get(f"/api/jobs/{id}/growth.gif").content)).format == "GIF"
    assert Image.open(io.BytesIO(web.get(f"/api/jobs/{id}/thumb").content)).size == (96, 64)
    assert [dream["id"] for dream in web.get("/api/gallery?search=mixed3").json()["dreams"]] == [id]
    assert web.get("/api/gallery?search=mixed5").json()["dreams"] == []
    assert len(web.get(f"/api/gallery?before={'9' * 20}").json()["dreams"]) == 1
    deeper = web.post(f"/api/jobs/{id}/deeper").json()
    kept = Image.open(io.BytesIO(web.get(f"/api/pictures/{deeper['id']}").content))
    np.testing.assert_array_equal(np.asarray(kept), np.asarray(Image.open(tmp_path / "dream.png")))
    assert web.delete(f"/api/jobs/{id}").status_code == 204
    assert web.get(f"/api/jobs/{id}/result").status_code == 404


def test_a_mask_and_a_guide_are_dreamt_with(web):
    mask = Image.new("L", (96, 64))
    mask.paste(255, (48, 0, 96, 64))
    file = io.BytesIO()
    mask.save(file, "PNG")
    ids = [web.post("/api/pictures", content=one).json()["id"] for one in (a_file(), file.getvalue(), a_file((80, 80)))]
    asked = {
        "picture": ids[0],
        "mask": ids[1],
        "guide": ids[2],
        "settings": {"layers": {"mixed2": 1}, "step": 0.05} | QUICK,
    }
    done = ended(web, web.post("/api/jobs", json=asked).json()["id"])
    assert done["state"] == DONE, done["error"]
    dream = Image.open(io.BytesIO(web.get(f"/api/jobs/{done['id']}/result").content))
    change = np.abs(np.asarray(dream, int) - np.asarray(Image.open(io.BytesIO(a_file())), int)).sum(-1)
    assert change[:, :48].max() == 0
    assert change[:, 48:].mean() > 1
    guide = hashlib.sha256(Image.open(io.BytesIO(a_file((80, 80)))).tobytes()).hexdigest()[:8]
    layers = json.loads(dream.info["kerasdream"])["settings"]["layers"]
    assert layers == {f"guide(mixed2, <pixels {guide}>)": 1.0}


def test_events_tell_of_the_growing_dream_and_cancel_ends_it_within_a_step(web):
    id = web.post("/api/jobs", json={"picture": "noise:160x120", "settings": LONG}).json()["id"]
    seen = []

    def read():
        with web.stream("GET", f"/api/jobs/{id}/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))

    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and web.get(f"/api/jobs/{id}").json()["progress"]["step"] < 3:
        time.sleep(0.05)
    preview = web.get(f"/api/jobs/{id}/preview")
    assert Image.open(io.BytesIO(preview.content)).size == (160, 120)
    web.post(f"/api/jobs/{id}/cancel")
    reader.join(60)  # the stream ends by itself
    assert seen[-1]["state"] == "cancelled"
    assert max(one["progress"]["step"] for one in seen) < 390
    assert web.get(f"/api/jobs/{id}/result").status_code == 404
    assert web.get("/api/gallery").json()["dreams"] == []


def test_a_dream_that_fails_says_why_and_the_next_one_is_dreamt(web):
    far = {"layers": "mixed4:5@500,500"}  # outside of a small picture
    bad = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": far | QUICK}).json()["id"]
    good = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}).json()["id"]
    failed = ended(web, bad)
    assert failed["state"] == "failed"
    assert "500" in failed["error"]
    assert ended(web, good)["state"] == DONE


def test_a_channel_is_drawn_once_when_nothing_waits(web, studio):
    path = "/api/channels/mini/mixed2/7"
    assert web.get(path).status_code == 202
    until = time.monotonic() + 60
    while (answer := web.get(path)).status_code == 202 and time.monotonic() < until:
        time.sleep(0.1)
    drawn = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), float)
    assert drawn.shape == (128, 128, 3)
    assert drawn.std() > 20
    assert studio.worker.sketches.next() is None
    for wrong in (
        "mini/mixed2/9999",
        "mini/mixd2/1",
        "vgg16/block1_conv1/1",
        "mini/..%2f..%2fstudio.db/1",
        "mini/mixed2/-1",
    ):
        assert web.get(f"/api/channels/{wrong}").status_code == 404


def test_a_fault_of_ours_ends_its_dream_and_not_the_studio(web, studio, monkeypatch, capsys):
    dream = studio.worker.dream
    monkeypatch.setattr(studio.worker, "dream", lambda job, progress: 1 / 0)
    failed = ended(web, web.post("/api/jobs", json={"settings": QUICK}).json()["id"])
    assert (failed["state"], "ZeroDivisionError" in failed["error"]) == ("failed", True)
    monkeypatch.setattr(studio.worker, "dream", dream)
    asked = {"picture": "noise:96x64", "settings": QUICK}
    assert ended(web, web.post("/api/jobs", json=asked).json()["id"])["state"] == DONE
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_uploads_are_counted_checked_and_written_anew(web, studio):
    def sent(body, **more):
        answer = web.post("/api/pictures", content=body, **more)
        return answer.status_code, answer.json().get("error", "")

    assert sent(os.urandom(300_001)) == (413, "More than 0.3 MB were sent; that is the limit here.")
    assert sent(b"")[0] == 400
    assert sent(b"<svg xmlns='http://www.w3.org/2000/svg'/>")[0] == 400
    assert sent(a_file()[:-2000])[0] == 400
    assert "of no known kind" in sent(b"words")[1]
    large = web.post("/api/pictures", content=a_file((720, 480), "JPEG")).json()
    assert (large["width"], large["height"], large["given"]) == (547, 365, [720, 480])  # shrunk to 200,000 pixels
    with Image.open(studio.store.path("pictures", large["id"], ".png")) as kept:
        assert kept.size == (547, 365)
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    status, words = sent(bomb.getvalue())
    assert (status, "400.0 megapixels" in words or "larger than Pillow decodes" in words) == (400, True)
    info = PngInfo()
    info.add_itxt("kerasdream", json.dumps({"settings": {"<img src=x onerror=alert(1)>": 1, "step": "<script>"}}))
    info.add_text("Comment", "<script>alert(1)</script>")
    kept = web.post("/api/pictures", content=a_file(pnginfo=info)).json()
    assert kept["settings"] == {}
    for crafted in ('{"settings": {"step": 1' + "0" * 400 + "}}", '{"settings": ' + "[" * 100_000):
        nested = PngInfo()
        nested.add_itxt("kerasdream", crafted)
        answer = web.post("/api/pictures", content=a_file(pnginfo=nested))
        assert (answer.status_code, answer.json()["settings"] or {}) == (201, {})
    data = studio.store.path("pictures", kept["id"], ".png").read_bytes()
    assert b"script" not in data
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    kept = web.post("/api/pictures", content=a_file(format="JPEG", exif=exif)).json()
    assert b"where I live" not in studio.store.path("pictures", kept["id"], ".png").read_bytes()


def test_bodies_that_come_in_pieces_are_counted_too(web):
    def pieces():
        for _ in range(100):
            yield b"x" * 10_000

    assert web.post("/api/pictures", content=pieces()).status_code == 413


def test_what_is_asked_wrongly_is_told_and_nothing_is_accepted(web, studio):
    unknown = "0" * 32
    for asked, status, words in (
        ({"settings": {"step": -1}}, 400, "step=-1 is out of range"),
        ({"picture": unknown}, 404, "no such thing"),
        ({"picture": "../../etc/passwd"}, 404, "no such thing"),
        ({"picture": "noise:9000x9000"}, 400, "larger than the 200,000 pixels"),
        ({"picture": 7}, 404, "no such thing"),
        ({"mask": unknown}, 404, "no such thing"),
        ({"guide": ["x"]}, 404, "no such thing"),
        ({"settings": "all"}, 400, "names and values"),
        ({"settings": {"step": 10**400}}, 400, "step="),
        ({"settings": {"gradient_blur": 1e9}}, 400, "gradient_blur="),
        ({"settings": {"jitter": 10**30}}, 400, "jitter="),
        ({"settings": {"layers": "mean(" * 5000}}, 400, "layers has 25000 letters"),
        ({"settings": {"layers": ["mixed4", {"a": 1}]}}, 400, "layers="),
        ({"settings": {"layers": {"mixed4": 10**400}}}, 400, "layers="),
        ({"settings": {"layers": {"mixd4": 1}}}, 400, "layers names 'mixd4', which mini does not have. Did you mean"),
        ({"settings": {"layers": {"mixed4:99999": 1}}}, 400, "layers names channel 99999 of 'mixed4', which has 768"),
    ):
        answer = web.post("/api/jobs", json=asked)
        assert (answer.status_code, words in answer.json()["error"]) == (status, True), asked
    for body in (b"", b"[1]", b"{", b"\xff", b"[" * 100_000):
        assert web.post("/api/jobs", content=body).status_code == 400
    assert studio.store.waiting() == []


def test_the_queue_has_an_end(web, studio):
    first = [web.post("/api/jobs", json={"picture": "noise:160x120", "settings": LONG}) for _ in range(4)]
    assert [answer.status_code for answer in first] == [201, 201, 201, 429]
    assert "3 dreams of yours wait already" in first[-1].json()["error"]
    assert [web.get(f"/api/jobs/{one.json()['id']}").json()["before"] for one in first[:3]] == [0, 1, 2]
    assert web.delete(f"/api/jobs/{first[1].json()['id']}").status_code == 409
    for answer in first[:3]:
        web.post(f"/api/jobs/{answer.json()['id']}/cancel")
    assert [ended(web, one.json()["id"])["state"] for one in first[:3]] == ["cancelled"] * 3
    studio.store.obstacle = lambda: store.FULL
    assert web.post("/api/jobs", json={"settings": QUICK}).status_code == 507
    assert web.post("/api/pictures", content=a_file()).status_code == 507


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/api/pictures/..%2f..%2fstudio.db",
        "/api/jobs/..%2f..%2fstudio.db/result", "/api/pictures/%00", "/etc/passwd", "/api/layers/..%2f",
        f"/api/channels/mini/mixed2/{'9' * 5000}",
        "/api/layers/vgg16",
    ],
)  # fmt: skip
def test_no_path_leads_out(web, path):
    assert web.get(path).status_code == 404


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


def test_the_page_is_whole_and_asks_nobody_else(web):
    page = web.get("/")
    assert page.headers["x-content-type-options"] == "nosniff"
    addresses = re.findall(r"""(?:src|href)="([^"#]+)""", page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        assert web.get(address).status_code == 200
    static = pathlib.Path(sys.modules["kerasdream.web.app"].__file__).with_name("static")
    for script in static.glob("*.js"):
        text = script.read_text()
        assert "innerHTML" not in text
        assert not re.search(r"https?://", text)
        for imported in re.findall(r'from "(/static/[^"]+)"', text):
            assert web.get(imported).status_code == 200
    for look in web.get("/api/schema").json()["looks"]:
        assert web.get(f"/static/looks/{look['name']}.webp").status_code == 200


def test_turned_away_under_another_name(web):
    assert web.get("/", headers={"host": "evil.example"}).status_code == 421
    assert web.post("/api/jobs", json={}, headers={"origin": "http://evil.example"}).status_code == 403


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


def memory(process):
    """The most that a process has held, in MB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000


@pytest.mark.slow
def test_a_body_of_200_megabytes_is_refused_early_in_flat_memory(served):
    studio = served()
    before = memory(studio.process)
    sent, refused = 0, b""
    with socket.create_connection(("127.0.0.1", studio.port), 30) as line:
        line.sendall(f"POST /api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n".encode())
        line.sendall(b"Content-Length: 200000000\r\n\r\n")
        with contextlib.suppress(OSError):  # the studio hangs up
            for _ in range(200):
                line.sendall(b"x" * 1_000_000)
                sent += 1
        with contextlib.suppress(OSError):
            refused = line.recv(4096)
    assert b" 413 " in refused or sent < 60
    assert memory(studio.process) - before < 80
    assert studio.call("/api/jobs") == {"jobs": []}


def test_no_raw_path_leads_out(served):
    """As `curl --path-as-is` sends them: no client in between that tidies them up."""
    studio = served()
    for path in (
        "/static/../app.py",
        "/static/../../../../../../etc/passwd",
        "/../etc/passwd",
        "//etc/passwd",
        "/api/pictures/../../studio.db",
    ):
        with socket.create_connection(("127.0.0.1", studio.port), 30) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nConnection: close\r\n\r\n".encode())
            answer = line.makefile("rb").read()
        assert b" 404 " in answer.splitlines()[0], path
        assert b"root:" not in answer


@pytest.mark.slow
def test_those_who_say_nothing_and_a_hundred_at_once_hold_up_nobody(served):
    studio = served()
    silent = [socket.create_connection(("127.0.0.1", studio.port), 30) for _ in range(60)]
    for line in silent[:30]:
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    studio.call("/api/jobs", {"picture": "noise:320x240", "settings": {"iterations": 60, "num_octave": 1}})
    answers: list[int] = []

    def ask():
        with contextlib.suppress(urllib.error.HTTPError):
            answers.append(len(studio.call("/api/schema")["looks"]))

    crowd = [threading.Thread(target=ask) for _ in range(100)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(30)
    assert len(answers) == 100
    time.sleep(16)
    closed = 0
    for line in silent:
        line.settimeout(1)
        with contextlib.suppress(TimeoutError):
            closed += line.recv(100) == b""
        line.close()
    assert closed == 60


@pytest.mark.slow
def test_a_kill_loses_no_accepted_job_and_tears_no_picture(tmp_path, served):
    """Twenty kills at random moments with jobs queued; in the end every accepted job is done."""
    moments, accepted = random.Random(3), []
    for _ in range(20):
        studio = served("--queue=100")
        for _ in range(2):
            try:
                asked = {
                    "picture": "noise:128x96",
                    "settings": {"iterations": 4, "num_octave": 2, "seed": len(accepted)},
                }
                accepted.append(studio.call("/api/jobs", asked)["id"])
            except urllib.error.HTTPError:  # ten of one client wait
                pass
        time.sleep(moments.uniform(0.0, 12.0))  # some dreams end between the kills, on slow machines too
        studio.kill()
        for path in (tmp_path / "data" / "dreams").glob("*.png"):
            Image.open(path).load()
    studio = served()
    until = time.monotonic() + 300
    while time.monotonic() < until and studio.call("/api/jobs")["jobs"]:
        time.sleep(0.5)
    states = [studio.call(f"/api/jobs/{id}")["state"] for id in accepted]
    for id in accepted:
        Image.open(tmp_path / "data" / "dreams" / f"{id}.png").load()
    assert states == [DONE] * len(accepted)
    assert len(accepted) >= 20


def test_a_token_is_made_once_and_a_spoilt_one_is_refused(tmp_path, monkeypatch):
    token = token_in(tmp_path)
    assert len(token) >= 32
    assert token_in(tmp_path) == token
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "token").write_text(" \n")
    with pytest.raises(OutputError, match=r"token in .* is empty\. Delete the file"):
        token_in(tmp_path)
    (tmp_path / "token").write_bytes("gehäuse".encode())
    with pytest.raises(OutputError, match="cannot be read or written"):
        token_in(tmp_path)
    (tmp_path / "token").unlink()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        token_in(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_among_the_sketches_is_not_followed(studio, web, tmp_path):
    (tmp_path / "secret").write_text("nobody's business")
    sketches = studio.store.folder / "channels"
    sketches.mkdir(exist_ok=True)
    (sketches / "mini-mixed2-7.webp").symlink_to(tmp_path / "secret")
    answer = web.get("/api/channels/mini/mixed2/7")
    assert answer.status_code == 404
    assert "business" not in answer.text


def test_requests_at_once_do_not_race_past_the_limits(tmp_path):
    """Twelve posts, all of which have been looked at before the first of them is accepted."""
    studio = Studio(Store(tmp_path / "data"), {"mini": {}}, queue=4, per_client=3)
    body = json.dumps({"picture": "noise:64x64", "settings": QUICK}).encode()

    def request(number):
        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "client": (f"10.0.0.{number % 3}", 1)}
        return Request(scope, receive)

    async def all_at_once():
        return await asyncio.gather(*(Jobs(studio).add(request(n)) for n in range(12)), return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert [getattr(answer, "status_code", 0) for answer in answers].count(201) == 4
    assert all(answer.status_code in (201, 429) for answer in answers)
    studio.store.close()


@pytest.mark.parametrize(("flags", "believed"), [([], False), (["--name=studio.example"], True)])
def test_only_a_named_proxy_may_say_for_whom_it_asks(monkeypatch, tmp_path, flags, believed):
    asked = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: asked.append((server.config, sockets)))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    line = ["studio", "--noopen", f"--port={free_port()}", f"--data_dir={tmp_path / 'data'}", *flags]
    assert serve.main(line) == 0
    assert asked[0][0].proxy_headers is believed
