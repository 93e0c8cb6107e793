"""The studio: what all its requests share."""

import sqlite3
from collections.abc import Sequence

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request

from kerasdream.web.feed import Feed
from kerasdream.web.hub import Hub
from kerasdream.web.job import Job
from kerasdream.web.seen import Seen
from kerasdream.web.store import Store
from kerasdream.web.views import QUEUED, RUNNING, JobView, Settings
from kerasdream.web.worker import Worker

VIEWERS = 2000  # event streams at a time
UPLOADS = 32  # that may come at a time
# Threads for uploaded pictures, for the growth of dreams and copies, for networks, for films, for what is seen.
DECODING, CONVERTING, READING, ENCODING, LOOKING = 2, 1, 1, 1, 1
MOST_LOOKING = 8  # requests that may wait for what is seen


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
        welcomes: bool = False,
    ):
        self.store, self.models = store, list(models)
        self.hub, self.feed = Hub(self.describe), Feed(self.waiting, self.describe)
        self.worker = Worker(store, models, self.publish, self.feed.announce, welcomes=welcomes)
        self.seen = Seen(models)
        self.max_upload, self.max_pixels, self.queue, self.per_client = max_upload, max_pixels, queue, per_client
        # Each kind of work has its own threads, so that none holds up another.
        self.uploads = anyio.CapacityLimiter(UPLOADS)
        self.decoding, self.converting = anyio.CapacityLimiter(DECODING), anyio.CapacityLimiter(CONVERTING)
        self.reading, self.encoding = anyio.CapacityLimiter(READING), anyio.CapacityLimiter(ENCODING)
        self.looking = anyio.CapacityLimiter(LOOKING)

    def publish(self, *ids: str) -> None:
        """Tell those who watch that jobs have changed, or the queue where none is named."""
        self.hub.publish(*ids)
        self.feed.publish(*ids)

    def view(self, job: Job) -> JobView:
        """Return what the page may know of a job."""
        return self.view_in(job, self.store.waiting() if job.state == QUEUED else [])

    def view_in(self, job: Job, queue: Sequence[Job]) -> JobView:
        """Return what the page may know of a job, how many of the queue come before it, and how long it all takes."""
        progress = self.worker.progress_of(job).view()
        before = next((place for place, other in enumerate(queue) if other.id == job.id), 0)
        if before:
            progress["left"] = self.seconds_left(queue[: before + 1])
        return {**job.view(), "progress": progress, "before": before}

    def seconds_left(self, jobs: Sequence[Job]) -> float | None:
        """Return how long jobs take, one after the other; None where that cannot be told."""
        total = 0.0
        for job in jobs:
            running = job.state == RUNNING
            seconds = self.worker.progress_of(job).left if running else self.worker.dreaming.estimates.seconds(job)
            if seconds is None:
                return None
            total += seconds
        return total

    def waiting(self) -> list[JobView]:
        """Return what the page may know of the jobs that wait or run; nothing where the database cannot be read."""
        try:
            jobs = self.store.waiting()
        except sqlite3.Error:
            return []
        return [self.view_in(job, jobs) for job in jobs]

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
        """Refuse a dream where too many wait, of all or of one client. A group counts as one."""
        waiting = self.store.waiting()
        if (count := len(entries(waiting))) >= self.queue:
            raise HTTPException(429, f"{count} dreams wait already; try again when some are done.")
        if (count := len(entries([job for job in waiting if job.client == client]))) >= self.per_client:
            raise HTTPException(429, f"{count} dreams of yours wait already; let some of them end first.")

    def check_viewers(self) -> None:
        """Refuse one more stream of events where there are too many."""
        if self.hub.viewers + self.feed.viewers >= VIEWERS:
            raise HTTPException(503, "Too many watch the studio; try again when some have gone.")

    def close(self) -> None:
        """End all streams."""
        self.hub.close()
        self.feed.close()


def entries(jobs: Sequence[Job]) -> set[str]:
    """Return what jobs count as in the queue: each by itself, those of a group as one."""
    return {job.group or job.id for job in jobs}


def client_of(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else ""
