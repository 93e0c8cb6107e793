"""The database of a study: every verdict as it comes, whole at any moment, and the strongest example of everything."""

import json
import os
import pathlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasdream.errors import OutputError

BEFORE, AFTER, CONTROL = "before", "after", "control"  # conditions under which a picture is judged
PHOTO, NOISE = "photo", "noise"  # sources of pictures
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
    picture INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL UNIQUE, error TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS verdicts (
    picture INTEGER NOT NULL, layer TEXT NOT NULL, condition TEXT NOT NULL, entropy REAL NOT NULL,
    change REAL NOT NULL, PRIMARY KEY (picture, layer, condition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS guesses (
    picture INTEGER NOT NULL, layer TEXT NOT NULL, condition TEXT NOT NULL, rank INTEGER NOT NULL,
    class INTEGER NOT NULL, probability REAL NOT NULL,
    PRIMARY KEY (picture, layer, condition, rank)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS examples (
    layer TEXT NOT NULL, category TEXT NOT NULL, picture INTEGER NOT NULL, class INTEGER NOT NULL,
    probability REAL NOT NULL, jpeg BLOB NOT NULL, PRIMARY KEY (layer, category)) WITHOUT ROWID;
"""
RENAME = """
BEGIN;
ALTER TABLE verdicts RENAME TO guesses;
ALTER TABLE looks RENAME TO verdicts;
ALTER TABLE guesses RENAME COLUMN moment TO condition;
ALTER TABLE verdicts RENAME COLUMN moment TO condition;
COMMIT;
"""  # for the databases of studies that were begun before these names
FIRST_GUESSES = """
SELECT picture, class, probability, entropy, change
FROM pictures JOIN verdicts USING (picture) JOIN guesses USING (picture, layer, condition)
WHERE rank = 0 AND source = ? AND layer = ? AND condition = ?
"""


class Verdict(NamedTuple):
    """The judge's first guesses for one picture, their entropy in bits, and how far the dream changed it, of 255."""

    picture: int
    classes: Sequence[int]
    probabilities: Sequence[float]
    entropy: float
    change: float


class Example(NamedTuple):
    """A dream in which the judge sees a category: the picture before and after, side by side."""

    category: str
    picture: int
    number: int  # of its class
    probability: float
    jpeg: bytes


class Paired(NamedTuple):
    """The judge's first guesses on the same pictures, under each condition."""

    classes: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]
    entropies: dict[str, np.ndarray]
    changes: dict[str, np.ndarray]
    pictures: np.ndarray


class Records:
    """The study's file. A second study in the same folder goes on with it, where its settings are the same.

    Raises OutputError for a file that is no database, or holds a study with other settings.

    >>> records = Records("study.db", {"judge": "mobilenet_v2"})
    >>> records.add_pictures("photo", ["a.jpg", "b.jpg"])
    >>> records.number_of_pictures()
    2
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, object]):
        self.path = pathlib.Path(path)
        try:
            self.base = sqlite3.connect(self.path)
            if self.base.execute("SELECT 1 FROM sqlite_master WHERE name = 'looks'").fetchone():
                self.base.executescript(RENAME)
            self.base.executescript(SCHEMA)
            before = dict(self.base.execute("SELECT name, value FROM settings"))
        except sqlite3.Error as fault:
            raise OutputError(f"{str(path)!r} cannot be used as a study's database: {fault}.") from fault
        now = {name: json.dumps(value, sort_keys=True) for name, value in settings.items()}
        if before and (different := [name for name, value in now.items() if before.get(name) != value]):
            changes = "; ".join(f"{name} was {before.get(name, 'not set')}, now {now[name]}" for name in different)
            raise OutputError(f"{str(path)!r} holds a study with other settings ({changes}). Name another folder.")
        with self.base:
            self.base.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", now.items())

    def settings(self) -> dict[str, Any]:
        """Return what the study was made with."""
        return {name: json.loads(value) for name, value in self.base.execute("SELECT name, value FROM settings")}

    def close(self) -> None:
        """Close the file."""
        self.base.close()

    def add_pictures(self, source: str, names: Iterable[str]) -> None:
        """Add pictures to judge; those that are known stay as they are."""
        with self.base:
            self.base.executemany(
                "INSERT OR IGNORE INTO pictures (source, name) VALUES (?, ?)", ((source, name) for name in names)
            )

    def pictures(self, after: int, count: int) -> list[tuple[int, str, str, str]]:
        """Return the next few pictures, as (number, source, name, error).

        Those that could not be read are among them, so that a second run makes up the same batches, to the last bit.
        """
        query = "SELECT picture, source, name, error FROM pictures WHERE picture > ? ORDER BY picture LIMIT ?"
        return list(self.base.execute(query, (after, count)))

    def number_of_pictures(self) -> int:
        """Return how many pictures there are, read or not."""
        return int(self.base.execute("SELECT COUNT(*) FROM pictures").fetchone()[0])

    def missing(self, pictures: Sequence[int], layer: str, condition: str) -> list[int]:
        """Return those of some pictures that are not judged yet."""
        query = (
            "SELECT picture FROM verdicts WHERE layer = ? AND condition = ? "
            "AND picture IN (SELECT value FROM json_each(?))"
        )
        judged = {row[0] for row in self.base.execute(query, (layer, condition, json.dumps(list(pictures))))}
        return [picture for picture in pictures if picture not in judged]

    def add_verdicts(
        self, layer: str, condition: str, verdicts: Sequence[Verdict], examples: Sequence[Example] = ()
    ) -> None:
        """Keep the verdicts on a batch, and its examples where they are the strongest: all of it or nothing."""
        with self.base:
            self.base.executemany(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)",
                ((verdict.picture, layer, condition, verdict.entropy, verdict.change) for verdict in verdicts),
            )
            self.base.executemany(
                "INSERT INTO guesses VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (one.picture, layer, condition, rank, number, probability)
                    for one in verdicts
                    for rank, (number, probability) in enumerate(zip(one.classes, one.probabilities, strict=True))
                ),
            )
            self.base.executemany(
                "INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET picture = excluded.picture, "
                "class = excluded.class, probability = excluded.probability, jpeg = excluded.jpeg "
                "WHERE excluded.probability > probability",
                ((layer, *example) for example in examples),
            )

    def add_fault(self, picture: int, error: str) -> None:
        """Note that a picture cannot be read, or its dream fails."""
        with self.base:
            self.base.execute("UPDATE pictures SET error = ? WHERE picture = ?", (error, picture))

    def forget_faults(self) -> None:
        """Let the pictures that failed be tried again."""
        with self.base:
            self.base.execute("UPDATE pictures SET error = ''")

    def faults(self) -> list[tuple[str, str]]:
        """Return the pictures that failed, as (name, error)."""
        return list(self.base.execute("SELECT name, error FROM pictures WHERE error != '' ORDER BY picture"))

    def best(self, layer: str) -> dict[str, float]:
        """Return the probability of the strongest example of each category so far."""
        return dict(self.base.execute("SELECT category, probability FROM examples WHERE layer = ?", (layer,)))

    def examples(self, layer: str, count: int) -> list[tuple[str, str, int, float, bytes]]:
        """Return a layer's strongest examples, one a category: (category, picture's name, class, probability, jpeg)."""
        query = (
            "SELECT category, name, class, probability, jpeg FROM examples JOIN pictures USING (picture) "
            "WHERE layer = ? ORDER BY probability DESC LIMIT ?"
        )
        return list(self.base.execute(query, (layer, count)))

    def paired(self, source: str, layer: str, conditions: Sequence[str]) -> Paired:
        """Return the first guesses on the pictures that were judged under every one of these conditions."""
        found: dict[str, dict[int, tuple[float, ...]]] = {}
        for condition in conditions:
            on = "" if condition == BEFORE else layer  # the untouched picture is judged once for all layers
            rows = self.base.execute(FIRST_GUESSES, (source, on, condition))
            found[condition] = {picture: figures for picture, *figures in rows}
        pictures = sorted(set.intersection(*(set(rows) for rows in found.values())))
        columns = {
            condition: np.array([rows[picture] for picture in pictures], np.float64).reshape(-1, 4).T
            for condition, rows in found.items()
        }
        classes = {condition: four[0].astype(int) for condition, four in columns.items()}
        others = [{condition: four[i] for condition, four in columns.items()} for i in (1, 2, 3)]
        return Paired(classes, others[0], others[1], others[2], np.array(pictures, int))
