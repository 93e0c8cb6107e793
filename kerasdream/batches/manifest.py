"""The manifest of a batch: which pictures are dreamt, with which settings, and where they lie; in SQLite."""

import pathlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kerasdream.errors import OutputError

SCHEMA = """
CREATE TABLE IF NOT EXISTS dreams (
    key TEXT PRIMARY KEY, content BLOB NOT NULL, settings BLOB NOT NULL, tar INTEGER, end INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tars ON dreams (tar, end) WHERE tar IS NOT NULL;
CREATE TEMP TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """A dream that is written: digits of its picture and of its settings; in a tar, its number and where it ends."""

    key: str
    content: str
    settings: str
    tar: int | None = None
    end: int | None = None


class Manifest:
    """The rows of what is written. One run at a time holds it, from its first look to `close`.

    Raises OutputError where another run holds it, or for a file that is no database.

    >>> manifest = Manifest("manifest.sqlite")
    >>> manifest.add([Row("birds/1", "00ff", "12")])
    >>> manifest.find("birds/1"), manifest.find("birds/2")
    (Row(key='birds/1', content='00ff', settings='12', tar=None, end=None), None)
    >>> manifest.close()
    """

    def __init__(self, path: str | pathlib.Path):
        self.lock = threading.Lock()
        try:
            self.base = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
            self.base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.base.execute("PRAGMA synchronous = NORMAL")
            self.base.execute("BEGIN EXCLUSIVE")
            self.base.commit()
            self.base.executescript(SCHEMA)
        except sqlite3.Error as fault:
            advice = (
                "Another run is at work there: wait for its end, or divide the pictures with shard."
                if "locked" in str(fault)
                else "Move it away, and all is dreamt anew."
            )
            raise OutputError(f"{str(path)!r} cannot be used as a batch's manifest: {fault}. {advice}") from fault

    def find(self, key: str) -> Row | None:
        """Return the row of a key, or None."""
        with self.lock:
            found = self.base.execute("SELECT * FROM dreams WHERE key = ?", (key,)).fetchone()
        return found and Row(found[0], found[1].hex(), found[2].hex(), *found[3:])

    def rows(self) -> Iterator[Row]:
        """Yield all rows, some at a time."""
        last, found = "", [("", b"", b"", None, None)]
        while found:
            with self.lock:
                found = self.base.execute(
                    "SELECT * FROM dreams WHERE key > ? ORDER BY key LIMIT 1000", (last,)
                ).fetchall()
            for key, content, settings, tar, end in found:
                yield Row(key, content.hex(), settings.hex(), tar, end)
                last = key

    def is_first(self, key: str) -> bool:
        """Say whether a key comes for the first time in this run."""
        with self.lock:
            return self.base.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows, all of them or none."""
        values = ((row.key, bytes.fromhex(row.content), bytes.fromhex(row.settings), row.tar, row.end) for row in rows)
        with self.lock, self.base:
            self.base.executemany("INSERT OR REPLACE INTO dreams VALUES (?, ?, ?, ?, ?)", values)

    def tars(self) -> Iterator[tuple[int, int]]:
        """Yield the number of each tar, and where its last whole sample ends."""
        with self.lock:
            found = self.base.execute("SELECT tar, max(end) FROM dreams WHERE tar IS NOT NULL GROUP BY tar").fetchall()
        yield from found

    def forget_tar(self, number: int) -> None:
        """Remove the rows of a tar that is lost."""
        with self.lock, self.base:
            self.base.execute("DELETE FROM dreams WHERE tar = ?", (number,))

    def close(self) -> None:
        """Let go of the file."""
        self.base.close()
