"""Load a framework fast, for a program that has the process to itself; `import kerasdream` never does this."""

import contextlib
import gc
from collections.abc import Iterator

# What a framework's environment is where dreams have a thread each: none waits for threads of its own, and its bytes do
# not depend on the number of cores.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1"}


@contextlib.contextmanager
def fast_loading() -> Iterator[None]:
    """Load a framework inside in two thirds of the time.

    A framework makes a million objects that stay to the end. Python's garbage collector would look through them again
    and again while they come, and twice more as the program ends: it rests meanwhile, and never looks at them later.

    >>> with fast_loading():
    ...     from kerasdream import Dreamer
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
