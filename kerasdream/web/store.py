"""The store: pictures and dreams as files, jobs as rows of a database, whole at any moment."""

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

from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files
from kerasdream.web.views import CANCELLED, DONE, FAILED, QUEUED, RUNNING, DreamView, Settings

Value = str | float | None  # of a column
ID = re.compile(r"[0-9a-f]{32}")
THUMB_SIDE = 360
MOST_STARTS = 10  # of a job that never ends: so often it is hardly somebody else who ends the studio
LEAST_FREE = 200_000_000  # bytes that stay free on the disk
FORGOTTEN = 86_400.0  # seconds after which goes what no dream has
FILES = (("dreams", ".png"), ("dreams", ".webp"), ("dreams", ".gif"), ("thumbs", ".webp"))  # of a dream
FULL = "The disk of this machine is nearly full. Delete some dreams; what waits begins when there is room."
GONE = "The studio's folder {!r} was removed or replaced while the studio ran. Put it back, and start the studio again."
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
    """One dream that was asked for; its settings are empty where they cannot be read."""

    number: int
    id: str
    client: str
    state: str
    picture: str
    guide: str | None
    mask: str | None
    look: str
    settings: Settings
    words: str
    created: float
    seconds: float | None
    loss: float | None
    width: int | None
    height: int | None
    error: str
    starts: int

    def view(self) -> DreamView:
        """Return what the page may know of it."""
        return {
            "id": self.id, "state": self.state, "picture": self.picture, "guide": self.guide, "mask": self.mask,
            "look": self.look, "settings": self.settings, "created": self.created, "seconds": self.seconds,
            "loss": self.loss, "width": self.width, "height": self.height, "error": self.error,
        }  # fmt: skip


