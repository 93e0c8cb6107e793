"""Progress: how far a dream is, kept by the worker's thread and read by others."""

import dataclasses

from kerasdream.web.growth import KeptMoment
from kerasdream.web.views import DONE, QUEUED, ProgressView


@dataclasses.dataclass
class Progress:
    """How far a dream is.

    >>> Progress(step=3).view()["step"]
    3
    """

    state: str = QUEUED
    octave: int = 0
    num_octave: int = 0
    step: int = 0
    iterations: int = 0
    done: float = 0.0  # of 1
    left: float | None = None  # seconds
    losses: list[float] = dataclasses.field(default_factory=list)
    previews: int = 0  # how many there have been
    error: str = ""  # why it failed, or why it waits
    note: str = ""  # what one should know of the dream
    preview: bytes = b""  # the picture by now, as JPEG
    moments: list[KeptMoment] = dataclasses.field(default_factory=list)  # while it runs
    count: int = 0  # of the moments that are kept
    cancelled: bool = False
    stopped: bool = False  # it ends early, and is kept

    def begin(self, state: str) -> None:
        """Forget how far an earlier attempt has come."""
        self.state, self.error, self.losses = state, "", []
        self.keep([])

    def keep(self, moments: list[KeptMoment]) -> None:
        """Keep these moments in place of those before."""
        self.moments, self.count = moments, len(moments)

    def end(self, state: str, error: str) -> None:
        """Note how it ended; its moments are in a file by now, or given up."""
        self.state, self.error, self.left = state, error, None
        self.done = 1.0 if state == DONE else self.done
        self.moments = []

    def show(self, preview: bytes) -> None:
        """Show the picture as it is by now."""
        self.preview = preview
        self.previews += 1

    def view(self) -> ProgressView:
        """Return what the page may know of it."""
        return {
            "state": self.state, "octave": self.octave, "num_octave": self.num_octave, "step": self.step,
            "iterations": self.iterations, "done": self.done, "left": self.left, "losses": list(self.losses),
            "previews": self.previews, "moments": self.count, "error": self.error, "note": self.note,
        }  # fmt: skip
