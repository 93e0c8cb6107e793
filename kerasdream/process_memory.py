"""Memory of the process, given back to the system."""

import contextlib
import ctypes
import functools
import gc
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def memory_released() -> Iterator[None]:
    """Give freed memory back to the system in the end: glibc keeps gigabytes of it after large pictures.

    >>> with memory_released():
    ...     pixels = bytes(10_000_000)
    ...     del pixels
    """
    try:
        yield
    finally:
        trim_heap()


def release_memory() -> None:
    """Free objects that only refer to each other, such as a dropped model's graph, and give their memory back.

    >>> release_memory()
    """
    gc.collect()
    trim_heap()


def trim_heap() -> None:
    """Give freed memory back to the system, where its C library can."""
    if trim := trimmer():
        trim(0)


@functools.cache
def trimmer() -> Callable[[int], int] | None:
    """Return the C library's `malloc_trim`, or None where there is none, as on macOS and Windows."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim
