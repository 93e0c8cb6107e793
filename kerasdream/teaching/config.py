"""Every knob of a teaching, once."""

import dataclasses
from typing import Any, Literal, TypedDict

from kerasdream.knobs import Knob, check_knobs, defaults_of, knob, knobs_of

BASES = ("mini", "inception_v3")
BLOCKS = tuple(f"mixed{number}" for number in range(8))


@dataclasses.dataclass(frozen=True)
class TeachConfig:
    """The settings of a teaching.

    >>> TeachConfig(minutes=3).base
    'mini'
    """

    base: str = knob("mini", "network that is taught further", "choice", choices=BASES)
    weights: str = knob("imagenet", "of the base: imagenet, or a weights file", "str")
    minutes: float = knob(10.0, "time to learn, the dreams of now counted in", "float", above=0)
    steps: int | None = knob(
        None, "learn so many steps, however long they take, in place of minutes", "int", low=1, optional=True
    )
    taught: str = knob("mixed4", "lowest block that learns; those below stay as they are", "choice", choices=BLOCKS)
    side: int = knob(128, "side of the pictures that it learns from, in pixels", "int", low=96, high=512)
    batch: int = knob(16, "pictures in a step", "int", low=2, high=512)
    rate: float = knob(1e-3, "learning rate at its peak", "float", above=0, high=1)
    noise: float = knob(0.45, "largest deviation of noise on the pictures, in units of -1 to 1", "float", low=0, high=4)
    adversarial: float = knob(
        0.06, "largest change of the pictures that misleads, root mean square in units of -1 to 1; 0: none", "float",
        low=0, high=1,
    )  # fmt: skip
    held_out: float = knob(
        0.2, "share of the pictures that it is tested with, and never learns", "float", above=0, high=0.5
    )
    seed: int = knob(0, "for everything random", "int", low=0, high=2**32 - 1)
    precision: str = knob(
        "auto", "numbers that it learns in; auto: bfloat16 where the processor or GPU has it in hardware", "choice",
        choices=("float32", "bfloat16", "auto"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_knobs(self, TEACH_KNOBS)


TEACH_KNOBS: dict[str, Knob] = knobs_of(TeachConfig)
TEACH_DEFAULTS: dict[str, Any] = defaults_of(TeachConfig)


class TeachSettings(TypedDict, total=False):
    """The settings of a teaching as keyword arguments: those of TeachConfig."""

    base: Literal["mini", "inception_v3"]
    weights: str
    minutes: float
    steps: int | None
    taught: str
    side: int
    batch: int
    rate: float
    noise: float
    adversarial: float
    held_out: float
    seed: int
    precision: Literal["float32", "bfloat16", "auto"]
