"""Views: what the page may know of dreams, as JSON holds it."""

from typing import Any, TypedDict

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
FINISHED = (DONE, FAILED, CANCELLED)
DREAM, FILM, JOURNEY = "dream", "film", "journey"  # kinds of jobs
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
    moments: int
    error: str
    note: str


class DreamView(TypedDict):
    """A dream as it was asked for, and what came of it."""

    id: str
    kind: str
    state: str
    picture: str
    guide: str | None
    mask: str | None
    look: str
    settings: Settings
    plan: Settings
    parent: str | None
    relation: str
    group: str | None
    label: str
    favourite: bool
    stopped: bool
    urgent: bool
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
