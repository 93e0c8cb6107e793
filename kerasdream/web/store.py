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
from collections.abc import Iterator, Sequence

from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files
from kerasdream.web.job import SELECTED, Asked, Job, Value, make_table
from kerasdream.web.views import CANCELLED, DONE, FAILED, QUEUED, RUNNING

ID = re.compile(r"[0-9a-f]{32}")
THUMB_SIDE = 360
MOST_STARTS = 10  # of a job that never ends: so often it is hardly somebody else who ends the studio
LEAST_FREE = 200_000_000  # bytes that stay free on the disk
FORGOTTEN = 86_400.0  # seconds after which goes what no dream has
FOLDERS = ("pictures", "dreams", "thumbs", "films")
FILES = (  # of a dream
    ("dreams", ".png"), ("dreams", ".webp"), ("dreams", ".gif"), ("dreams", ".moments"), ("thumbs", ".webp"),
    ("films", ".mp4"), ("films", ".webm"), ("films", ".webp"),
)  # fmt: skip
ASKED = [field.name for field in dataclasses.fields(Asked)]
LARGEST_FAMILY = 200  # dreams
SHOWN = """relation != 'welcome' AND NOT (relation = 'brush' AND EXISTS (
    SELECT 1 FROM jobs AS later WHERE later.parent = jobs.id AND later.relation = 'brush' AND later.state = 'done'))"""
DESCENDANTS = """WITH RECURSIVE tree (id) AS (
    VALUES (?) UNION SELECT jobs.id FROM jobs JOIN tree ON jobs.parent = tree.id) SELECT id FROM tree"""
