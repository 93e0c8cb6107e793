"""The settings of every frame of a journey: the move, and the knobs that keyframes change."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kerasdream.config import KEEPS_MORE, KNOBS, DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.journeys.keyframes import ChoiceTrack, Clock, Track, split_keys
from kerasdream.journeys.motion import Move
from kerasdream.knobs import Knob


class MoveKnob(NamedTuple):
    """A setting of the move: its value where none is given, what it takes, what it does."""

    default: float
    knob: Knob


MOVES = {
    "zoom": MoveKnob(1.0, Knob("how much larger each frame is than the one before", "float", low=0.1, high=10.0)),
    "angle": MoveKnob(0.0, Knob("how far each frame is turned counterclockwise, in degrees", "float")),
    "x": MoveKnob(0.0, Knob("how many pixels each frame shifts to the right", "float", low=-10_000, high=10_000)),
    "y": MoveKnob(0.0, Knob("how many pixels each frame shifts down", "float", low=-10_000, high=10_000)),
    "center_x": MoveKnob(0.5, Knob("centre of zoom and turn, as a share of the width", "float", low=-10, high=10)),
    "center_y": MoveKnob(0.5, Knob("centre of zoom and turn, as a share of the height", "float", low=-10, high=10)),
    "original": MoveKnob(0.0, Knob("share of the original picture that returns in each frame", "float", low=0, high=1)),
}
# What is the same in all frames, and its defaults.
SHARPNESS = Knob(
    "how strong fine detail is held, times that of the first picture; none: as the dream makes it",
    "float",
    above=0,
    optional=True,
)
PLAIN: dict[str, Any] = {"frames": 240, "fps": 24, "loop": False, "hold_colors": True, "sharpness": 1.1, "side": None}
SEEDS = 2**32
NUMBERS = ("int", "float", "ints", "floats")
CHOICES = ("choice", "bool")
KEYED = tuple(  # the knobs that keyframes can change
    name
    for name, knob in KNOBS.items()
    if knob.kind in (*NUMBERS, *CHOICES) and not knob.compiled and not knob.machine and name not in KEEPS_MORE
)


class Timeline:
    """The tracks of a journey.

    >>> timeline = Timeline({"zoom": "0: 1, 10: 1.1", "step": "0.01 + t/1000"}, Clock(20, 24.0))
    >>> timeline.move(5).zoom, timeline.knobs(10)
    (1.05, {'step': 0.02})
    """

    def __init__(self, settings: Mapping[str, Any], clock: Clock):
        """Read the tracks among the settings, and check every frame. Raises ConfigError."""
        self.clock = clock
        self.tracks: dict[str, Track | ChoiceTrack] = {}
        for name, value in settings.items():
            try:
                if name in MOVES or is_track(name, value):
                    self.tracks[name] = track_of(name, value, clock)
            except ConfigError as fault:
                raise ConfigError(f"{name} cannot be read: {fault}") from None
        for frame in range(clock.frames):
            self.values(frame)

    def values(self, frame: int) -> dict[str, Any]:
        """Return the value of every track at a frame; ConfigError for one out of range."""
        try:
            return {name: self.value(name, track.at(frame)) for name, track in self.tracks.items()}
        except ConfigError as fault:
            raise ConfigError(f"At frame {frame}: {fault}") from None

    def value(self, name: str, value: float | str) -> Any:
        """Return the value of a setting in its own type."""
        if name in MOVES:
            return MOVES[name].knob.check(name, value)
        knob = KNOBS[name]
        if isinstance(value, str):
            return knob.check(name, value == "true" if knob.kind == "bool" else value)
        return knob.check(name, round(value) if knob.kind in ("int", "ints") else value)

    def move(self, frame: int) -> Move:
        """Return the move that leads to a frame."""
        values = self.values(frame)
        return Move(**{name: values.get(name, MOVES[name].default) for name in Move._fields})

    def original(self, frame: int) -> float:
        """Return the share of the original picture in a frame."""
        return float(self.values(frame).get("original", MOVES["original"].default))

    def knobs(self, frame: int) -> dict[str, Any]:
        """Return the knobs that keyframes change, at a frame."""
        return {name: value for name, value in self.values(frame).items() if name in KNOBS}

    def config(self, base: DreamConfig, frame: int) -> DreamConfig:
        """Return the settings of the dream of a frame. Raises ConfigError for what cannot be.

        Each frame has a seed of its own: with one for all, jitter would leave the same places undreamt in every frame.
        """
        knobs: dict[str, Any] = {"seed": (base.seed + frame) % SEEDS} | self.knobs(frame)
        try:
            return base.replace(**knobs)
        except ConfigError as fault:
            raise ConfigError(f"At frame {frame}: {fault}") from None


def track_of(name: str, value: object, clock: Clock) -> Track | ChoiceTrack:
    """Read the track of a move or a knob. Raises ConfigError."""
    if name in MOVES or KNOBS[name].kind in NUMBERS:
        return Track.of(value, clock)
    return ChoiceTrack.of(value, KNOBS[name].choices or ("true", "false"), clock)


def is_track(name: str, value: object) -> bool:
    """Return whether a knob was given keyframes. Raises ConfigError for a knob that cannot have any."""
    if not isinstance(value, str | Mapping) or name not in KNOBS or KNOBS[name].kind not in (*NUMBERS, *CHOICES):
        return False
    if name in KEYED:
        return True
    if KNOBS[name].kind == "choice" and isinstance(value, str) and not split_keys(value):
        return False
    raise ConfigError(f"it stays the same in all frames; one value was expected, or keyframes of {', '.join(KEYED)}")
