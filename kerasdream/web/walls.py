"""Walls: every look dreamt on somebody's own picture, small, when no dream waits."""

import pathlib
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from kerasdream import presets
from kerasdream.config import DreamConfig
from kerasdream.image import files
from kerasdream.web.dreaming import Dreaming
from kerasdream.web.films import smaller, write_webp
from kerasdream.web.job import Asked
from kerasdream.web.settings import looks_on_wall
from kerasdream.web.store import Store
from kerasdream.web.views import Settings

SIDE, SHOWN_SIDE = 288, 208  # pixels that are dreamt, and shown
MOST_STEPS, MOST_OCTAVES, MOST_COPIES = 12, 3, 2  # of the looks that take longest
LONGEST_STEP = 2.5  # times the step of a look, where it takes fewer


class Wall(NamedTuple):
    """The looks on one picture, dreamt by one model."""

    picture: str
    model: str


class Walls:
    """Dreams one wall at a time, the one that was asked for last; for several threads.

    >>> import pathlib, tempfile
    >>> walls = Walls(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> walls.request(Wall("sample", "mini"))
    >>> walls.next() == "keras"
    True
    """

    def __init__(
        self,
        store: Store,
        models: dict[str, Settings],
        announce: Callable[[dict[str, object]], None] = lambda notice: None,
    ):
        self.store, self.announce = store, announce
        self.dreaming = Dreaming(store, models, warm=1)  # of its own: the dreams that somebody makes stay warm
        self.wall: Wall | None = None
        self.failed: set[str] = set()
        self.asked_at = 0.0
        self.lock = threading.Lock()

    def request(self, wall: Wall) -> None:
        """Have a wall dreamt; another one that is not finished is given up."""
        with self.lock:
            self.wall, self.failed, self.asked_at = wall, set(), time.monotonic()

    def next(self) -> str | None:
        """Return the look that is dreamt next, None where the wall is whole."""
        with self.lock:
            wall, failed = self.wall, self.failed
        if wall is None:
            return None
        missing = (look for look in looks_on_wall() if look not in failed and not self.path(wall, look).is_file())
        return next(missing, None)

    def path(self, wall: Wall, look: str) -> pathlib.Path:
        """Return the file of a look."""
        return self.store.inside("walls", file_name(wall, look))

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Dream the next look, and return whether there was one."""
        wall, look = self.wall, self.next()
        if wall is None or look is None:
            return False
        try:
            image = self.dream(wall, look, lambda: should_stop() or self.wall is not wall)
            if image is not None:
                files.make_folder(self.store.folder / "walls")
                write_webp(image, self.path(wall, look))
                self.announce({"wall": {"picture": wall.picture, "model": wall.model, "look": look}})
        except Exception:  # the picture is gone, or too small for this look
            self.failed.add(look)
        return True

    def dream(self, wall: Wall, look: str, should_stop: Callable[[], bool]) -> Image.Image | None:
        """Return the picture with a look, small; None where it was given up."""
        asked = Asked(picture=wall.picture, settings=settings_of(look, wall.model), look=look, words="")
        made = self.dreaming.in_background(asked, smaller(self.dreaming.open(asked), SIDE), should_stop)
        return smaller(made[0].image, SHOWN_SIDE) if made else None


def settings_of(look: str, model: str) -> Settings:
    """Return the settings of a look on a wall: its own, but fewer and longer steps.

    >>> settings_of("eyes", "mini")["num_octave"]
    3
    """
    config = DreamConfig(**presets.settings(look, model))
    steps = config.iterations if isinstance(config.iterations, int) else max(config.iterations)
    step = config.step if isinstance(config.step, float) else max(config.step)
    return {
        "preset": look,
        "model": model,
        "iterations": min(steps, MOST_STEPS),
        "step": step * min(LONGEST_STEP, max(1.0, steps / MOST_STEPS)),
        "num_octave": min(config.num_octave, MOST_OCTAVES),
        "octaves_above": 0,
        "crops": min(config.crops, MOST_COPIES),
        "smooth_samples": min(config.smooth_samples, MOST_COPIES),
    }


def file_name(wall: Wall, look: str) -> str:
    """Return the name of the file of a look.

    >>> file_name(Wall("noise:640x480", "mini"), "fur")
    'noise_640x480-mini-fur.webp'
    """
    return f"{wall.picture.replace(':', '_')}-{wall.model}-{look}.webp"