FULL = "The disk of this machine is nearly full. Delete some dreams; what waits begins when there is room."
GONE = "The studio's folder {!r} was removed or replaced while the studio ran. Put it back, and start the studio again."


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
        for name in FOLDERS:
            files.make_folder(folder / name)
        self.lock = threading.Lock()
        try:
            self.base = sqlite3.connect(self.file, check_same_thread=False, timeout=1.0)
            self.base.execute("PRAGMA locking_mode = EXCLUSIVE")  # two studios would dream every job twice
            make_table(self.base)
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
            rows = self.base.execute("SELECT id, picture, guide, mask FROM jobs").fetchall()
        named = {id for row in rows for id in row}
        leftovers = [
            path
            for kind in ("pictures", "films")
            for path in (self.folder / kind).iterdir()
            if path.name.partition(".")[0] not in named and ID.fullmatch(path.name.partition(".")[0])
        ]
        for path in (*leftovers, *self.folder.glob("walls/*.webp"), *self.folder.glob("*/.kerasdream-*.tmp")):
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime < long_ago:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

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
        id = self.new_id()
        self.keep_picture(id, image)
        return id

    def keep_picture(self, id: str, image: Image.Image) -> None:
        """Keep a picture under an id, written anew and without its metadata."""
        plain = Image.frombytes("RGB", image.size, files.as_rgb(image).tobytes())
        files.save(plain, self.path("pictures", id, ".png"))

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

    def new_id(self) -> str:
        """Return an id that nothing has."""
        return uuid.uuid4().hex

    def add_jobs(self, client: str, many: Sequence[Asked]) -> list[Job]:
        """Accept jobs, all or none: from here on they survive a kill."""
        ids = [self.new_id() for _ in many]
        with self.writing() as base:
            for id, asked in zip(ids, many, strict=True):
                insert(base, client, asked, id, QUEUED)
        return [self.job(id) for id in ids]

    def add_ended(self, client: str, asked: Asked, id: str, state: str, **columns: Value) -> None:
        """Add a job that has ended already, with its other columns."""
        with self.writing() as base:
            insert(base, client, asked, id, state, **columns)

    def add_job(self, client: str, asked: Asked) -> Job:
        """Accept a job."""
        return self.add_jobs(client, [asked])[0]

    def job(self, id: str) -> Job:
        """Return a job; KeyError for an unknown one."""
        found = self.jobs("id = ?", (id,))
        if not found:
            raise KeyError(id)
        return found[0]

    def jobs(self, where: str, values: tuple[Value, ...], order: str = "number", limit: int = -1) -> list[Job]:
        """Return the jobs that a condition of ours holds for."""
        query = f"SELECT {SELECTED} FROM jobs WHERE {where} ORDER BY {order} LIMIT {limit:d}"
        with self.lock:
            rows = list(self.base.execute(query, values))
        return [Job.of_row(row) for row in rows]

    def waiting(self) -> list[Job]:
        """Return the jobs that are still to be done: what runs, then what is urgent, then all others in their order."""
        return self.jobs("state IN (?, ?)", (QUEUED, RUNNING), "state = 'queued', urgent DESC, COALESCE(place, number)")

    def move(self, id: str, before: str | None) -> None:
        """Put a job that waits before another one, or last; KeyError where either no longer waits."""
        queue = {job.id: job for job in self.waiting() if job.state == QUEUED}
        moved, other = queue[id], None if before is None else queue[before]
        if moved is other:
            return
        order = [job for job in queue.values() if job is not moved]
        order.insert(order.index(other) if other else len(order), moved)
        places = sorted(job.place for job in order)
        with self.writing() as base:
            base.executemany(
                "UPDATE jobs SET place = ? WHERE id = ?",
                [(place, job.id) for place, job in zip(places, order, strict=True)],
            )

    def gallery(self, search: str, before: int | None, limit: int, favourites: bool = False) -> list[Job]:
        """Return finished dreams, newest first; `search` is a look or a layer, `before` where the last page ended.

        Of the strokes of a brush that follow each other only the last is shown.
        """
        escaped = re.sub(r"([%_\\])", r"\\\1", search.strip())
        return self.jobs(
            rf"state = ? AND words LIKE ? ESCAPE '\' AND number < ? AND favourite >= ? AND {SHOWN}",
            (DONE, f"%{escaped}%", 2**62 if before is None else before, int(favourites)),
            "number DESC",
            limit,
        )

    def family(self, id: str) -> list[Job]:
        """Return the dreams that a dream comes from and all that come from those, oldest first; KeyError for none."""
        root = self.job(id)
        for _ in range(LARGEST_FAMILY):
            above = self.jobs("id = ?", (root.parent,))
            if not above:
                break
            root = above[0]
        return self.jobs(f"id IN ({DESCENDANTS})", (root.id,), "number", LARGEST_FAMILY)

    def welcome(self, models: Sequence[str]) -> Job | None:
        """Return the dream that welcomes, with the first of the models that there is one of; None for none."""
        found = self.jobs("relation = 'welcome' AND state = ?", (DONE,), "number DESC", 20)
        by_model = {job.settings.get("model"): job for job in reversed(found)}
        return next((by_model[model] for model in models if model in by_model), None)

    def update(self, id: str, state: str, only: tuple[str, ...] = (), **changes: Value) -> bool:
        """Change a job, with `only` where it is in one of these states, and return whether it was."""
        sets = ", ".join(f'"{name}" = ?' for name in ("state", *changes))
        query, values = f"UPDATE jobs SET {sets} WHERE id = ?", (state, *changes.values(), id)
        if only:
            query, values = f"{query} AND state IN ({','.join('?' * len(only))})", (*values, *only)
        with self.writing() as base:
            return base.execute(query, values).rowcount == 1

    def favour(self, id: str, favourite: bool) -> None:
        """Mark a job as a favourite, or as none."""
        with self.writing() as base:
            base.execute("UPDATE jobs SET favourite = ? WHERE id = ?", (favourite, id))

    def count_of_group(self, group: str) -> int:
        """Return how many jobs of a group there are."""
        with self.lock:
            (count,) = self.base.execute('SELECT COUNT(*) FROM jobs WHERE "group" = ?', (group,)).fetchone()
        return int(count)

    def remove(self, id: str) -> None:
        """Forget a finished job and its files; the page may still show its pictures, which go after a day."""
        job = self.job(id)
        for kind, ending in FILES:
            self.path(kind, job.id, ending).unlink(missing_ok=True)  # first: a full disk may have no room to forget it
        with self.writing() as base:
            base.execute("UPDATE jobs SET parent = ? WHERE parent = ?", (job.parent, job.id))  # the tree stays whole
            base.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        for picture in {job.picture, job.guide or "", job.mask or ""}:
            for kind, ending in (("pictures", ".png"), ("films", ".mp4"), ("films", ".webp")):
                with contextlib.suppress(KeyError, FileNotFoundError):
                    os.utime(self.path(kind, picture, ending))

    def close(self) -> None:
        """Let go of the folder."""
        self.base.close()


def insert(base: sqlite3.Connection, client: str, asked: Asked, id: str, state: str, **columns: Value) -> None:
    """Write the row of a job."""
    values: dict[str, object] = {name: getattr(asked, name) for name in ASKED}
    values |= {name: json.dumps(values[name]) for name in ("settings", "plan")}
    values |= {"id": id, "client": client, "state": state, "created": time.time(), **columns}
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
    base.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(values.values()))
