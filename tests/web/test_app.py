"""The studio over HTTP: pictures in, dreams out, and everything that someone might try."""

import asyncio
import concurrent.futures
import hashlib
import io
import json
import pathlib
import re
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image
from serving import LONG, QUICK, a_file, ended
from starlette.requests import Request

import kerasdream
from kerasdream.web import jobs, store
from kerasdream.web.app import STATIC
from kerasdream.web.films import convert
from kerasdream.web.jobs import Jobs
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio
from kerasdream.web.views import DONE


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
    assert web.get("/api/jobs").json()["jobs"][0]["progress"]["losses"] == []  # every page asks for these
    assert len(web.get(f"/api/jobs/{id}").json()["progress"]["losses"]) > 3
    preview = web.get(f"/api/jobs/{id}/preview")
    assert Image.open(io.BytesIO(preview.content)).size == (160, 120)
    web.post(f"/api/jobs/{id}/cancel")
    reader.join(60)  # the stream ends by itself
    assert seen[-1]["state"] == "cancelled"
    assert max(one["progress"]["step"] for one in seen) < 390
    assert web.get(f"/api/jobs/{id}/result").status_code == 404
    assert web.get("/api/gallery").json()["dreams"] == []


def test_a_channel_is_drawn_once_when_nothing_waits(web, studio):
    path = "/api/channels/mini/mixed2/7"
    assert web.get(path).status_code == 202
    until = time.monotonic() + 60
    while (answer := web.get(path)).status_code == 202 and time.monotonic() < until:
        time.sleep(0.1)
    drawn = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), float)
    assert drawn.shape == (128, 128, 3)
    assert drawn.std() > 20
    assert studio.worker.sketches.next() == []
    for wrong in (
        "mini/mixed2/9999",
        "mini/mixd2/1",
        "vgg16/block1_conv1/1",
        "mini/..%2f..%2fstudio.db/1",
        "mini/mixed2/-1",
    ):
        assert web.get(f"/api/channels/{wrong}").status_code == 404


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
        ({"settings": {"layers": {f"mixed4:{n}": 1 for n in range(33)}}}, 400, "layers has 33 terms; 32 at most"),
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


def test_a_film_becomes_a_gif_once_and_holds_up_nobody_meanwhile(web, studio, monkeypatch):
    id = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": QUICK}).json()["id"]
    assert ended(web, id)["state"] == DONE
    asked, go, converted = threading.Event(), threading.Event(), []

    def held(film, path):
        asked.set()
        assert go.wait(60)
        return convert(film, path)

    frames = Image.Image.quantize

    def quantize(self, *given, **options):
        if "palette" in options:  # a frame, with the palette of all
            converted.append(0)
        return frames(self, *given, **options)

    monkeypatch.setattr(Image.Image, "quantize", quantize)
    monkeypatch.setattr(jobs, "convert", held)
    with concurrent.futures.ThreadPoolExecutor(30) as crowd:
        films = [crowd.submit(web.get, f"/api/jobs/{id}/growth.gif") for _ in range(30)]
        assert asked.wait(60)
        began = time.monotonic()
        assert web.post("/api/pictures", content=a_file()).status_code == 201
        assert web.get("/api/layers/mini").status_code == 200
        assert web.get(f"/api/jobs/{id}/result").status_code == 200
        assert time.monotonic() - began < 10
        go.set()
        answers = [film.result() for film in films]
    assert {answer.status_code for answer in answers} == {200}
    film = Image.open(io.BytesIO(answers[0].content))
    assert (film.format, film.n_frames) == ("GIF", len(converted))
    assert len({answer.content for answer in answers}) == 1
    assert web.delete(f"/api/jobs/{id}").status_code == 204
    assert list((studio.store.folder / "dreams").iterdir()) == []


def test_scripts_come_compressed(web):
    answer = web.get("/static/studio.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (STATIC / "studio.js").read_bytes()