class Store:
    """A folder of pictures and dreams, and a database of jobs; for several threads.

    Raises OutputError where the folder cannot be made, or another studio uses it.

    >>> import tempfile
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> len(store.add_picture(Image.new("RGB", (64, 48))))
    32
    """

    def __init__(self, folder: pathlib.Path):
        self.folder, self.file = folder, folder / "studio.db"
        for name in ("pictures", "dreams", "thumbs"):
            files.make_folder(folder / name)
        self.lock = threading.Lock()
        try:
            self.base = sqlite3.connect(self.file, check_same_thread=False, timeout=1.0)
            self.base.execute("PRAGMA locking_mode = EXCLUSIVE")  # two studios would dream every job twice
            self.base.executescript(SCHEMA)
            self.recover()
            self.identity = os.stat(self.file)
        except sqlite3.Error as fault:
            reason = "another studio uses it" if "locked" in str(fault) else str(fault)
            raise OutputError(f"{str(self.file)!r} cannot be used: {reason}. Name another folder.") from fault
        self.tidy()

    def recover(self) -> None:
        """Let what a kill has interrupted run again, but not what may have been the cause of kills."""
        with self.base:
            self.base.execute("UPDATE jobs SET starts = starts + 1 WHERE state = ?", (RUNNING,))
            self.base.execute(
                "UPDATE jobs SET state = ?, error = ? WHERE state = ? AND starts >= ?",
                (FAILED, "The studio ended several times while it dreamt this.", RUNNING, MOST_STARTS),
            )
            self.base.execute("UPDATE jobs SET state = ? WHERE state = ?", (QUEUED, RUNNING))

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
        """Return where a file of ours lies; never outside the folder, whatever a link there says."""
        if not isinstance(id, str) or not ID.fullmatch(id):
            raise KeyError(id)
        return self.inside(kind, f"{id}{ending}")

    def inside(self, kind: str, name: str) -> pathlib.Path:
        """Return a path in one of our folders; KeyError where a link there leads elsewhere."""
        path = self.folder / kind / name
        if os.path.realpath(path) != os.path.join(os.path.realpath(self.folder), kind, name):
            raise KeyError(name)
        return path

    def add_picture(self, image: Image.Image) -> str:
        """Keep a picture, written anew and without its metadata, and return its id."""
        id = uuid.uuid4().hex
        plain = Image.frombytes("RGB", image.size, files.as_rgb(image).tobytes())
        files.save(plain, self.path("pictures", id, ".png"))
        return id

    def existing(self, kind: str, id: str, ending: str) -> pathlib.Path:
        """Return the path of a file of ours that is there; KeyError where it is not."""
        path = self.path(kind, id, ending)
        if not path.is_file():
            raise KeyError(id)
        return path

    def picture(self, id: str) -> Image.Image:
        """Return a picture that was kept; KeyError for an unknown one."""
        return files.decode(self.existing("pictures", id, ".png"), None)

    def obstacle(self) -> str:
        """Return why nothing can be kept now, as a sentence; empty where all is well."""
        try:
            there = os.path.samestat(os.stat(self.file), self.identity)
            free = shutil.disk_usage(self.folder).free
        except OSError:
            there = False
        if not there:
            return GONE.format(str(self.folder))
        return "" if free > LEAST_FREE else FULL

    # Jobs

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the database to one writer at a time; all is written, or nothing."""
        with self.lock, self.base:
            yield self.base

    def add_job(
        self,
        client: str,
        picture: str,
        settings: Settings,
        look: str,
        words: str,
        *,
        guide: str | None = None,
        mask: str | None = None,
    ) -> Job:
        """Accept a job: from here on it survives a kill."""
        id = uuid.uuid4().hex
        with self.writing() as base:
            base.execute(
                "INSERT INTO jobs (id, client, state, picture, guide, mask, look, settings, words, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id, client, QUEUED, picture, guide, mask, look, json.dumps(settings), words, time.time()),
            )
        return self.job(id)

    def job(self, id: str) -> Job:
        """Return a job; KeyError for an unknown one."""
        found = self.jobs("id = ?", (id,))
        if not found:
            raise KeyError(id)
        return found[0]

    def jobs(self, where: str, values: tuple[Value, ...], order: str = "number", limit: int = -1) -> list[Job]:
        """Return the jobs that a condition of ours holds for."""
        names = [field.name for field in dataclasses.fields(Job)]
        query = f"SELECT {', '.join(names)} FROM jobs WHERE {where} ORDER BY {order} LIMIT {limit:d}"
        with self.lock:
            rows = list(self.base.execute(query, values))
        jobs = [dict(zip(names, row, strict=True)) for row in rows]
        return [Job(**job | {"settings": settings_in(job["settings"])}) for job in jobs]

    def waiting(self) -> list[Job]:
        """Return the jobs that are still to be done, first come first served."""
        return self.jobs("state IN (?, ?)", (QUEUED, RUNNING))

    def gallery(self, search: str, before: int | None, limit: int) -> list[Job]:
        """Return finished dreams, newest first; `search` is a look or a layer, `before` where the last page ended."""
        escaped = re.sub(r"([%_\\])", r"\\\1", search.strip())
        return self.jobs(
            r"state = ? AND words LIKE ? ESCAPE '\' AND number < ?",
            (DONE, f"%{escaped}%", 2**62 if before is None else before),
            "number DESC",
            limit,
        )

    def update(self, id: str, state: str, only: tuple[str, ...] = (), **changes: Value) -> bool:
        """Change a job, with `only` where it is in one of these states, and return whether it was."""
        sets = ", ".join(f"{name} = ?" for name in ("state", *changes))
        query, values = f"UPDATE jobs SET {sets} WHERE id = ?", (state, *changes.values(), id)
        if only:
            query, values = f"{query} AND state IN ({','.join('?' * len(only))})", (*values, *only)
        with self.writing() as base:
            return base.execute(query, values).rowcount == 1

    def remove(self, id: str) -> None:
        """Forget a finished job and its files; the page may still show its pictures, which go after a day."""
        job = self.job(id)
        for kind, ending in FILES:
            self.path(kind, job.id, ending).unlink(missing_ok=True)  # first: a full disk may have no room to forget it
        with self.writing() as base:
            base.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        for picture in {job.picture, job.guide or "", job.mask or ""}:
            with contextlib.suppress(KeyError, FileNotFoundError):
                os.utime(self.path("pictures", picture, ".png"))

    def close(self) -> None:
        """Let go of the folder."""
        self.base.close()


def settings_in(text: object) -> Settings:
    """Return the settings in a row; none where they cannot be read.

    >>> settings_in('{"step": 0.1}'), settings_in('{"step": 1e999}'), settings_in('{"step": ')
    ({'step': 0.1}, {}, {})
    """
    try:
        settings = json.loads(text) if isinstance(text, str) else None
        json.dumps(settings, allow_nan=False)  # what no answer could hold
    except (ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}
