"""What leaves the studio: larger dreams, cards, films and journeys."""

import io

import numpy as np
import pytest
from PIL import Image
from serving import QUICK, a_file, ended
from test_queue import steps_taken

import kerasdream
from kerasdream.errors import ConfigError
from kerasdream.video.reader import open_reader
from kerasdream.web import exports, film_intake, filming, films
from kerasdream.web.filming import check_journey, journey_settings
from kerasdream.web.views import CANCELLED, DONE, RUNNING

NOISE = {"picture": "noise:96x64"}
SHORT = {"frames": 4, "fps": 8, "side": 64}


def opened(answer):
    return Image.open(io.BytesIO(answer.content))


def a_film(frames=6, size=(64, 48), format="GIF"):
    """The bytes of a small animation of the sample, which moves."""
    whole = kerasdream.sample().resize((size[0] + 2 * frames, size[1]))
    pictures = [whole.crop((2 * n, 0, 2 * n + size[0], size[1])) for n in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, format, save_all=True, append_images=pictures[1:], duration=120, loop=0)
    return file.getvalue()


def film_of(web, tmp_path, id, format):
    """The frames of a film of a job."""
    answer = web.get(f"/api/jobs/{id}/film.{format}")
    assert answer.status_code == 200, answer.text
    path = tmp_path / f"film.{format}"
    path.write_bytes(answer.content)
    return open_reader(path)


@pytest.fixture
def no_ffmpeg(monkeypatch):
    for module in (exports, films, film_intake, filming):
        monkeypatch.setattr(module, "has_ffmpeg", lambda: False, raising=False)


def test_a_dream_is_exported_at_twice_its_size_with_its_shapes_where_they_were(web):
    picture = web.post("/api/pictures", content=a_file((160, 120))).json()["id"]
    asked = {"picture": picture, "settings": {"preset": "strokes", "iterations": 8, "num_octave": 2}}
    id = ended(web, web.post("/api/jobs", json=asked).json()["id"])["id"]
    answer = web.post(f"/api/jobs/{id}/export", json={"scale": 2})
    assert (answer.status_code, answer.json()["parent"], answer.json()["relation"]) == (201, id, "export")
    done = ended(web, answer.json()["id"])
    assert (done["state"], done["width"], done["height"], done["label"]) == (DONE, 320, 240, "2x")
    large, small = (opened(web.get(f"/api/jobs/{one}/result")) for one in (done["id"], id))
    enlarged = np.asarray(small.resize((320, 240), Image.Resampling.BICUBIC), int)
    assert 1 < np.abs(np.asarray(large, int) - enlarged).mean() < 30  # it was dreamt, from there
    assert web.get(f"/api/jobs/{done['id']}/moments").status_code == 404
    for wrong, status in (({"scale": 3}, 400), ({}, 400), ({"scale": True}, 400), ({"scale": 4}, 201)):
        assert web.post(f"/api/jobs/{id}/export", json=wrong).status_code == status
    assert web.post(f"/api/jobs/{done['id']}/export", json={"scale": 4}).status_code == 400  # 1.2 megapixels
    assert web.post(f"/api/jobs/{'0' * 32}/export", json={"scale": 2}).status_code == 404


def test_a_card_shows_the_picture_and_the_dream(web):
    picture = web.post("/api/pictures", content=a_file((96, 64))).json()["id"]
    id = web.post("/api/jobs", json={"picture": picture, "settings": {"preset": "eyes"} | QUICK}).json()["id"]
    ended(web, id)
    card = opened(web.get(f"/api/jobs/{id}/card"))
    assert (card.format, card.width) == ("JPEG", 2 * 840 + 3 * 8)
    left = np.asarray(card.crop((8, 8, 848, 568)).resize((96, 64)), int)
    right = np.asarray(card.crop((856, 8, 1696, 568)).resize((96, 64)), int)
    before, after = (
        np.asarray(opened(web.get(path)), int) for path in (f"/api/pictures/{picture}", f"/api/jobs/{id}/result")
    )
    assert np.abs(left - before).mean() < 4 < np.abs(left - after).mean() + 4
    assert np.abs(right - after).mean() < 4


