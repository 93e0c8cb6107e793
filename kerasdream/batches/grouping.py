"""What goes through the network together, and what is worked on ahead of it."""

import collections
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")
MOST_PIXELS = 64_000_000  # that wait in a window, whatever its length


def grouped(
    items: Iterable[T],
    kind_of: Callable[[T], Hashable],
    limit_of: Callable[[T], int],
    window: int,
    pixels_of: Callable[[T], int] = lambda _: 0,
) -> Iterator[list[T]]:
    """Yield items of one kind together: as soon as there are enough of them, or the window is full.

    Where it is full, the group that has waited longest goes.

    >>> list(grouped("abacbde", str, lambda _: 2, window=3))
    [['a', 'a'], ['b', 'b'], ['c'], ['d'], ['e']]
    """
    waiting: dict[Hashable, list[T]] = {}
    count = pixels = 0
    for item in items:
        kind = kind_of(item)
        group = waiting.setdefault(kind, [])
        group.append(item)
        count, pixels = count + 1, pixels + pixels_of(item)
        if len(group) >= limit_of(item):
            ready = [waiting.pop(kind)]
        elif count >= window or pixels > MOST_PIXELS:
            ready = [waiting.pop(next(iter(waiting)))]
        else:
            continue
        for group in ready:
            count, pixels = count - len(group), pixels - sum(map(pixels_of, group))
            yield group
    yield from waiting.values()


def ahead(pool: Executor, function: Callable[[T], S], items: Iterable[T], count: int) -> Iterator[S]:
    """Yield what a function makes of items, in their order, with so many of them under way in a pool.

    >>> import concurrent.futures
    >>> with concurrent.futures.ThreadPoolExecutor(2) as pool:
    ...     list(ahead(pool, len, ["a", "bb", "ccc"], 2))
    [1, 2, 3]
    """
    waiting: collections.deque[Future[S]] = collections.deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
