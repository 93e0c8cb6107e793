"""What the studio keeps, through kills and links."""

import os
import sqlite3
import time

import pytest
from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.web.job import Asked
from kerasdream.web.store import FORGOTTEN, MOST_STARTS, Store
from kerasdream.web.views import CANCELLED, DONE, QUEUED, RUNNING

BAD = ["../../etc/passwd", "..", "", "a" * 31, "A" * 32, "0" * 32 + "/../x", "%2e%2e", "0" * 33]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data")


def add(store, **changes):
    values = {
        "picture": "sample",
        "settings": {"model": "mini"},
        "look": "fur",
        "words": "fur mini mixed4",
    }
    return store.add_job("me", Asked(**values | changes))


@pytest.mark.parametrize("id", BAD)
def test_only_names_of_ours_lead_to_files(store, id):
    with pytest.raises(KeyError):
        store.path("dreams", id, ".png")


def test_a_link_inside_the_folder_leads_nowhere(store, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (store.folder / "pictures" / f"{'0' * 32}.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(KeyError):
        store.picture("0" * 32)
    (store.folder / "thumbs").rmdir()
    (store.folder / "thumbs").symlink_to(tmp_path)
    with pytest.raises(KeyError):
        store.path("thumbs", "0" * 32, ".webp")


def test_pictures_are_written_anew_without_what_they_carried(store):
    image = Image.new("RGBA", (5, 4), (10, 20, 30, 0))
    image.info["comment"] = "where I live"
    kept = Image.open(store.path("pictures", store.add_picture(image), ".png"))
    assert (kept.mode, kept.size, kept.getpixel((0, 0)), kept.info) == ("RGB", (5, 4), (10, 20, 30), {})


def test_jobs_come_back_in_their_order_and_what_was_interrupted_waits_again(store):
    first, second, third = (add(store) for _ in range(3))
    assert store.update(first.id, DONE, loss=2.5, seconds=1.0, width=6, height=4)
    assert store.update(second.id, RUNNING, only=(QUEUED,))
    assert not store.update(first.id, CANCELLED, only=(QUEUED,))
    store.close()
    again = Store(store.folder)  # as after a kill
    assert [(job.id, job.state) for job in again.waiting()] == [(second.id, QUEUED), (third.id, QUEUED)]
    job = again.job(first.id)
    assert (job.state, job.loss, job.width, job.settings) == (DONE, 2.5, 6, {"model": "mini"})
    assert "client" not in job.view()


def test_a_job_that_ends_the_studio_each_time_is_given_up(store):
    job = add(store)
    for start in range(MOST_STARTS):
        assert store.job(job.id).state == QUEUED, start
        store.update(job.id, RUNNING)
        store.close()
        store = Store(store.folder)
    assert (store.job(job.id).state, "ended several times" in store.job(job.id).error) == ("failed", True)


def test_a_folder_has_one_studio(store):
    with pytest.raises(OutputError, match="another studio uses it"):
        Store(store.folder)
    store.close()
    Store(store.folder).close()


def test_pictures_go_a_day_after_the_last_dream_of_them(store, monkeypatch):
    picture = store.add_picture(Image.new("RGB", (4, 4)))
    jobs = [add(store, picture=picture), add(store, mask=picture), add(store, guide=picture)]
    os.utime(store.path("pictures", picture, ".png"), (0, 0))
    store.remove(jobs[0].id)
    store.update(jobs[1].id, CANCELLED)
    store.remove(jobs[2].id)
    store.tidy()
    assert store.picture(picture).size == (4, 4)  # the page may still show it
    tomorrow = time.time() + FORGOTTEN + 60
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    store.tidy()
    with pytest.raises(KeyError):
        store.job(jobs[1].id)
    with pytest.raises(KeyError):
        store.picture(picture)


def test_the_gallery_is_searched_by_words_page_by_page(store):
    jobs = [add(store, words=f"look{number % 2} mini mixed{number}") for number in range(6)]
    for job in jobs[:5]:
        store.update(job.id, DONE)
    assert [job.id for job in store.gallery("", None, 2)] == [jobs[4].id, jobs[3].id]
    assert [job.id for job in store.gallery("", jobs[3].number, 9)] == [job.id for job in jobs[2::-1]]
    assert [job.id for job in store.gallery("LOOK1", None, 9)] == [jobs[3].id, jobs[1].id]
    assert store.gallery("%", None, 9) == store.gallery("_", None, 9) == store.gallery("' OR 1=1 --", None, 9) == []


def test_a_dream_is_removed_with_its_files(store):
    job = add(store)
    for kind, ending in (("dreams", ".png"), ("dreams", ".webp"), ("dreams", ".gif"), ("thumbs", ".webp")):
        store.path(kind, job.id, ending).write_bytes(b"x")
    store.remove(job.id)
    with pytest.raises(KeyError):
        store.job(job.id)
    assert not [path for path in store.folder.rglob("*") if path.stem == job.id]


def test_what_was_forgotten_goes_at_the_next_start(store):
    kept = [store.add_picture(Image.new("RGB", (4, 4))) for _ in range(3)]
    add(store, guide=kept[0])
    for id in kept[:2]:
        os.utime(store.path("pictures", id, ".png"), (0, 0))
    (store.folder / "dreams" / ".kerasdream-0123456789ab.tmp").write_bytes(b"half a picture")
    os.utime(store.folder / "dreams" / ".kerasdream-0123456789ab.tmp", (0, 0))
    store.close()
    again = Store(store.folder)
    assert sorted(path.stem for path in (again.folder / "pictures").iterdir()) == sorted([kept[0], kept[2]])
    assert list((again.folder / "dreams").iterdir()) == []


def test_a_folder_that_cannot_hold_it_is_told(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "studio.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(OutputError, match="cannot be used"):
        Store(tmp_path / "data")


FIRST_EDITION = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, state TEXT NOT NULL,
    picture TEXT NOT NULL, guide TEXT, mask TEXT, look TEXT NOT NULL, settings TEXT NOT NULL, words TEXT NOT NULL,
    created REAL NOT NULL, seconds REAL, loss REAL, width INTEGER, height INTEGER, error TEXT NOT NULL DEFAULT '',
    starts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX by_state ON jobs (state, number);
"""


def test_a_folder_of_the_first_edition_is_opened_with_all_that_it_holds(tmp_path):
    (tmp_path / "data").mkdir()
    done, queued = "a" * 32, "b" * 32
    with sqlite3.connect(tmp_path / "data" / "studio.db") as base:
        base.executescript(FIRST_EDITION)
        for id, state in ((done, DONE), (queued, RUNNING)):
            base.execute(
                "INSERT INTO jobs (id, client, state, picture, look, settings, words, created, loss, width, height) "
                "VALUES (?, 'me', ?, 'sample', 'fur', '{\"model\": \"mini\"}', 'fur mini mixed4', 5.0, 2.5, 6, 4)",
                (id, state),
            )
        base.execute("ALTER TABLE jobs ADD COLUMN label TEXT NOT NULL DEFAULT ''")  # as after a kill in between
    base.close()
    store = Store(tmp_path / "data")
    (job,) = store.gallery("mixed4", None, 9)
    assert (job.id, job.loss, job.settings, job.kind, job.plan) == (done, 2.5, {"model": "mini"}, "dream", {})
    assert (job.parent, job.relation, job.group, job.favourite, job.stopped) == (None, "", None, False, False)
    assert [(one.id, one.place) for one in store.waiting()] == [(queued, 2)]
    store.favour(done, True)
    later = add(store, parent=done, relation="deeper", plan={"zoom": 1.5})
    store.close()
    again = Store(tmp_path / "data")
    assert [one.id for one in again.family(later.id)] == [done, later.id]
    assert again.job(later.id).plan == {"zoom": 1.5}
    assert again.job(done).favourite


def test_the_order_of_the_queue_stays_after_a_restart(store):
    a, b, c = (add(store).id for _ in range(3))
    store.move(c, a)
    urgent = add(store, urgent=True).id
    store.close()
    assert [job.id for job in Store(store.folder).waiting()] == [urgent, c, a, b]
