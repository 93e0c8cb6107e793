"""The queue: stopped and kept, moved, groups, strokes that go first, and the one stream that tells of it."""

import asyncio
import io
import json
import threading
import time

import numpy as np
import pytest
from PIL import Image
from serving import LONG, QUICK, a_file, ended

from kerasdream.config import DreamConfig
from kerasdream.result import Moment
from kerasdream.web import feed as feeds
from kerasdream.web import worker as workers
from kerasdream.web.feed import BACKLOG, Feed
from kerasdream.web.progress import Progress
from kerasdream.web.strokes import Stroke
from kerasdream.web.views import CANCELLED, DONE, QUEUED, RUNNING
from kerasdream.web.watch import Watch

NOISE = {"picture": "noise:96x64"}


@pytest.fixture
def held(studio, monkeypatch):
    """A worker that takes one job, and does not go on."""
    taken, go = threading.Event(), threading.Event()
    monkeypatch.setattr(studio.worker, "take", lambda job: (taken.set(), go.wait()))
    yield taken
    monkeypatch.undo()
    go.set()


def steps_taken(web, id, least):
    until = time.monotonic() + 60
    while (job := web.get(f"/api/jobs/{id}").json())["progress"]["step"] < least:
        assert time.monotonic() < until
        time.sleep(0.02)
    return job


def picture_of(web, path):
    return np.asarray(Image.open(io.BytesIO(web.get(path).content)).convert("RGB"), int)


def test_a_dream_that_is_stopped_is_kept_as_it_is(web):
    id = web.post("/api/jobs", json={"picture": "noise:160x120", "settings": LONG}).json()["id"]
    steps_taken(web, id, 3)
    assert web.post(f"/api/jobs/{id}/stop").status_code == 200
    done = ended(web, id)
    assert (done["state"], done["stopped"], done["width"], done["height"]) == (DONE, True, 160, 120)
    assert 4 <= len(done["progress"]["losses"]) < 390
    assert done["loss"] == pytest.approx(done["progress"]["losses"][-1], abs=1e-3)
    record = json.loads(Image.open(io.BytesIO(web.get(f"/api/jobs/{id}/result").content)).info["kerasdream"])
    assert len(record["losses"][0]) == len(done["progress"]["losses"])
    assert web.get("/api/gallery").json()["dreams"][0]["stopped"] is True
    assert web.post(f"/api/jobs/{id}/stop").json()["state"] == DONE  # it has ended already


def test_what_waits_is_moved_and_has_nothing_to_keep(web, studio, held):
    studio.queue = studio.per_client = 9
    first, *rest = (web.post("/api/jobs", json=NOISE | {"settings": QUICK}).json()["id"] for _ in range(4))
    studio.store.update(first, RUNNING)
    a, b, c = rest

    def order():
        return [job["id"] for job in web.get("/api/jobs").json()["jobs"]]

    assert order() == [first, a, b, c]
    answer = web.post(f"/api/jobs/{c}/move", json={"before": a})
    assert ([job["id"] for job in answer.json()["jobs"]], order()) == ([first, c, a, b], [first, c, a, b])
    assert [job["before"] for job in answer.json()["jobs"]] == [0, 1, 2, 3]
    web.post(f"/api/jobs/{a}/move", json={"before": None})
    web.post(f"/api/jobs/{a}/move", json={"before": a})
    assert order() == [first, c, b, a]
    for wrong in ({"before": first}, {"before": "x"}, {"before": 7}):  # it runs; there is none
        assert web.post(f"/api/jobs/{a}/move", json=wrong).status_code == 409
    assert web.post(f"/api/jobs/{first}/move", json={"before": a}).status_code == 409
    answer = web.post(f"/api/jobs/{a}/stop")
    assert (answer.status_code, "cancel it instead" in answer.json()["error"]) == (409, True)
    for id in (a, b, c):
        assert web.post(f"/api/jobs/{id}/cancel").json()["state"] == CANCELLED


