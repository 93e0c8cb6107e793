"""How far a film is: a line, a callback and a preview."""

import dataclasses
import time
from collections.abc import Callable

from kerasdream.films.preview import Preview
from kerasdream.progress import progress_line
from kerasdream.types import Array


@dataclasses.dataclass(frozen=True)
class FilmMoment:
    """What a callback sees after each frame of a film: its number, counted from 1, and its picture, an array."""

    frame: int
    frames: int
    picture: Array
    frames_per_second: float
    seconds_left: float


class FilmProgress:
    """Says how far a film is, after each frame."""

    def __init__(
        self,
        frames: int,
        steps: int,
        verbose: bool | str,
        callback: Callable[[FilmMoment], None] | None,
        preview: Preview | None,
    ):
        """So many `frames` are in the film, and there are `steps` to do: one for each frame and pass."""
        self.frames, self.steps, self.callback, self.preview = frames, steps, callback, preview
        self.line = progress_line(verbose, steps)
        self.step, self.began = 0, time.monotonic()

    def update(self, number: int, picture: Array, source: Array) -> None:
        """Tell that a frame is finished."""
        self.step += 1
        rate = self.step / max(1e-6, time.monotonic() - self.began)
        left = (self.steps - self.step) / rate
        if self.line:
            self.line.update(self.step, f"{rate:.2g} frames/s, {duration(left)} left")
        if self.preview:
            self.preview.show(source, picture)
        if self.callback:
            self.callback(FilmMoment(number, self.frames, picture, rate, left))

    def close(self) -> None:
        """End the line, and remove the preview."""
        if self.line:
            self.line.close()
        if self.preview:
            self.preview.close()


def duration(seconds: float) -> str:
    """Return a time in hours, minutes and seconds.

    >>> duration(75), duration(7325)
    ('1:15', '2:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