def test_a_journey_is_made_of_a_picture_and_stopped_when_one_has_seen_enough(web, tmp_path, no_ffmpeg):
    asked = NOISE | {"kind": "journey", "journey": SHORT | {"zoom": 1.1}, "settings": {"layers": "mixed2"}}
    done = ended(web, web.post("/api/jobs", json=asked).json()["id"])
    assert (done["state"], done["kind"], done["width"], done["plan"]["zoom"]) == (DONE, "journey", 64, 1.1), done[
        "error"
    ]
    reader = film_of(web, tmp_path, done["id"], "webp")
    assert (len(reader), float(reader.fps)) == (4, 8.0)
    assert opened(web.get(f"/api/jobs/{done['id']}/result")).size == (64, 43)
    assert web.get(f"/api/jobs/{done['id']}/film.gif").status_code == 404
    answer = web.get(f"/api/jobs/{done['id']}/film.mp4")
    assert (answer.status_code, "WebP is there" in answer.json()["error"]) == (409, True)
    asked["journey"] = SHORT | {"frames": 400}
    id = web.post("/api/jobs", json=asked).json()["id"]
    steps_taken(web, id, 2)
    dream = web.post("/api/jobs", json=NOISE | {"settings": QUICK}).json()["id"]
    assert ended(web, dream)["state"] == DONE  # between two frames
    assert web.get(f"/api/jobs/{id}").json()["state"] == RUNNING
    web.post(f"/api/jobs/{id}/stop")
    stopped = ended(web, id)
    assert (stopped["state"], stopped["stopped"]) == (DONE, True)
    assert 3 <= len(film_of(web, tmp_path, id, "webp")) < 300
    assert web.delete(f"/api/jobs/{id}").status_code == 204
    asked["journey"] = SHORT | {"frames": 400}
    id = web.post("/api/jobs", json=asked).json()["id"]
    steps_taken(web, id, 1)
    web.post(f"/api/jobs/{id}/cancel")
    assert ended(web, id)["state"] == CANCELLED
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(id)]


def test_a_film_is_dreamt_three_frames_first(web, studio, tmp_path):
    kept = web.post("/api/pictures", content=a_film()).json()
    assert (kept["width"], kept["height"], kept["film"]) == (64, 48, {"frames": 6, "fps": 100 / 12, "seconds": 0.72})
    previews = []
    show = filming.FilmWatch.show
    settings = {"layers": "mixed1", "iterations": 2, "num_octave": 1}

    def watched(self, picture):
        previews.append(picture.shape)
        show(self, picture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filming.FilmWatch, "show", watched)
        asked = {"picture": kept["id"], "kind": "film", "film": {"cadence": 2}, "settings": settings}
        done = ended(web, web.post("/api/jobs", json=asked).json()["id"])
    assert (done["state"], done["kind"], done["width"], done["height"]) == (DONE, "film", 64, 48), done["error"]
    assert previews == [(48, 192, 3)] * 3 + [(48, 64, 3)] * 6
    for format in ("mp4", "webm", "webp"):
        assert len(film_of(web, tmp_path, done["id"], format)) == 6
    assert done["progress"]["iterations"] == 6
    assert web.get(f"/api/jobs/{done['id']}/thumb").status_code == 200
    assert [dream["kind"] for dream in web.get("/api/gallery").json()["dreams"]] == ["film"]
    for wrong, words in (
        ({"film": {"cadence": 99}}, "cadence=99"), ({"film": {"x": 1}}, "no setting 'x'"), ({"film": 5}, "an object"),
        ({"picture": "sample"}, "no film"), ({"guide": kept["id"]}, "without a guide"), ({"kind": "x"}, "kind='x'"),
    ):  # fmt: skip
        answer = web.post("/api/jobs", json=asked | wrong)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
    assert web.delete(f"/api/jobs/{done['id']}").status_code == 204
    left = {path.name for path in (studio.store.folder / "films").iterdir()}
    assert left == {f"{kept['id']}.webp"}


