"""Every knob that a film has beside those of its dreams, once."""

import dataclasses
from typing import Any, Literal

from kerasdream.errors import ConfigError
from kerasdream.knobs import Knob, check_knobs, defaults_of, knob, knobs_of
from kerasdream.settings import Settings

MODES = ("flow", "blend", "each")


@dataclasses.dataclass(frozen=True)
class FilmConfig:
    """The settings of a film beside those of its dreams.

    >>> FilmConfig(mode="each").blend
    0.5
    """

    mode: str = knob(
        "flow",
        "what travels from frame to frame: the dream along the motion, a share of the dreamt frame, or nothing",
        "choice",
        choices=MODES,
    )
    blend: float = knob(0.5, "share of the new frame in what is dreamt next, in mode blend", "float", above=0, high=1)
    renewal: float = knob(
        0.05, "share of its dream that moving ground gives up in a frame, so that new shapes come", "float", low=0,
        high=1,
    )  # fmt: skip
    cadence: int = knob(
        1, "every how many frames one is dreamt; those between get the dream of both neighbours", "int", low=1, high=8
    )
    passes: int = knob(1, "2: a second pass brings the dream back from later frames", "int", low=1, high=2)

    def __post_init__(self) -> None:
        check_knobs(self, FILM_KNOBS)
        for name in ("cadence", "passes"):
            if self.mode != "flow" and getattr(self, name) > 1:
                raise ConfigError(
                    f"{name}={getattr(self, name)} was given with mode={self.mode!r}; both carry the dream along the "
                    "motion, as only mode='flow' does. Leave one of them out."
                )


FILM_KNOBS: dict[str, Knob] = knobs_of(FilmConfig)
FILM_DEFAULTS: dict[str, Any] = defaults_of(FilmConfig)


class FilmSettings(Settings, total=False):
    """The settings of a film as keyword arguments: those of FilmConfig, and the knobs of a dream."""

    mode: Literal["flow", "blend", "each"]
    blend: float
    renewal: float
    cadence: int
    passes: int
