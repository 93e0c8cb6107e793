"""Every knob that a batch has beside those of its dreams, once."""

import dataclasses
import re
from typing import Any, Literal

from kerasdream.errors import ConfigError
from kerasdream.knobs import Knob, check_knobs, defaults_of, knob, knobs_of
from kerasdream.settings import Settings
from kerasdream.types import Size

FORMATS = ("folder", "tar")


@dataclasses.dataclass(frozen=True)
class BatchConfig:
    """The settings of a batch beside those of its dreams.

    >>> BatchConfig(size="640x480", shard="2/8").fitted_size(), BatchConfig(shard="2/8").part()
    ((480, 640), (2, 8))
    """

    format: str = knob(
        "folder", "how dreams are written: files in a folder that keeps the tree, or tars", "choice", choices=FORMATS
    )
    tar_size: str = knob("1GB", "a tar that has grown to this is closed, and the next begins", "memory")
    size: str | None = knob(
        None, "size that pictures are cut and scaled to first: 256, or 640x480; unset: their own", "str", optional=True
    )
    round_up: int = knob(
        1, "sides are padded by reflection to multiples of this, and cut again: more pictures share a size", "int",
        low=1, high=512,
    )  # fmt: skip
    group: int | None = knob(
        None, "pictures of one size that go through the network together; unset: as many as are of use", "int",
        low=1, high=1024, optional=True,
    )  # fmt: skip
    window: int = knob(64, "pictures that are read ahead, to find some of one size among them", "int", low=1, high=4096)
    workers: int | None = knob(
        None, "groups that are dreamt at the same time; unset: one for each core in the program, otherwise 2", "int",
        low=1, high=64, optional=True,
    )  # fmt: skip
    shard: str | None = knob(
        None, "dream one part of the pictures only: 1/8 is the first of eight, 8/8 the last", "str", optional=True
    )
    max_errors: int | None = knob(
        None, "end the run when more pictures than this have failed; unset: never", "int", low=0, optional=True
    )

    def __post_init__(self) -> None:
        check_knobs(self, BATCH_KNOBS)
        self.fitted_size()
        self.part()

    def threads(self) -> int:
        """Return how many groups are dreamt at the same time."""
        return self.workers or 2

    def fitted_size(self) -> Size | None:
        """Return the size (height, width) that pictures are made to have, or None."""
        if self.size is None:
            return None
        found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", self.size)
        width, height = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not (width and height):
            raise ConfigError(f"size={self.size!r} was given; a side such as 256, or 640x480, was expected.")
        return height, width

    def part(self) -> tuple[int, int]:
        """Return which part of the pictures is dreamt, of how many; the first is 1."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", self.shard or "1/1")
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count:
            raise ConfigError(
                f"shard={self.shard!r} was given; the number of a part and how many there are was expected, from 1/8 "
                "to 8/8."
            )
        return number, count


BATCH_KNOBS: dict[str, Knob] = knobs_of(BatchConfig)
BATCH_DEFAULTS: dict[str, Any] = defaults_of(BatchConfig)


class BatchSettings(Settings, total=False):
    """The settings of a batch as keyword arguments: those of BatchConfig, and the knobs of a dream."""

    format: Literal["folder", "tar"]
    tar_size: str
    size: str | None
    round_up: int
    group: int | None
    window: int
    workers: int | None
    shard: str | None
    max_errors: int | None
