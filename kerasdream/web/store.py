"""What the studio keeps: pictures and dreams as files with names of our own, jobs as rows, whole at any moment."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ID = re.compile(r"[0-9a-f]{32}")
THUMB_SIDE = 360
MOST_STARTS = 10  # of a job that never ends: so often it is hardly somebody else who ends the studio
LEAST_FREE = 200_000_000  # bytes that stay free on the disk
FORGOTTEN = 86_400.0  # seconds after which goes what no dream has
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, state TEXT NOT NULL,
    picture TEXT NOT NULL, guide TEXT, mask TEXT, look TEXT NOT NULL, settings TEXT NOT NULL, words TEXT NOT NULL,
    created REAL NOT NULL, seconds REAL, loss REAL, width INTEGER, height INTEGER, error TEXT NOT NULL DEFAULT '',
    starts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS by_state ON jobs (state, number);
"""


@dataclasses.dataclass(frozen=True)
class Job:
    """One dream that was asked for."""

    number: int
    id: str
    client: str
    state: str
    picture: str
    guide: str | None
    mask: str | None
    look: str
    settings: dict[str, Any]
    words: str
    created: float
    seconds: float | None
    loss: float | None
    width: int | None
    height: int | None
    error: str
    starts: int

    def shown(self) -> dict[str, Any]:
        """What the page may know of it."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if name not in ("number", "client", "words", "starts")}


class Store:
    """A folder of pictures and dreams, and a database of jobs; for several threads.

    >>> store = Store(pathlib.Path("studio"))
    >>> store.add_picture(Image.new("RGB", (64, 48)))
    '6f1d…'
    """

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        for name in ("pictures", "dreams", "thumbs"):
            files.make_folder(folder / name)
        self.lock = threading.Lock()
        try:
            self.base = sqlite3.connect(folder / "studio.db", check_same_thread=False, timeout=1.0)
            self.base.execute("PRAGMA locking_mode = EXCLUSIVE")  # two studios would dream every job twice
            self.base.executescript(SCHEMA)
            with self.base:  # what a kill has interrupted runs again, but not what may have been the cause of kills
                self.base.execute("UPDATE jobs SET starts = starts + 1 WHERE state = ?", (RUNNING,))
                self.base.execute(
                    "UPDATE jobs SET state = ?, error = ? WHERE state = ? AND starts >= ?",
                    (FAILED, "The studio ended several times while it dreamt this.", RUNNING, MOST_STARTS),
                )
                self.base.execute("UPDATE jobs SET state = ? WHERE state = ?", (QUEUED, RUNNING))
        except sqlite3.Error as fault:
            reason = "another studio uses it" if "locked" in str(fault) else str(fault)
            raise OutputError(
                f"{str(folder / 'studio.db')!r} cannot be used: {reason}. Name another folder."
            ) from fault

        self.tidy()

    # Files

    def tidy(self) -> None:
        """Remove what is older than a day and of no use: what was given up, half written, or belongs to no dream."""
        long_ago = time.time() - FORGOTTEN
        with contextlib.suppress(sqlite3.Error), self.writing() as base:  # a full disk may have no room for it
            base.execute("DELETE FROM jobs WHERE state IN (?, ?) AND created < ?", (FAILED, CANCELLED, long_ago))
        with self.lock:
            rows = self.base.execute("SELECT picture, guide, mask FROM jobs").fetchall()
        named = {id for row in rows for id in row}
        leftovers = [path for path in (self.folder / "pictures").glob("*.png") if path.stem not in named]
        for path in (*leftovers, *self.folder.glob("*/.kerasdream-*.tmp")):
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime < long_ago:
                    path.unlink()

    def path(self, kind: str, id: str, ending: str) -> pathlib.Path:
        """Where a file of ours lies; never outside the folder, whatever a link there says."""
        if not isinstance(id, str) or not ID.fullmatch(id):
            raise KeyError(id)
        return self.inside(kind, f"{id}{ending}")

    def inside(self, kind: str, name: str) -> pathlib.Path:
        """A path in one of our folders; KeyError where a link there leads elsewhere."""
        path = self.folder / kind / name
        if os.path.realpath(path) != os.path.join(os.path.realpath(self.folder), kind, name):
            raise KeyError(name)
        return path

    def add_picture(self, image: Image.Image) -> str:
        """Keep a picture, written anew and without its metadata; its id."""
        id = uuid.uuid4().hex
        plain = Image.frombytes("RGB", image.size, files.as_rgb(image).tobytes())
        files.save(plain, self.path("pictures", id, ".png"))
        return id

    def picture(self, id: str) -> Image.Image:
        """A picture that was kept; KeyError for an unknown one."""
        path = self.path("pictures", id, ".png")
        if not path.is_file():
            raise KeyError(id)
        return files.decode(path, None)

    def room(self) -> bool:
        """Whether the disk has room for another picture."""
        return shutil.disk_usage(self.folder).free > LEAST_FREE

    # Jobs

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database, for one writer at a time; all of it or nothing."""
        with self.lock, self.base:
            yield self.base

    def add_job(
        self, client: str, picture: str, settings: dict[str, Any], look: str, words: str, **more: str | None
    ) -> Job:
        """Accept a job: from here on it survives a kill."""
        id = uuid.uuid4().hex
        with self.writing() as base:
            base.execute(
                "INSERT INTO jobs (id, client, state, picture, guide, mask, look, settings, words, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(id, client, QUEUED, picture, more.get("guide"), more.get("mask")),
                    *(look, json.dumps(settings), words, time.time()),
                ),
            )
        return self.job(id)

    def job(self, id: str) -> Job:
        """A job; KeyError for an unknown one."""
        found = self.jobs("id = ?", (id,))
        if not found:
            raise KeyError(id)
        return found[0]

    def jobs(self, where: str, values: tuple[Any, ...], order: str = "number", limit: int = -1) -> list[Job]:
        """The jobs that a condition of ours holds for."""
        names = [field.name for field in dataclasses.fields(Job)]
        query = f"SELECT {', '.join(names)} FROM jobs WHERE {where} ORDER BY {order} LIMIT {limit:d}"
        with self.lock:
            rows = list(self.base.execute(query, values))
        jobs = [dict(zip(names, row, strict=True)) for row in rows]
        return [Job(**job | {"settings": json.loads(job["settings"])}) for job in jobs]

    def waiting(self) -> list[Job]:
        """The jobs that are still to be done, first come first served."""
        return self.jobs("state IN (?, ?)", (QUEUED, RUNNING))

    def gallery(self, search: str, before: int | None, limit: int) -> list[Job]:
        """Finished dreams, newest first; `search` is a look or a layer, `before` where the last page ended."""
        escaped = re.sub(r"([%_\\])", r"\\\1", search.strip())
        return self.jobs(
            r"state = ? AND words LIKE ? ESCAPE '\' AND number < ?",
            (DONE, f"%{escaped}%", 2**62 if before is None else before),
            "number DESC",
            limit,
        )

    def update(self, id: str, state: str, only: tuple[str, ...] = (), **changes: Any) -> bool:
        """Change a job; with `only`, where it is in one of these states; whether it was."""
        sets = ", ".join(f"{name} = ?" for name in ("state", *changes))
        query, values = f"UPDATE jobs SET {sets} WHERE id = ?", (state, *changes.values(), id)
        if only:
            query, values = f"{query} AND state IN ({','.join('?' * len(only))})", (*values, *only)
        with self.writing() as base:
            return base.execute(query, values).rowcount == 1

    def remove(self, id: str) -> None:
        """Forget a finished job and its files; the page may still show its pictures, which go after a day."""
        job = self.job(id)
        for kind, ending in (("dreams", ".png"), ("dreams", ".webp"), ("thumbs", ".webp")):
            self.path(kind, job.id, ending).unlink(missing_ok=True)  # first: a full disk may have no room to forget it
        with self.writing() as base:
            base.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        for picture in {job.picture, job.guide or "", job.mask or ""}:
            with contextlib.suppress(KeyError, FileNotFoundError):
                os.utime(self.path("pictures", picture, ".png"))

    def close(self) -> None:
        """Let go of the folder."""
        self.base.close()