def test_a_group_is_accepted_as_a_whole_or_not_at_all(web, studio):
    parent = web.post("/api/jobs", json=NOISE | {"settings": QUICK}).json()["id"]
    ended(web, parent)
    jobs = [NOISE | {"settings": QUICK | {"seed": seed}, "label": f"seed {seed}"} for seed in range(8)]
    answer = web.post("/api/groups", json={"kind": "variations", "jobs": [one | {"parent": parent} for one in jobs]})
    assert answer.status_code == 201
    group, made = answer.json()["group"], answer.json()["jobs"]
    assert [(job["group"], job["label"], job["relation"], job["parent"]) for job in made] == [
        (group, f"seed {seed}", "variation", parent) for seed in range(8)
    ]
    done = [ended(web, job["id"]) for job in made]
    assert [job["state"] for job in done] == [DONE] * 8
    assert len({web.get(f"/api/jobs/{job['id']}/result").content for job in done}) == 8
    assert len(web.get("/api/gallery?search=seed+3").json()["dreams"]) == 1
    family = web.get(f"/api/jobs/{made[3]['id']}/family").json()["dreams"]
    assert [job["id"] for job in family] == [parent, *(job["id"] for job in made)]
    for wrong, status in (
        ({"kind": "x", "jobs": jobs}, 400),
        ({"kind": ["sweep"], "jobs": jobs}, 400),
        ({"kind": "sweep", "jobs": []}, 400),
        ({"kind": "sweep", "jobs": [1]}, 400),
        ({"kind": "sweep", "jobs": jobs * 5}, 400),
        ({"kind": "sweep", "jobs": [*jobs, {"settings": {"step": -1}}]}, 400),
        ({"kind": "sweep", "jobs": [*jobs, {"picture": "0" * 32}]}, 404),
        ({"kind": "sweep", "jobs": [{"label": "x" * 81}]}, 400),
        ({"kind": "sweep", "jobs": [{"parent": "0" * 32}]}, 404),
    ):
        assert web.post("/api/groups", json=wrong).status_code == status, wrong
    assert studio.store.waiting() == []


def test_a_group_counts_as_one_in_the_queue_and_has_limits_of_its_own(web, studio, held):
    jobs = [NOISE | {"settings": QUICK}] * 36
    group = web.post("/api/groups", json={"kind": "sweep", "jobs": jobs}).json()["group"]
    assert web.post("/api/jobs", json=NOISE | {"group": group}).status_code == 409  # it is full
    assert web.post("/api/jobs", json=NOISE | {"group": "0" * 32}).status_code == 404
    assert web.post("/api/groups", json={"kind": "sweep", "jobs": jobs[:2]}).status_code == 201
    answer = web.post("/api/groups", json={"kind": "sweep", "jobs": jobs[:2]})
    assert (answer.status_code, "2 groups of yours wait" in answer.json()["error"]) == (429, True)
    assert web.post("/api/jobs", json=NOISE).status_code == 201
    assert web.post("/api/jobs", json=NOISE).status_code == 429  # two groups and a dream: three
    assert len(studio.store.waiting()) == 39


def test_favourites_are_found_again(web):
    ids = [web.post("/api/jobs", json=NOISE | {"settings": QUICK}).json()["id"] for _ in range(2)]
    for id in ids:
        ended(web, id)
    assert web.patch(f"/api/jobs/{ids[0]}", json={"favourite": True}).json()["favourite"] is True
    assert [one["id"] for one in web.get("/api/gallery?favourites=1").json()["dreams"]] == [ids[0]]
    assert [one["id"] for one in web.get("/api/gallery").json()["dreams"]] == ids[::-1]
    for wrong in ({"favourite": 1}, {}, {"favourite": True, "state": DONE}):
        assert web.patch(f"/api/jobs/{ids[0]}", json=wrong).status_code == 400
    assert web.patch(f"/api/jobs/{'0' * 32}", json={"favourite": True}).status_code == 404
    web.patch(f"/api/jobs/{ids[0]}", json={"favourite": False})
    assert web.get("/api/gallery?favourites=1").json()["dreams"] == []


