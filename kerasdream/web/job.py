"""A job: one dream, film or journey, as it was asked for and as it stands."""

import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from typing import Literal, TypeAlias

from kerasdream.web.views import DREAM, QUEUED, DreamView, Settings

Value: TypeAlias = str | float | None  # of a column
Relation = Literal["", "deeper", "variation", "branch", "sweep", "export", "again", "brush", "welcome"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What a job is asked to do. `plan` holds the settings of a journey, or how an export is enlarged."""

    picture: str
    settings: Settings
    look: str
    words: str
    guide: str | None = None
    mask: str | None = None
    kind: str = DREAM
    plan: Settings = dataclasses.field(default_factory=dict)
    parent: str | None = None
    relation: Relation = ""
    group: str | None = None
    label: str = ""
    urgent: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job(Asked):
    """A job that was accepted; its settings are empty where they cannot be read."""

    number: int
    id: str
    client: str
    created: float
    state: str = QUEUED
    place: float  # in the queue
    seconds: float | None = None
    loss: float | None = None
    width: int | None = None
    height: int | None = None
    error: str = ""
    starts: int = 0
    favourite: bool = False
    stopped: bool = False

    @classmethod
    def of_row(cls, row: Sequence[Value]) -> "Job":
        """Return the job in a row of the columns that `COLUMNS` names."""
        values = dict(zip(COLUMNS, row, strict=True))
        read = {name: settings_in(values[name]) for name in ("settings", "plan")}
        flags = {name: bool(values[name]) for name in ("favourite", "stopped", "urgent")}
        return cls(**values | read | flags)  # type: ignore[arg-type]

    def view(self) -> DreamView:
        """Return what the page may know of it."""
        return {
            "id": self.id, "kind": self.kind, "state": self.state, "picture": self.picture, "guide": self.guide,
            "mask": self.mask, "look": self.look, "settings": self.settings, "plan": self.plan, "parent": self.parent,
            "relation": self.relation, "group": self.group, "label": self.label, "favourite": self.favourite,
            "stopped": self.stopped, "urgent": self.urgent, "created": self.created, "seconds": self.seconds,
            "loss": self.loss, "width": self.width, "height": self.height, "error": self.error,
        }  # fmt: skip


COLUMNS = [field.name for field in dataclasses.fields(Job)]
SELECTED = ", ".join(f'"{name}"' if name != "place" else 'COALESCE("place", "number")' for name in COLUMNS)
FIRST_EDITION = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, state TEXT NOT NULL,
    picture TEXT NOT NULL, guide TEXT, mask TEXT, look TEXT NOT NULL, settings TEXT NOT NULL, words TEXT NOT NULL,
    created REAL NOT NULL, seconds REAL, loss REAL, width INTEGER, height INTEGER, error TEXT NOT NULL DEFAULT '',
    starts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS by_state ON jobs (state, number);
"""
ADDED = {  # columns that came later
    "kind": f"TEXT NOT NULL DEFAULT '{DREAM}'",
    "plan": "TEXT NOT NULL DEFAULT '{}'",
    "parent": "TEXT",
    "relation": "TEXT NOT NULL DEFAULT ''",
    "group": "TEXT",
    "label": "TEXT NOT NULL DEFAULT ''",
    "urgent": "INTEGER NOT NULL DEFAULT 0",
    "place": "REAL",
    "favourite": "INTEGER NOT NULL DEFAULT 0",
    "stopped": "INTEGER NOT NULL DEFAULT 0",
}
INDICES = """
CREATE INDEX IF NOT EXISTS by_parent ON jobs (parent);
CREATE INDEX IF NOT EXISTS by_group ON jobs ("group");
"""


def make_table(base: sqlite3.Connection) -> None:
    """Make the table of jobs, or give that of an earlier edition the columns that it lacks."""
    base.executescript(FIRST_EDITION)
    there = {row[1] for row in base.execute("PRAGMA table_info(jobs)")}
    with base:
        for name, kind in ADDED.items():
            if name not in there:
                base.execute(f'ALTER TABLE jobs ADD COLUMN "{name}" {kind}')
    base.executescript(INDICES)


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
