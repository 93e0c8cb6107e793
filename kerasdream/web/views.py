"""Views: what the page may know of dreams, as JSON holds it."""

import dataclasses
from typing import Any, TypedDict

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
FINISHED = (DONE, FAILED, CANCELLED)
Settings = dict[str, Any]  # knobs of a dream by name: their values are of many types


class ProgressView(TypedDict):
    """How far a dream is."""

    state: str
    octave: int
    num_octave: int
    step: int
    iterations: int
    done: float
    left: float | None
    losses: list[float]
    previews: int
    error: str
    note: str


class DreamView(TypedDict):
    """A dream as it was asked for, and what came of it."""

    id: str
    state: str
    picture: str
    guide: str | None
    mask: str | None
    look: str
    settings: Settings
    created: float
    seconds: float | None
    loss: float | None
    width: int | None
    height: int | None
    error: str


class JobView(DreamView):
    """A dream that waits, runs or has ended: with its progress, and how many wait before it."""

    progress: ProgressView
    before: int


@dataclasses.dataclass
class Progress:
    """How far a dream is, kept by the worker; other threads read it.

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
    cancelled: bool = False

    def view(self) -> ProgressView:
        """Return what the page may know of it."""
        return {
            "state": self.state, "octave": self.octave, "num_octave": self.num_octave, "step": self.step,
            "iterations": self.iterations, "done": self.done, "left": self.left, "losses": list(self.losses),
            "previews": self.previews, "error": self.error, "note": self.note,
        }  # fmt: skip