def test_a_stroke_is_dreamt_between_two_steps_of_what_runs_and_only_where_it_was_painted(web):
    picture = web.post("/api/pictures", content=a_file((480, 320))).json()["id"]
    mask = Image.new("L", (480, 320))
    mask.paste(255, (40, 40, 90, 90))
    file = io.BytesIO()
    mask.save(file, "PNG")
    painted = web.post("/api/pictures", content=file.getvalue()).json()["id"]
    long = web.post("/api/jobs", json={"picture": "noise:320x240", "settings": LONG}).json()["id"]
    steps_taken(web, long, 2)
    asked = {"picture": picture, "mask": painted, "urgent": True, "relation": "brush", "settings": QUICK}
    stroke = web.post("/api/jobs", json=asked).json()
    assert stroke["urgent"] is True
    done = ended(web, stroke["id"])
    assert (done["state"], done["width"], done["height"]) == (DONE, 480, 320)
    assert web.get(f"/api/jobs/{long}").json()["state"] == RUNNING
    web.post(f"/api/jobs/{long}/cancel")
    change = np.abs(picture_of(web, f"/api/jobs/{done['id']}/result") - picture_of(web, f"/api/pictures/{picture}"))
    assert change[40:90, 40:90].mean() > 0.5
    change[40:90, 40:90] = 0
    assert change.max() == 0
    assert web.get(f"/api/jobs/{done['id']}/growth.webp").status_code == 404
    whole = Image.new("L", (640, 640), 255)
    whole.save(file := io.BytesIO(), "PNG")
    big = web.post("/api/pictures", content=file.getvalue()).json()["id"]
    for wrong, words in (
        ({"mask": None}, "Only a dream with a mask"),
        ({"picture": "noise:440x440", "mask": big, "settings": {"iterations": 300}}, "would take 900 steps"),
        ({"picture": "sample", "mask": big}, "262,144 at most"),
        ({"relation": "export"}, "relation='export'"),
    ):
        answer = web.post("/api/jobs", json=asked | wrong)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_while_a_stroke_is_dreamt_the_whole_picture_is_shown():
    picture, mask = Image.new("RGB", (300, 200), (40, 80, 120)), Image.new("L", (300, 200))
    mask.paste(255, (200, 100, 220, 120))
    stroke, progress = Stroke.of(picture, mask), Progress()
    watch = Watch(DreamConfig(), progress, lambda: None, lambda: False, grows=False, stroke=stroke)
    part = Image.new("RGB", stroke.part.size, (250, 240, 10))
    watch(Moment(0, 1, 0, 10, 1.0, np.ones(1), lambda: part))
    shown = np.asarray(Image.open(io.BytesIO(progress.preview)), int)
    assert shown.shape == (200, 300, 3)
    assert np.abs(shown[110, 210] - (250, 240, 10)).max() < 12
    assert np.abs(shown[:80] - (40, 80, 120)).max() < 3


def test_of_strokes_that_follow_each_other_the_gallery_shows_the_last(web):
    ids = []
    for _ in range(3):
        more = {"parent": ids[-1]} if ids else {}
        ids.append(web.post("/api/jobs", json=NOISE | {"settings": QUICK, "relation": "brush"} | more).json()["id"])
        ended(web, ids[-1])
    assert [one["id"] for one in web.get("/api/gallery").json()["dreams"]] == [ids[-1]]
    assert web.delete(f"/api/jobs/{ids[1]}").status_code == 204
    assert [one["id"] for one in web.get(f"/api/jobs/{ids[2]}/family").json()["dreams"]] == [ids[0], ids[2]]


def test_of_what_has_ended_the_oldest_is_forgotten_and_never_what_runs(studio, monkeypatch):
    monkeypatch.setattr(workers, "REMEMBERED", 2)
    progress = {"film": RUNNING, "a": DONE, "b": DONE}
    studio.worker.progress = {id: Progress(state=state) for id, state in progress.items()}
    studio.worker.forget_oldest()
    assert list(studio.worker.progress) == ["film", "b"]
    studio.worker.forget_oldest()
    assert list(studio.worker.progress) == ["film", "b"]


def view(id, state=QUEUED):
    return {"id": id, "state": state, "progress": {"losses": [1.0], "step": 2}}


