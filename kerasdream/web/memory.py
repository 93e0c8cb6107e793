"""Memory of the process, given back to the system."""

import ctypes
import functools
from collections.abc import Callable


def release_memory() -> None:
    """Give freed memory back to the system: glibc keeps gigabytes of it after large pictures.

    >>> release_memory()
    """
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
