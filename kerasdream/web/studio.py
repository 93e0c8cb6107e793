"""The studio: what all its requests share."""

import sqlite3

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request

from kerasdream.web.hub import Hub
from kerasdream.web.store import Job, Store
from kerasdream.web.views import QUEUED, JobView, Settings
from kerasdream.web.worker import Worker

UPLOADS = 32  # that may come at a time
DECODING, CONVERTING, READING = 2, 1, 1  # threads for uploaded pictures, for films and copies, for networks


class Studio:
    """The store, the worker, the hub, the models at hand, and the limits.

    >>> import pathlib, tempfile
    >>> studio = Studio(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}}, queue=5)
    >>> studio.hub.viewers
    0
    """

    def __init__(
        self,
        store: Store,
        models: dict[str, Settings],
        *,
        max_upload: int = 25_000_000,
        max_pixels: int = 6_000_000,
        queue: int = 20,
        per_client: int = 10,
    ):
        self.store, self.models = store, list(models)
        self.hub = Hub(self.describe)
        self.worker = Worker(store, models, self.hub.publish)
        self.max_upload, self.max_pixels, self.queue, self.per_client = max_upload, max_pixels, queue, per_client
        # Each kind of work has its own threads, so that none holds up another.
        self.uploads = anyio.CapacityLimiter(UPLOADS)
        self.decoding, self.converting = anyio.CapacityLimiter(DECODING), anyio.CapacityLimiter(CONVERTING)
        self.reading = anyio.CapacityLimiter(READING)

    def view(self, job: Job) -> JobView:
        """Return what the page may know of a job."""
        before = sum(other.number < job.number for other in self.store.waiting()) if job.state == QUEUED else 0
        return {**job.view(), "progress": self.worker.progress_of(job).view(), "before": before}

    def describe(self, id: str) -> JobView | None:
        """Return what the page may know of a job; None where there is none, or the database cannot be read."""
        try:
            return self.view(self.store.job(id))
        except (KeyError, sqlite3.Error):
            return None

    def check_store(self) -> None:
        """Refuse what could not be kept."""
        if obstacle := self.store.obstacle():
            raise HTTPException(507, obstacle)

    def check_queue(self, client: str) -> None:
        """Refuse a dream where too many wait, of all or of one client."""
        waiting = self.store.waiting()
        if len(waiting) >= self.queue:
            raise HTTPException(429, f"{len(waiting)} dreams wait already; try again when some are done.")
        if sum(job.client == client for job in waiting) >= self.per_client:
            raise HTTPException(429, f"{self.per_client} dreams of yours wait already; let some of them end first.")


def client_of(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else ""