def received(text):
    return json.loads(text.removeprefix("data: "))


@pytest.fixture
def queue(monkeypatch):
    """A feed, and the jobs that it tells of."""
    monkeypatch.setattr(feeds, "SOON", 0.01)
    monkeypatch.setattr(feeds, "STEADY", 0.05)
    jobs = {"a": view("a", RUNNING), "b": view("b")}
    return jobs, Feed(lambda: [one for one in jobs.values() if one["state"] in (QUEUED, RUNNING)], jobs.get)


def test_the_stream_tells_what_waits_and_once_what_has_ended(queue):
    jobs, feed = queue

    async def watched():
        stream = feed.watch()
        first = received(await anext(stream))
        feed.publish("a")
        feed.publish("a")
        second = received(await anext(stream))
        jobs["a"] = view("a", DONE)
        feed.publish()
        third = received(await anext(stream))
        feed.announce({"wall": {"look": "fur"}})
        feed.publish()
        rest = [received(await anext(stream)) for _ in range(2)]
        feed.close()
        return [first, second, third, *rest], [one async for one in stream]

    messages, end = asyncio.run(watched())
    told = [[(job["id"], job["state"]) for job in one["jobs"]] for one in messages if "jobs" in one]
    live = [("a", RUNNING), ("b", QUEUED)]
    assert told == [live, live, [("b", QUEUED), ("a", DONE)], [("b", QUEUED)]]
    assert messages[0]["jobs"][0]["progress"] == {"losses": [], "step": 2}
    assert messages[3] == {"wall": {"look": "fur"}}
    assert (end, feed.viewers) == ([], 0)


def test_a_viewer_of_the_stream_who_takes_nothing_is_let_go(queue):
    _, feed = queue

    async def watched():
        slow, quick = feed.watch(), feed.watch()
        await anext(slow)
        await anext(quick)
        seen = []
        for number in range(BACKLOG + 2):
            feed.announce({"number": number})
            seen.append(received(await anext(quick))["number"])
        return seen, [one async for one in slow], feed.viewers

    assert asyncio.run(watched()) == (list(range(BACKLOG + 2)), [], 1)


def test_the_stream_over_http_begins_with_the_queue(served):
    import urllib.request

    studio = served()
    id = studio.call("/api/jobs", {"picture": "noise:160x120", "settings": QUICK | {"iterations": 30}})["id"]
    with urllib.request.urlopen(f"{studio.address}/api/events", timeout=60) as stream:
        states = []
        while DONE not in states:
            line = stream.readline()
            if line.startswith(b"data: "):
                states += [job["state"] for job in json.loads(line[6:]).get("jobs", []) if job["id"] == id]
    assert states[0] in (QUEUED, RUNNING)
    assert states[-1] == DONE


def test_what_waits_is_told_how_long_it_will_take(web, studio, held):
    small = {"picture": "noise:100x50", "settings": {"model": "mini", "num_octave": 1, "iterations": 10}}
    large = {"picture": "noise:200x100", "settings": {"model": "mini", "num_octave": 1, "iterations": 10}}
    ids = [web.post("/api/jobs", json=asked).json()["id"] for asked in (small, large, small)]

    def left():
        return [web.get(f"/api/jobs/{id}").json()["progress"]["left"] for id in ids]

    assert left() == [None, None, None]  # nothing was dreamt yet
    studio.worker.dreaming.estimates.note(studio.store.job(ids[0]), seconds=2.0)  # for 50,000 pixels of steps
    assert left() == [None, 10.0, 12.0]


def test_a_dream_sets_the_pace_of_those_that_wait(web, studio):
    asked = {**NOISE, "settings": LONG}
    running, waiting = (web.post("/api/jobs", json=asked).json()["id"] for _ in range(2))
    steps_taken(web, running, 5)
    left = web.get(f"/api/jobs/{running}").json()["progress"]["left"]
    both = web.get(f"/api/jobs/{waiting}").json()["progress"]["left"]
    assert 1.3 * left < both < 4 * left  # one that has gone a little way, and a whole one
    for id in (waiting, running):
        web.post(f"/api/jobs/{id}/cancel")
