"""Memory of the process, given back to the system."""

import contextlib
import ctypes
import functools
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
