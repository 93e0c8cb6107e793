"""What the process of a program does by itself: its output, its signals, the framework that it loads."""

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import TextIO

import kerasdream
from kerasdream.errors import DreamWarning
from kerasdream.loading import fast_loading

INTERRUPTED, TERMINATED = 130, 143  # exit statuses, as the shell has them


def complain(message: object, status: int = 1) -> int:
    """Print one line about what went wrong to standard error; returns the exit status."""
    print(f"kerasdream: {message}", file=sys.stderr, flush=True)
    return status


@contextlib.contextmanager
def results_apart() -> Iterator[TextIO]:
    """Send all that is printed inside, such as progress bars, to standard error; yields the standard output."""
    results = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        yield results


@contextlib.contextmanager
def sigterm_interrupts() -> Iterator[list[int]]:
    """Let SIGTERM interrupt the work inside as Ctrl-C does, so that it is kept; yields the signals that came."""
    received: list[int] = []

    def interrupt(number: int, _: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only that one may listen
        yield received
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def warnings_in_words() -> Iterator[None]:
    """Print each of our warnings as one line of standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DreamWarning)
        warnings.showwarning = lambda message, *_: print(f"kerasdream: {message}", file=sys.stderr)
        yield


def quiet_start() -> None:
    """Load the framework, fast and without its notices, which come before any setting of its can hold them back."""
    if "keras" in sys.modules:
        return
    with silent_stderr(), fast_loading():
        kerasdream.Dreamer  # noqa: B018


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Show nothing that comes to standard error inside, unless the user has said what TensorFlow should show."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
