"""The hub: how dreams go on, handed from the worker's thread to all who watch."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Mapping

from kerasdream.web.views import FINISHED, JobView

INTERVAL, PER_VIEWER = 0.2, 0.002  # seconds between two messages, and how many more of them for each viewer
BACKLOG = 16  # messages that may wait for a slow viewer, who then gets the whole state instead
QUIET = 15.0  # seconds of silence after which a viewer gets a sign of life
Message = str | None  # None ends a stream
Queue = asyncio.Queue[Message]


@dataclasses.dataclass
class Topic:
    """A dream that somebody watches: its state as it was last sent, and a queue for each viewer."""

    state: JobView | None = None
    queues: set[Queue] = dataclasses.field(default_factory=set)
    scheduled: bool = False

    def send(self, message: Message) -> None:
        """Hand a message to every viewer, without waiting for any."""
        for queue in self.queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(event(self.state))
                if message is not None:
                    continue
            queue.put_nowait(message)


class Hub:
    """Tells viewers how dreams go on: each change is worked out and written once, whoever watches.

    `describe` returns the state of a job, or None where there is none. It is called in the event loop.

    >>> hub = Hub(lambda id: None)
    >>> hub.publish("an id that nobody watches")
    """

    def __init__(self, describe: Callable[[str], JobView | None]):
        self.describe = describe
        self.topics: dict[str, Topic] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def publish(self, *ids: str) -> None:
        """Note that jobs have changed, or all where none is named; from any thread, and without waiting."""
        watched = [id for id in ids or list(self.topics) if id in self.topics]
        if watched and self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and its viewers with it
                self.loop.call_soon_threadsafe(self.schedule, watched)

    def schedule(self, ids: list[str]) -> None:
        """Send what has changed soon; what changes until then goes with it."""
        for id in ids:
            topic = self.topics.get(id)
            if topic is not None and not topic.scheduled:
                topic.scheduled = True
                delay = INTERVAL + PER_VIEWER * len(topic.queues)
                asyncio.get_running_loop().call_later(delay, self.send, id)

    def send(self, id: str) -> None:
        """Hand the viewers of a job what has changed since the last time."""
        topic = self.topics.get(id)
        if topic is None:
            return
        topic.scheduled = False
        now = self.describe(id)
        if now is not None and topic.state is not None:
            anew = len(now["progress"]["losses"]) < len(topic.state["progress"]["losses"])  # it is dreamt once more
            changed = now if anew else changes(topic.state, now)
            topic.state = now
            if changed:
                topic.send(event(changed))
        if now is None or now["state"] in FINISHED:
            topic.send(None)

    async def watch(self, id: str) -> AsyncIterator[str]:
        """Yield server-sent events until a job ends: its whole state first, then what changes.

        Of `losses` a change holds the new ones only.
        """
        self.loop = asyncio.get_running_loop()
        topic = self.topics.setdefault(id, Topic())  # before it is described: no change from now on is lost
        queue: Queue = asyncio.Queue(BACKLOG)
        topic.queues.add(queue)
        try:
            topic.state = topic.state or self.describe(id)
            if topic.state is None:
                return
            yield event(topic.state)
            if self.closed or topic.state["state"] in FINISHED:
                return
            while (message := await next_message(queue)) is not None:
                yield message
        finally:
            topic.queues.discard(queue)
            if not topic.queues and self.topics.get(id) is topic:
                del self.topics[id]

    @property
    def viewers(self) -> int:
        """How many watch, all jobs together."""
        return sum(len(topic.queues) for topic in self.topics.values())

    def close(self) -> None:
        """End all streams."""
        self.closed = True
        for topic in self.topics.values():
            topic.send(None)


async def next_message(queue: Queue) -> Message:
    """Return what comes next for a viewer; a comment, which browsers pass over, where it is long in coming."""
    try:
        return await asyncio.wait_for(queue.get(), QUIET)
    except TimeoutError:
        return ": still here\n\n"


def event(data: Mapping[str, object] | None) -> str:
    """Return a server-sent event.

    >>> event({"before": 2})
    'data: {"before": 2}\\n\\n'
    """
    return f"data: {json.dumps(data)}\n\n"


def changes(before: Mapping[str, object], now: Mapping[str, object]) -> dict[str, object]:
    """Return what differs between two states of a job; of a list that has grown, what was added.

    >>> changes({"before": 1, "progress": {"step": 1, "losses": [2.0]}},
    ...         {"before": 1, "progress": {"step": 2, "losses": [2.0, 2.5]}})
    {'progress': {'step': 2, 'losses': [2.5]}}
    """
    found: dict[str, object] = {}
    for name, value in now.items():
        old = before[name]
        if value == old:
            continue
        if isinstance(value, dict) and isinstance(old, dict) and name == "progress":
            found[name] = changes(old, value)
        elif isinstance(value, list) and isinstance(old, list) and name == "losses":
            found[name] = value[len(old) :]
        else:
            found[name] = value
    return found
