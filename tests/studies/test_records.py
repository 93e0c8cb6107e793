"""The database of a study: all of a batch or nothing, and nothing of another study."""

import sqlite3

import numpy as np
import pytest

from kerasdream.errors import OutputError
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, Example, Records, Verdict


@pytest.fixture
def records(tmp_path):
    records = Records(tmp_path / "study.db", {"size": 64})
    records.add_pictures("photo", ["a.jpg", "b.jpg", "it's.jpg"])
    yield records
    records.close()


def verdict(picture, number, change=0.0):
    return Verdict(picture, [number, 5], [0.75, 0.25], 0.81, change)


def test_what_is_kept_comes_back(records):
    records.add_verdicts("", BEFORE, [verdict(1, 10), verdict(2, 20), verdict(3, 30)])
    records.add_verdicts("it's", AFTER, [verdict(1, 11, 2.0), verdict(3, 31, 4.0)])
    records.add_verdicts("it's", CONTROL, [verdict(3, 32, 8.0)])
    found = records.paired("photo", "it's", [BEFORE, AFTER])
    assert found.pictures.tolist() == [1, 3]
    assert {condition: classes.tolist() for condition, classes in found.classes.items()} == {
        BEFORE: [10, 30],
        AFTER: [11, 31],
    }
    assert found.changes[AFTER].tolist() == [2.0, 4.0]
    np.testing.assert_allclose(found.probabilities[BEFORE], 0.75)
    assert records.paired("photo", "it's", [BEFORE, AFTER, CONTROL]).classes[CONTROL].tolist() == [32]
    assert records.paired("noise", "it's", [BEFORE, AFTER]).pictures.tolist() == []
    rows = list(records.base.execute("SELECT class, probability FROM guesses WHERE picture = 2 ORDER BY rank"))
    assert rows == [(20, 0.75), (5, 0.25)]


def test_a_batch_is_kept_whole_or_not_at_all(records):
    records.add_verdicts("mixed4", AFTER, [verdict(2, 20)])
    with pytest.raises(sqlite3.IntegrityError):
        records.add_verdicts("mixed4", AFTER, [verdict(1, 10), verdict(2, 20)])  # the second is there already
    assert records.missing([1, 2, 3], "mixed4", AFTER) == [1, 3]
    assert records.base.execute("SELECT COUNT(*) FROM guesses").fetchone() == (2,)


def test_pictures_come_in_batches_that_stay_the_same_where_some_cannot_be_read(records):
    records.add_pictures("photo", ["b.jpg", "c.jpg"])
    records.add_fault(2, "torn")
    assert records.pictures(0, 2) == [(1, "photo", "a.jpg", ""), (2, "photo", "b.jpg", "torn")]
    assert records.pictures(2, 2) == [(3, "photo", "it's.jpg", ""), (4, "photo", "c.jpg", "")]
    assert (records.number_of_pictures(), records.faults()) == (4, [("b.jpg", "torn")])


def test_a_study_begun_under_older_names_goes_on(tmp_path):
    base = sqlite3.connect(tmp_path / "old.db")
    base.executescript(
        """
        CREATE TABLE pictures (picture INTEGER PRIMARY KEY, source TEXT, name TEXT UNIQUE, error TEXT DEFAULT '');
        CREATE TABLE looks (picture INTEGER, layer TEXT, moment TEXT, entropy REAL, change REAL,
            PRIMARY KEY (picture, layer, moment)) WITHOUT ROWID;
        CREATE TABLE verdicts (picture INTEGER, layer TEXT, moment TEXT, rank INTEGER, class INTEGER, probability REAL,
            PRIMARY KEY (picture, layer, moment, rank)) WITHOUT ROWID;
        INSERT INTO pictures (source, name) VALUES ('photo', 'a.jpg'), ('photo', 'b.jpg');
        INSERT INTO looks VALUES (1, '', 'before', 0.5, 0);
        INSERT INTO verdicts VALUES (1, '', 'before', 0, 10, 0.75), (1, '', 'before', 1, 11, 0.25);
        """
    )
    base.close()
    for _ in range(2):
        records = Records(tmp_path / "old.db", {"size": 64})
        assert records.missing([1, 2], "", BEFORE) == [2]
        assert records.paired("photo", "mixed4", [BEFORE]).classes[BEFORE].tolist() == [10]
        records.close()


def test_thousands_of_pictures_may_be_asked_for_at_once(records):
    assert records.missing(range(1, 100_001), "mixed4", AFTER) == list(range(1, 100_001))


def test_the_strongest_example_of_a_category_stays(records):
    for picture, sure in ((1, 0.5), (2, 0.9), (3, 0.7)):
        records.add_verdicts("mixed4", AFTER, [verdict(picture, 1)], [Example("dogs", picture, 200, sure, b"jpeg")])
    records.add_verdicts("mixed5", AFTER, [verdict(1, 1)], [Example("cats", 1, 281, 0.95, b"other")])
    assert records.examples("mixed4", 5) == [("dogs", "b.jpg", 200, 0.9, b"jpeg")]
    assert records.best("mixed4") == {"dogs": 0.9}


def test_another_study_is_not_mixed_in(records, tmp_path):
    Records(tmp_path / "study.db", {"size": 64}).close()
    with pytest.raises(OutputError, match="other settings .size was 64, now 128.. Name another folder"):
        Records(tmp_path / "study.db", {"size": 128})
    (tmp_path / "other.db").write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(OutputError, match="cannot be used as a study's database"):
        Records(tmp_path / "other.db", {})
