"""A line on standard error that says how far a dream is."""

import sys
import time

from kerasdream.errors import ConfigError

WIDTH = 24  # of the bar, in characters
EVERY = 0.1  # seconds between two updates


class ProgressLine:
    """A bar with some words beside it; `done` counts up to `total`, or on and on where that is None.

    >>> line = ProgressLine(60)
    >>> line.update(20, "octave 1/3, loss 4.21")
    >>> line.close()
    """

    def __init__(self, total: int | None):
        self.total, self.shown, self.length = total, 0.0, 0

    def update(self, done: int, details: str = "") -> None:
        """Show how far it is, a few times a second at most."""
        now = time.monotonic()
        if (self.total is None or done < self.total) and now - self.shown < EVERY:
            return
        self.shown = now
        text = f"{done} {details}"
        if self.total is not None:
            filled = WIDTH * done // max(1, self.total)
            text = f"{done}/{self.total} [{'=' * filled}{' ' * (WIDTH - filled)}] {details}"
        sys.stderr.write("\r" + text.ljust(self.length))
        sys.stderr.flush()
        self.length = len(text)

    def close(self) -> None:
        """End the line."""
        if self.length:
            sys.stderr.write("\n")
            sys.stderr.flush()


def progress_line(verbose: bool | str, total: int | None) -> ProgressLine | None:
    """Return a line where one is asked for: "auto" shows it on a terminal and in a notebook."""
    if verbose not in (True, False, 0, 1, "auto"):
        raise ConfigError(f"verbose={verbose!r} was given; True, False or 'auto' was expected.")
    if verbose == "auto":
        verbose = sys.stderr.isatty() or "ipykernel" in sys.modules
    return ProgressLine(total) if verbose else None