def test_a_film_goes_on_after_the_studio_has_ended(web, studio, no_ffmpeg):
    asked = NOISE | {"kind": "journey", "journey": SHORT | {"frames": 300}, "settings": {"layers": "mixed1"}}
    id = web.post("/api/jobs", json=asked).json()["id"]
    steps_taken(web, id, 2)
    studio.worker.stop()
    assert studio.store.job(id).state == RUNNING
    frames = studio.store.folder / "films" / f"{id}.webp.frames"
    done = len(list(frames.glob("*.png")))
    assert 3 <= done < 300
    first = (frames / "000001.png").stat().st_mtime_ns
    studio.worker.ending.clear()
    steps = []
    watch = filming.FilmWatch(studio.worker.progress[id], lambda: steps.append(0), lambda: len(steps) == 2)
    assert studio.worker.filming.make(studio.store.job(id), watch) is None
    assert studio.worker.progress[id].step == done + 1
    assert (frames / "000001.png").stat().st_mtime_ns == first


def test_what_a_film_may_be_is_limited(web, monkeypatch, no_ffmpeg):
    monkeypatch.setattr(film_intake, "MOST_FRAMES", 5)
    for body, words in (
        (a_film(), "6 frames of 64 x 48"),
        (b"....ftypisom....", 'need the extra "video"'),
        (a_film()[:200], "the picture"),
    ):
        answer = web.post("/api/pictures", content=body)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
    assert web.post("/api/pictures", content=a_film(frames=5, size=(900, 60), format="WEBP")).json()["width"] == 640
    assert web.post("/api/pictures", content=a_film(frames=1)).json()["film"] is None


def test_a_video_is_cut_shrunk_and_loses_what_it_carried(web, studio, tmp_path, monkeypatch):
    monkeypatch.setattr(film_intake, "MOST_FRAMES", 7)
    frames = [np.full((720, 1280, 3), shade, np.uint8) for shade in range(0, 250, 25)]
    from kerasdream.video.writer import open_writer

    with open_writer(tmp_path / "a.webm", 10, (720, 1280), comment="where I live") as writer:
        for frame in frames:
            writer.write(frame)
    kept = web.post("/api/pictures", content=(tmp_path / "a.webm").read_bytes()).json()
    assert (kept["width"], kept["height"], kept["film"]) == (640, 360, {"frames": 7, "fps": 10.0, "seconds": 0.7})
    film = studio.store.folder / "films" / f"{kept['id']}.mp4"
    assert b"where I live" not in film.read_bytes()
    assert [round(float(frame.mean()) / 25) for frame in open_reader(film)] == list(range(7))
    broken = (tmp_path / "a.webm").read_bytes()[:60]
    answer = web.post("/api/pictures", content=broken)
    assert (answer.status_code, "The video cannot be read" in answer.json()["error"]) == (400, True)
    monkeypatch.setattr(film_intake, "PATIENCE", 0.01)
    answer = web.post("/api/pictures", content=(tmp_path / "a.webm").read_bytes())
    assert (answer.status_code, "send a shorter one" in answer.json()["error"]) == (400, True)
    assert {path.name for path in (studio.store.folder / "films").iterdir()} == {film.name}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"zoom": "1.02"}, "zoom='1.02' was given; a number"),
        ({"zoom": 50}, "zoom"),
        ({"frames": 481}, "frames=481 was given; 480 at most"),
        ({"frames": 0}, "frames=0"),
        ({"fps": 61}, "fps=61 was given; 60 at most"),
        ({"side": 800}, "side=800 was given; 768 at most"),
        ({"recipe": "zom"}, "Did you mean 'zoom'"),
        ({"keyframes": "/etc/passwd"}, "no setting 'keyframes'"),
        ({"iterations": 500}, "iterations=500 was given; 400 at most"),
        ([], "an object"),
    ],
)
def test_what_a_journey_may_not_be_is_told_in_words(plan, words):
    with pytest.raises(ConfigError, match=words):
        check_journey(plan, {"model": "mini"})


def test_a_journey_takes_the_style_of_a_dream_and_not_its_length():
    dream = {"preset": "spirals", "model": "mini", "iterations": 40, "seed": 3}
    assert journey_settings(dream, {"zoom": 1.05}) == {
        "model": "mini", "layers": {"mixed0": 1.0, "mixed1": 0.5}, "gradient_blur": 0.7, "seed": 3, "side": 512,
        "frames": 120, "zoom": 1.05,
    }  # fmt: skip
    assert "layers" not in journey_settings(dream, {"recipe": "tunnel"})
    assert journey_settings(dream | {"layers": {"mixed5": 1.0}}, {"recipe": "tunnel"})["layers"] == {"mixed5": 1.0}
