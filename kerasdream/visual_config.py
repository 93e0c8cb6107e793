"""Every knob of a visualisation, once: its default, its range and what it does."""

import dataclasses
from typing import Any, Literal, TypedDict

from kerasdream.errors import ConfigError
from kerasdream.knobs import Knob, check_knobs, defaults_of, knob, knobs_of

METHODS = ("fourier", "maco", "pixels")


@dataclasses.dataclass(frozen=True)
class VisualConfig:
    """All settings of a visualisation.

    >>> VisualConfig(size=256).steps
    192
    """

    size: int = knob(
        384, "side of the picture, in pixels; unset: what a network of one size takes", "int", low=16, high=4096
    )
    steps: int = knob(192, "steps of Adam", "int", low=1)
    rate: float = knob(0.05, "Adam's step, in parameters of the picture", "float", above=0)
    method: str = knob(
        "fourier", "parameterization of the picture: Fourier coefficients, MaCo's phases, or pixels", "choice",
        choices=METHODS,
    )  # fmt: skip
    spectrum: str | None = knob(
        None, "file of kerasdream.spectrum, for the magnitudes of maco; unset: that of photographs", "str",
        optional=True,
    )  # fmt: skip
    transform: bool = knob(True, "jitter, scale and rotate the picture at each step", "bool")
    opacity: bool = knob(False, "an alpha channel that shows how much each place counted", "bool")
    answers: int = knob(1, "pictures for each objective", "int", low=1, high=64)
    diversity: float = knob(
        1.0, "how much several answers are driven apart, as a share of their loss", "float", low=0, high=100
    )
    pair: bool = knob(False, "a second picture for each answer, of what the objective shuns", "bool")
    seed: int = knob(0, "for everything random", "int", low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        check_knobs(self, VISUAL_KNOBS)
        if self.spectrum is not None and self.method != "maco":
            raise ConfigError(
                f"spectrum={self.spectrum!r} was given with method={self.method!r}; only method='maco' has one."
            )


VISUAL_KNOBS: dict[str, Knob] = knobs_of(VisualConfig)
VISUAL_DEFAULTS: dict[str, Any] = defaults_of(VisualConfig)


class VisualSettings(TypedDict, total=False):
    """The types of the settings of VisualConfig, as keyword arguments."""

    size: int
    steps: int
    rate: float
    method: Literal["fourier", "maco", "pixels"]
    spectrum: str | None
    transform: bool
    opacity: bool
    answers: int
    diversity: float
    pair: bool
    seed: int
