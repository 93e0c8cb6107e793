"""Work beside the dream: what comes next is made ready, and what is finished is written, in threads of their own."""

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
WAIT = 0.2  # seconds after which a full queue is looked at again
END = object()


def prefetch(source: Iterator[T], ahead: int = 2) -> Generator[T, None, None]:
    """Yield what comes from `source`, which a thread takes up to `ahead` items further; its errors come in their turn.

    >>> list(prefetch(iter("abc")))
    ['a', 'b', 'c']
    """
    ready: queue.Queue[Any] = queue.Queue(ahead)
    closed = threading.Event()

    def put(item: object) -> None:
        while not closed.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(item, timeout=WAIT)
                return

    def work() -> None:
        fault: BaseException | None = None
        try:
            for item in source:
                put((item, None))
                if closed.is_set():
                    break
        except BaseException as raised:
            fault = raised
        finally:
            if isinstance(source, Generator):
                source.close()
        put((END, fault))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, fault = ready.get()
            if fault is not None:
                raise fault
            if item is END:
                return
            yield item
    finally:
        closed.set()
        thread.join()


class Background:
    """One job at a time in a thread: the next one waits for it, and raises what went wrong in it.

    >>> with Background() as background:
    ...     background.do(print, "written")
    written
    """

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.job: Future[object] | None = None

    def do(self, work: Callable[..., object], *arguments: object) -> None:
        """Begin a job, once the one before is finished."""
        self.wait()
        self.job = self.pool.submit(work, *arguments)

    def wait(self) -> None:
        """Wait for the job that was begun last."""
        job, self.job = self.job, None
        if job is not None:
            job.result()

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.wait()
        finally:
            self.pool.shutdown()
