"""Looks of one's own: settings under a name, with the picture of a dream."""

import json
import shutil
import time
from typing import TypedDict

from kerasdream.image import files
from kerasdream.web.job import settings_in
from kerasdream.web.store import Store
from kerasdream.web.views import Settings

TABLE = """
CREATE TABLE IF NOT EXISTS looks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, settings TEXT NOT NULL, created REAL NOT NULL)
"""


class OwnLookView(TypedDict):
    """A look of one's own as the page shows it."""

    id: str
    name: str
    settings: Settings
    created: float
    thumb: bool


class OwnLooks:
    """The looks that were saved in a folder.

    >>> import pathlib, tempfile
    >>> looks = OwnLooks(Store(pathlib.Path(tempfile.mkdtemp())))
    >>> looks.add("mine", {"model": "mini"}, None)["name"], len(looks.all())
    ('mine', 1)
    """

    def __init__(self, store: Store):
        self.store = store
        with store.writing() as base:
            base.execute(TABLE)

    def all(self) -> list[OwnLookView]:
        """Return all looks, the newest first."""
        with self.store.lock:
            rows = list(self.store.base.execute("SELECT id, name, settings, created FROM looks ORDER BY created DESC"))
        return [
            {"id": id, "name": name, "settings": settings_in(settings), "created": created,
             "thumb": self.store.path("thumbs", id, ".webp").is_file()}
            for id, name, settings, created in rows
        ]  # fmt: skip

    def add(self, name: str, settings: Settings, dream: str | None) -> OwnLookView:
        """Keep a look, with the small picture of a dream; KeyError where that dream is not there."""
        id = self.store.new_id()
        if dream is not None:
            thumb = self.store.existing("thumbs", dream, ".webp")
            with open(thumb, "rb") as source:
                target = self.store.path("thumbs", id, ".webp")
                files.write_whole(target, lambda file: shutil.copyfileobj(source, file), overwrite=True)
        created = time.time()
        with self.store.writing() as base:
            base.execute("INSERT INTO looks VALUES (?, ?, ?, ?)", (id, name, json.dumps(settings), created))
        return {"id": id, "name": name, "settings": settings, "created": created, "thumb": dream is not None}

    def remove(self, id: str) -> None:
        """Forget a look; KeyError for an unknown one."""
        path = self.store.path("thumbs", id, ".webp")
        with self.store.writing() as base:
            if base.execute("DELETE FROM looks WHERE id = ?", (id,)).rowcount == 0:
                raise KeyError(id)
        path.unlink(missing_ok=True)
