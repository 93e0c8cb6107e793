"""The database of a study: every verdict as it comes, whole at any moment, and the strongest example of everything."""

import json
import os
import pathlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasdream.errors import OutputError

BEFORE, AFTER, CONTROL = "before", "after", "control"
PHOTO, NOISE = "photo", "noise"
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
    picture INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL UNIQUE, error TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS looks (
    picture INTEGER NOT NULL, layer TEXT NOT NULL, moment TEXT NOT NULL, entropy REAL NOT NULL, change REAL NOT NULL,
    PRIMARY KEY (picture, layer, moment)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts (
    picture INTEGER NOT NULL, layer TEXT NOT NULL, moment TEXT NOT NULL, rank INTEGER NOT NULL,
    class INTEGER NOT NULL, probability REAL NOT NULL,
    PRIMARY KEY (picture, layer, moment, rank)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS examples (
    layer TEXT NOT NULL, category TEXT NOT NULL, picture INTEGER NOT NULL, class INTEGER NOT NULL,
    probability REAL NOT NULL, jpeg BLOB NOT NULL, PRIMARY KEY (layer, category)) WITHOUT ROWID;
"""


class Look(NamedTuple):
    """What the judge says of one picture: its first guesses, the entropy in bits, and how far the picture has moved."""

    picture: int
    classes: Sequence[int]
    probabilities: Sequence[float]
    entropy: float
    change: float


class Example(NamedTuple):
    """A dream that a category can be seen in: the picture before and after, side by side."""

    category: str
    picture: int
    number: int  # of its class
    probability: float
    jpeg: bytes


class Paired(NamedTuple):
    """The judge's first guesses on the same pictures: before, after, and after the control's dream."""

    classes: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]
    entropies: dict[str, np.ndarray]
    changes: dict[str, np.ndarray]
    pictures: np.ndarray


class Records:
    """The study's file. A second study in the same folder goes on with it, where its settings are the same.

    >>> records = Records("study/study.db", {"judge": "mobilenet_v2"})
    >>> records.add_pictures("photo", ["a.jpg", "b.jpg"])
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict[str, Any]):
        self.path = pathlib.Path(path)
        try:
            self.base = sqlite3.connect(self.path)
            self.base.executescript(SCHEMA)
            before = dict(self.base.execute("SELECT name, value FROM settings"))
        except sqlite3.Error as fault:
            raise OutputError(f"{str(path)!r} cannot be used as a study's database: {fault}.") from fault
        now = {name: json.dumps(value, sort_keys=True) for name, value in settings.items()}
        if before and (other := [name for name, value in now.items() if before.get(name) != value]):
            told = "; ".join(f"{name} was {before.get(name, 'not set')}, now {now[name]}" for name in other)
            raise OutputError(f"{str(path)!r} holds a study with other settings ({told}). Name another folder.")
        with self.base:
            self.base.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", now.items())

    def settings(self) -> dict[str, Any]:
        """What the study was made with."""
        return {name: json.loads(value) for name, value in self.base.execute("SELECT name, value FROM settings")}

    def close(self) -> None:
        """Let go of the file."""
        self.base.close()

    def add_pictures(self, source: str, names: Iterable[str]) -> None:
        """Pictures to look at; those that are known stay as they are."""
        with self.base:
            self.base.executemany(
                "INSERT OR IGNORE INTO pictures (source, name) VALUES (?, ?)", ((source, name) for name in names)
            )

    def pictures(self, after: int, count: int) -> list[tuple[int, str, str, str]]:
        """The next few pictures, as (number, source, name, error).

        Those that could not be read are among them, so that a second run makes up the same batches, to the last bit.
        """
        query = "SELECT picture, source, name, error FROM pictures WHERE picture > ? ORDER BY picture LIMIT ?"
        return list(self.base.execute(query, (after, count)))

    def number_of_pictures(self) -> int:
        """How many pictures there are, read or not."""
        return int(self.base.execute("SELECT COUNT(*) FROM pictures").fetchone()[0])

    def missing(self, pictures: Sequence[int], layer: str, moment: str) -> list[int]:
        """Which of some pictures the judge has not looked at."""
        marks = ",".join("?" * len(pictures))
        query = f"SELECT picture FROM looks WHERE layer = ? AND moment = ? AND picture IN ({marks})"
        known = {row[0] for row in self.base.execute(query, (layer, moment, *pictures))}
        return [picture for picture in pictures if picture not in known]

    def add_looks(self, layer: str, moment: str, looks: Sequence[Look], examples: Sequence[Example] = ()) -> None:
        """Keep what the judge said of a batch: all of it or nothing."""
        with self.base:
            self.base.executemany(
                "INSERT INTO looks VALUES (?, ?, ?, ?, ?)",
                ((look.picture, layer, moment, look.entropy, look.change) for look in looks),
            )
            self.base.executemany(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (look.picture, layer, moment, rank, number, probability)
                    for look in looks
                    for rank, (number, probability) in enumerate(zip(look.classes, look.probabilities, strict=True))
                ),
            )
            self.base.executemany(
                "INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET picture = excluded.picture, "
                "class = excluded.class, probability = excluded.probability, jpeg = excluded.jpeg "
                "WHERE excluded.probability > probability",
                ((layer, *example) for example in examples),
            )

    def add_fault(self, picture: int, error: str) -> None:
        """A picture that cannot be read."""
        with self.base:
            self.base.execute("UPDATE pictures SET error = ? WHERE picture = ?", (error, picture))

    def forget_faults(self) -> None:
        """Look again at the pictures that could not be read."""
        with self.base:
            self.base.execute("UPDATE pictures SET error = ''")

    def faults(self) -> list[tuple[str, str]]:
        """The pictures that could not be read, and why."""
        return list(self.base.execute("SELECT name, error FROM pictures WHERE error != '' ORDER BY picture"))

    def best(self, layer: str) -> dict[str, float]:
        """How sure the judge is of the strongest example of each category so far."""
        return dict(self.base.execute("SELECT category, probability FROM examples WHERE layer = ?", (layer,)))

    def examples(self, layer: str, count: int) -> list[tuple[str, str, int, float, bytes]]:
        """The strongest examples of a layer, one a category: (category, picture's name, class, probability, jpeg)."""
        query = (
            "SELECT category, name, class, probability, jpeg FROM examples JOIN pictures USING (picture) "
            "WHERE layer = ? ORDER BY probability DESC LIMIT ?"
        )
        return list(self.base.execute(query, (layer, count)))

    def paired(self, source: str, layer: str, moments: Sequence[str]) -> Paired:
        """The first guesses on the pictures that were looked at in every one of these moments."""
        columns, joins = [], []
        for moment in moments:
            at = "" if moment == BEFORE else layer
            columns += [f"{moment}.{name}" for name in ("class", "probability", "entropy", "change")]
            joins.append(
                f"JOIN (SELECT * FROM verdicts JOIN looks USING (picture, layer, moment) WHERE rank = 0 AND "
                f"layer = {quoted(at)} AND moment = {quoted(moment)}) AS {moment} USING (picture)"
            )
        query = (
            f"SELECT picture, {', '.join(columns)} FROM pictures {' '.join(joins)} WHERE source = ? ORDER BY picture"
        )
        rows = np.array(list(self.base.execute(query, (source,))), np.float64).reshape(-1, 1 + len(columns))
        parts = [{m: rows[:, 1 + 4 * i + j] for i, m in enumerate(moments)} for j in range(4)]
        classes = {moment: column.astype(int) for moment, column in parts[0].items()}
        return Paired(classes, parts[1], parts[2], parts[3], rows[:, 0].astype(int))


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
