"""The feed: one stream for every page, of the queue and of what is ready in the background."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from kerasdream.web.hub import PER_VIEWER, Queue, event, next_message
from kerasdream.web.views import JobView

SOON, STEADY = 0.05, 1.0  # seconds until a change of the queue is told, and how far its dreams are
BACKLOG = 64  # messages that may wait for a slow viewer, whose stream then ends: browsers open another one


class Feed:
    """Tells pages which jobs wait and run, which have just ended, and what was made in the background.

    `waiting` returns the jobs that wait or run, `describe` any job or None. Both are called in the event loop.

    >>> feed = Feed(list, lambda id: None)
    >>> feed.announce({"wall": {"look": "fur"}})
    """

    def __init__(self, waiting: Callable[[], list[JobView]], describe: Callable[[str], JobView | None]):
        self.waiting, self.describe = waiting, describe
        self.queues: set[Queue] = set()
        self.known: set[str] = set()  # the jobs that viewers take to wait or run
        self.loop: asyncio.AbstractEventLoop | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.closed = False

    def publish(self, *ids: str) -> None:
        """Note that jobs have changed, or the queue where none is named; from any thread, and without waiting."""
        self.call(self.schedule, STEADY if ids else SOON)

    def announce(self, notice: Mapping[str, object]) -> None:
        """Tell every page of something; from any thread, and without waiting."""
        self.call(self.send, event(notice))

    def call(self, function: Callable[..., None], *values: object) -> None:
        """Have something done in the event loop, where anybody watches."""
        if self.queues and self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and its viewers with it
                self.loop.call_soon_threadsafe(function, *values)

    def schedule(self, delay: float) -> None:
        """Tell of the jobs after a while, or earlier where that was said already."""
        loop = asyncio.get_running_loop()
        delay += PER_VIEWER * len(self.queues)
        if self.timer is not None:
            if self.timer.when() <= loop.time() + delay:
                return
            self.timer.cancel()
        self.timer = loop.call_later(delay, self.send_jobs)

    def send_jobs(self) -> None:
        """Tell every page of the jobs that wait or run, and once of those that have ended since."""
        self.timer = None
        self.send(event({"jobs": self.jobs()}))

    def jobs(self) -> list[JobView]:
        """Return the jobs that wait or run, and those that did when this was last asked."""
        jobs = self.waiting()
        live = {job["id"] for job in jobs}
        ended = [job for id in self.known - live if (job := self.describe(id)) is not None]
        self.known = live
        return [without_losses(job) for job in (*jobs, *ended)]

    def send(self, message: str | None) -> None:
        """Hand a message to every viewer, without waiting for any."""
        for queue in list(self.queues):
            if queue.full():
                self.queues.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(message)

    async def watch(self) -> AsyncIterator[str]:
        """Yield server-sent events: first the jobs that wait or run, then what comes."""
        self.loop = asyncio.get_running_loop()
        queue: Queue = asyncio.Queue(BACKLOG)
        self.queues.add(queue)  # before the jobs are looked at: no change from now on is lost
        try:
            jobs = self.waiting()
            self.known |= {job["id"] for job in jobs}
            yield event({"jobs": [without_losses(job) for job in jobs]})
            while not self.closed and (message := await next_message(queue)) is not None:
                yield message
        finally:
            self.queues.discard(queue)

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self.queues)

    def close(self) -> None:
        """End all streams."""
        self.closed = True
        self.send(None)


def without_losses(job: JobView) -> JobView:
    """Return a job without the losses of its steps, which only those want who watch it."""
    return {**job, "progress": {**job["progress"], "losses": []}}
