"""What is made when no dream waits: the welcome, walls of looks, the atlas; and what a network sees."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from serving import LONG, QUICK, a_file, ended

from kerasdream import presets
from kerasdream.web import networks, walls, welcome
from kerasdream.web.models import layers_of
from kerasdream.web.names import NAMES, name_of
from kerasdream.web.sketches import SHOWN
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio
from kerasdream.web.views import DONE
from kerasdream.web.walls import Wall
from kerasdream.web.welcome import Welcome

NOISE = {"picture": "noise:96x64"}


def opened(answer):
    return Image.open(io.BytesIO(answer.content))


def there(web, path, seconds=90):
    """The answer of an address, when it has what is asked."""
    until = time.monotonic() + seconds
    while (answer := web.get(path)).status_code != 200:
        assert time.monotonic() < until, answer.text
        time.sleep(0.05)
    return answer


@pytest.fixture
def two_looks(monkeypatch):
    monkeypatch.setattr(presets, "PRESETS", {name: presets.PRESETS[name] for name in ("eyes", "strokes")})


def test_the_looks_are_dreamt_on_ones_own_picture(web, studio, two_looks):
    told = []
    studio.worker.walls.announce = told.append
    picture = web.post("/api/pictures", content=a_file((416, 208))).json()["id"]
    answer = web.post("/api/wall", json={"picture": picture, "model": "mini"})
    assert (answer.status_code, answer.json()["there"]) == (202, [])
    looks = [opened(there(web, f"/api/wall/{picture}/mini/{look}")) for look in ("eyes", "strokes")]
    assert [look.size for look in looks] == [(208, 104)] * 2
    small = np.asarray(Image.open(io.BytesIO(a_file((416, 208)))).resize((208, 104)), int)
    for look in looks:
        assert 3 < np.abs(np.asarray(look.convert("RGB"), int) - small).mean() < 60
    assert told == [{"wall": {"picture": picture, "model": "mini", "look": look}} for look in ("eyes", "strokes")]
    assert web.post("/api/wall", json={"picture": picture}).json()["there"] == ["eyes", "strokes"]
    for path in (f"{picture}/mini/fur", f"{'0' * 32}/mini/eyes", f"{picture}/vgg16/eyes", "..%2f/mini/eyes"):
        assert web.get(f"/api/wall/{path}").status_code == 404
    for wrong in ({"picture": "0" * 32}, {"model": "vgg16"}, {"model": ["mini"]}, {"picture": 5}):
        assert web.post("/api/wall", json=wrong).status_code == 404


def test_what_was_asked_for_last_is_made_first(studio):
    worker = studio.worker
    worker.walls.request(Wall("sample", "mini"))
    assert worker.by_last_asked()[0] is worker.walls
    worker.sketches.request(("mini", "mixed0", 3))
    assert worker.by_last_asked() == [worker.sketches, worker.walls]
    worker.walls.request(Wall("noise:64x48", "mini"))
    worker.sketches.request_atlas("mini", [])
    worker.walls.request(Wall("sample", "mini"))
    assert worker.by_last_asked() == [worker.walls, worker.sketches]


def test_a_wall_is_given_up_for_a_dream_and_for_another_wall(studio, two_looks):
    drawn = studio.worker.walls
    drawn.request(Wall("sample", "mini"))
    asked = []

    def should_stop():
        asked.append(0)
        return len(asked) >= 3

    assert drawn.work(should_stop)
    assert (len(asked), drawn.next(), list(studio.store.folder.glob("walls/*"))) == (4, "eyes", [])
    drawn.request(Wall("noise:64x48", "mini"))
    assert drawn.work(lambda: drawn.request(Wall("sample", "mini")))
    assert list(studio.store.folder.glob("walls/*")) == []


def test_a_look_that_fails_does_not_end_its_wall(studio, two_looks, monkeypatch):
    drawn = studio.worker.walls
    drawn.request(Wall("0" * 32, "mini"))  # its picture is gone
    assert [drawn.work(lambda: False) for _ in range(3)] == [True, True, False]
    assert studio.worker.walls.failed == {"eyes", "strokes"}


@pytest.mark.parametrize("look", presets.PRESETS)
def test_every_look_can_be_small(look):
    settings = walls.settings_of(look, "mini")
    assert settings["iterations"] <= 12
    assert settings["num_octave"] <= 3
    assert settings["step"] >= presets.settings(look).get("step", 0.01)


def test_a_first_visit_finds_a_dream_and_it_stands_in_no_gallery(tmp_path, monkeypatch):
    from starlette.testclient import TestClient

    from kerasdream.web.app import app

    monkeypatch.setattr(welcome, "SIZE", (96, 64))
    studio = Studio(Store(tmp_path / "data"), {"mini": {}}, welcomes=True)
    with TestClient(app(studio, {"testserver"})) as web:
        until = time.monotonic() + 90
        while (found := web.get("/api/welcome").json()) is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert (found["state"], found["picture"], found["relation"]) == (DONE, "sample", "welcome")
        assert opened(web.get(f"/api/jobs/{found['id']}/result")).size == (96, 64)
        assert len(web.get(f"/api/jobs/{found['id']}/moments").json()["moments"]) > 5
        assert web.get("/api/gallery").json()["dreams"] == []
        assert not studio.worker.background[0].work(lambda: False)  # it is there


def test_the_welcome_is_given_up_for_a_dream_and_made_later(studio, monkeypatch):
    monkeypatch.setattr(welcome, "SIZE", (96, 64))
    told = []
    made = Welcome(studio.store, studio.worker.dreaming, told.append)
    asked = []
    assert made.work(lambda: len(asked) == 2 or asked.append(0))
    assert (studio.store.welcome(["mini"]), list((studio.store.folder / "dreams").iterdir())) == (None, [])
    assert made.work(lambda: False)
    found = studio.store.welcome(["inception_v3", "mini"])
    assert (found.width, told) == (96, [{"welcome": {"id": found.id, "model": "mini"}}])


def test_the_atlas_draws_some_channels_of_each_layer_in_the_background(web, studio, monkeypatch):
    web.get("/api/atlas?model=mini")
    sketches = studio.worker.sketches
    assert [layer["name"] for layer in web.get("/api/atlas").json()["layers"]] == [f"mixed{n}" for n in range(8)]
    until = time.monotonic() + 90
    while len(layer := web.get("/api/atlas?model=mini").json()["layers"][0]["drawn"]) < 4:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert layer[:4] == [0, 32, 64, 96]
    assert opened(web.get("/api/atlas/mini/mixed0/32")).size == (128, 128)
    assert len(sketches.atlas) == 8 * SHOWN - len(layer)
    assert web.get("/api/atlas/mini/mixed0/999").status_code == 404
    assert web.get("/api/atlas?model=vgg16").status_code == 404
    assert web.get("/api/atlas").json()["layers"][2]["names"]["20"] == "roses"
    sketches.atlas = []


def test_channels_have_names_where_the_atlas_begins():
    for model in ("mini", "inception_v3"):
        channels = {one.name: one.channels for one in layers_of(model)}
        for layer, names in NAMES[model].items():
            assert max(names) < channels[layer]
            assert all(0 < len(name) < 20 for name in names.values())
        for layer in [f"mixed{number}" for number in range(5)]:
            assert all(name_of(model, layer, place * channels[layer] // SHOWN) for place in range(SHOWN))


def test_what_the_network_sees_at_a_place_stands_out_there(web, monkeypatch):
    picture = Image.new("RGB", (320, 160), (90, 120, 160))
    stripes = np.asarray(picture).copy()
    stripes[:, 160::8] = 255
    Image.fromarray(stripes).save(file := io.BytesIO(), "PNG")
    id = web.post("/api/pictures", content=file.getvalue()).json()["id"]
    layers = [
        web.post("/api/seen", json={"picture": id, "model": "mini", "x": x, "y": 0.5}).json()["layers"]
        for x in (0.25, 0.75)
    ]
    assert [layer["layer"] for layer in layers[0]] == [f"mixed{n}" for n in range(8)]
    plain, striped = ({one["channel"] for one in found[0]["channels"]} for found in layers)
    assert len(striped) == 6
    assert plain.isdisjoint(striped)
    strengths = [one["strength"] for one in layers[1][0]["channels"]]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[-1] > 0
    for wrong, status in (
        ({"x": 2}, 400), ({"x": "0"}, 400), ({"y": True}, 400), ({"model": "vgg16"}, 404), ({"picture": "0" * 32}, 404),
    ):  # fmt: skip
        assert web.post("/api/seen", json={"picture": id, "x": 0.5, "y": 0.5} | wrong).status_code == status
    monkeypatch.setattr(networks, "MOST_LOOKING", 0)
    assert web.post("/api/seen", json={"picture": id, "x": 0.5, "y": 0.5}).status_code == 503


def test_a_look_of_ones_own_is_kept_with_its_picture(web, studio):
    dream = web.post("/api/jobs", json=NOISE | {"settings": QUICK}).json()["id"]
    ended(web, dream)
    settings = {"preset": "eyes", "seed": 4, "model": "mini", "layers": "mixed2:20"}
    look = web.post("/api/looks", json={"name": " roses ", "settings": settings, "dream": dream})
    assert look.status_code == 201
    kept = look.json()
    assert (kept["name"], kept["settings"]["layers"], kept["thumb"]) == ("roses", {"mixed2:20": 1.0}, True)
    web.delete(f"/api/jobs/{dream}")
    assert opened(web.get(f"/api/looks/{kept['id']}/thumb")).size == (96, 64)
    plain = web.post("/api/looks", json={"name": "plain", "settings": {"seed": 1}}).json()
    assert [one["id"] for one in web.get("/api/looks").json()["looks"]] == [plain["id"], kept["id"]]
    assert web.delete(f"/api/looks/{kept['id']}").status_code == 204
    assert web.delete(f"/api/looks/{kept['id']}").status_code == 404
    assert web.get(f"/api/looks/{kept['id']}/thumb").status_code == 404
    assert web.get("/api/looks").json()["looks"] == [plain]
    for wrong, status in (
        ({"name": ""}, 400), ({"name": "x" * 61}, 400), ({"name": 5}, 400), ({"settings": {"step": -1}}, 400),
        ({"dream": "0" * 32}, 404), ({"dream": "../x"}, 404), ({"settings": {"layers": "mixd1"}}, 400),
    ):  # fmt: skip
        assert web.post("/api/looks", json={"name": "a"} | wrong).status_code == status
    for number in range(99):
        web.post("/api/looks", json={"name": f"{number}"})
    assert web.post("/api/looks", json={"name": "one more"}).status_code == 409


def test_what_is_made_in_the_background_yields_to_a_dream(web, studio):
    web.post("/api/wall", json={"picture": "sample", "model": "mini"})
    time.sleep(2.0)  # a look is on its way
    began = time.monotonic()
    id = web.post("/api/jobs", json={"picture": "noise:160x120", "settings": LONG}).json()["id"]
    there(web, f"/api/jobs/{id}/preview", 20)
    assert time.monotonic() - began < 10  # 0.6 seconds on two cores that nobody else used
    web.post(f"/api/jobs/{id}/cancel")
    studio.worker.walls.wall = None
