"""Keyframes: a setting that changes with time, as text, {frame: value}, or a column of a CSV or JSON file."""

import bisect
import csv
import dataclasses
import io
import json
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.journeys.expressions import Expression, Names, error_at, parse_expression

INTERPOLATIONS = ("linear", "smooth", "step")
KEY = re.compile(rf"(?:^|,)\s*(\d+(?:\.\d*)?)\s*(%?)\s*({'|'.join(INTERPOLATIONS)})?\s*:")
LARGEST = 10_000_000  # bytes of a file of keyframes
T = TypeVar("T")


class Clock(NamedTuple):
    """How long a journey is."""

    frames: int
    fps: float

    def names(self, frame: float) -> Names:
        """Return what expressions may name."""
        return {"t": frame, "frames": self.frames, "fps": self.fps}


class Part(NamedTuple):
    """A stretch of a text with keyframes: the frame, whether that is in percent, the way to the next, the value."""

    frame: float
    percent: bool
    interpolation: str
    text: str
    offset: int


def split_keys(text: str, ways: Sequence[str] = INTERPOLATIONS) -> list[Part]:
    """Return the keyframes of a text; none where it has no keys. ConfigError where it begins with something else.

    `ways` are those from one keyframe to the next that are allowed; the first is meant where none is named.

    >>> [(part.frame, part.interpolation, part.text) for part in split_keys("0: mixed3, 60 smooth: mixed4:30,150")]
    [(0.0, 'linear', ' mixed3'), (60.0, 'smooth', ' mixed4:30,150')]
    """
    found = list(KEY.finditer(text))
    if found and text[: found[0].start()].strip():
        raise error_at(text, 0, "a keyframe such as '0: 1.02' was expected at the beginning")
    for key in found:
        if key[3] and key[3] not in ways:
            raise error_at(text, key.start(3), f"{key[3]!r} is a way between numbers; here {ways[0]!r} was expected")
    ends = [key.start() for key in found[1:]] + [len(text)] * bool(found)
    return [
        Part(float(key[1]), bool(key[2]), key[3] or ways[0], text[key.end() : end], key.end())
        for key, end in zip(found, ends, strict=True)
    ]


@dataclasses.dataclass(frozen=True)
class Keys(Generic[T]):
    """Values at frames, and how each goes over into the next."""

    frames: tuple[float, ...]
    values: tuple[T, ...]
    interpolations: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(later <= earlier for earlier, later in zip(self.frames, self.frames[1:], strict=False)):
            shown = ", ".join(f"{frame:g}" for frame in self.frames)
            raise ConfigError(f"Keyframes stand at {shown}; each was expected later than the one before")

    def between(self, frame: float) -> tuple[T, T, float]:
        """Return the two values that a frame lies between, and the share of the second."""
        following = bisect.bisect_right(self.frames, frame)
        if following in (0, len(self.frames)):
            only = self.values[max(0, following - 1)]
            return only, only, 0.0
        begin, end = self.frames[following - 1], self.frames[following]
        share = (frame - begin) / (end - begin)
        interpolation = self.interpolations[following - 1]
        share = {"linear": share, "smooth": smooth(share), "step": 0.0}[interpolation]
        return self.values[following - 1], self.values[following], share


def smooth(share: float) -> float:
    """Return a share that begins and ends without a jolt.

    >>> smooth(0.0), smooth(0.25), smooth(1.0)
    (0.0, 0.15625, 1.0)
    """
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


class Track:
    """A number that changes with time.

    >>> track = Track.of("0: 1, 10 smooth: 2, 20: 3 + t", Clock(30, 24.0))
    >>> [track.at(frame) for frame in (0, 5, 10, 15, 25)]
    [1.0, 1.5, 2.0, 10.0, 28.0]
    """

    def __init__(self, keys: Keys[Expression], clock: Clock):
        self.keys, self.clock = keys, clock

    @classmethod
    def of(cls, value: object, clock: Clock) -> "Track":
        """Read a number, text, or {frame: number or text}. Raises ConfigError for anything else."""
        return cls(read_keys(value, clock, parse_expression), clock)

    def at(self, frame: float) -> float:
        """Return the value at a frame; between two keyframes expressions are mixed."""
        before, after, share = self.keys.between(frame)
        names = self.clock.names(frame)
        value = before.at(names)
        return value if share == 0 else value + share * (after.at(names) - value)


class ChoiceTrack:
    """One of several words, which changes at keyframes; what it was stays until the next.

    >>> track = ChoiceTrack.of({0: True, 24: False}, ("true", "false"), Clock(60, 24.0))
    >>> track.at(23), track.at(24)
    ('true', 'false')
    """

    def __init__(self, keys: Keys[str]):
        self.keys = keys

    @classmethod
    def of(cls, value: object, choices: Sequence[str], clock: Clock) -> "ChoiceTrack":
        """Read a word, "0: kept, 48: none", or {frame: word}. Raises ConfigError for a word that is no choice."""

        def read(text: str, whole: str, offset: int) -> str:
            word, place = text.strip(), offset + len(text) - len(text.lstrip())
            if word.lower() not in choices:
                expected = " or ".join(map(repr, choices))
                raise error_at(whole, place, f"{expected} was expected, not {word!r}")
            return word.lower()

        if isinstance(value, Mapping):
            value = {key: str(one) for key, one in value.items()}
        keys = read_keys(value if isinstance(value, Mapping) else str(value), clock, read, ("step",))
        return cls(keys)

    def at(self, frame: float) -> str:
        """Return the word at a frame."""
        return self.keys.between(frame)[0]


def read_keys(
    value: object, clock: Clock, read: Callable[[str, str, int], T], ways: Sequence[str] = INTERPOLATIONS
) -> Keys[T]:
    """Return the keyframes of a value, text, or {frame: value}. Raises ConfigError for anything else.

    `read` takes the text of a value, the whole text that it is a part of, and where in it it begins. `ways` are
    those of `split_keys`.
    """
    if isinstance(value, Mapping):
        pairs = sorted((frame_number(frame, clock), key, as_text(one)) for frame, key, one in mapping_keys(value, ways))
        frames, ways, texts = zip(*pairs, strict=True) if pairs else ((), (), ())
        values = tuple(read(text, text, 0) for text in texts)
    else:
        text = as_text(value)
        parts = split_keys(text, ways) or [Part(0.0, False, ways[0], text, 0)]
        frames = tuple(frame_number((part.frame, part.percent), clock) for part in parts)
        ways = tuple(part.interpolation for part in parts)
        values = tuple(read(part.text, text, part.offset) for part in parts)
    if not values:
        raise ConfigError("no keyframes were given; one or more were expected")
    return Keys(frames, values, ways)


def mapping_keys(
    value: Mapping[object, object], ways: Sequence[str] = INTERPOLATIONS
) -> list[tuple[tuple[float, bool], str, object]]:
    """Return the frames of {frame: value}, where a frame may be text such as "60 smooth" or "50%"."""
    found = []
    for key, one in value.items():
        match = KEY.fullmatch(f"{key}:")
        if match is None:
            raise ConfigError(f"{key!r} is no frame; a number from 0 on was expected, such as 60, '60 smooth' or '50%'")
        if match[3] and match[3] not in ways:
            raise ConfigError(f"{key!r} names a way between numbers; here {ways[0]!r} was expected")
        found.append(((float(match[1]), bool(match[2])), match[3] or ways[0], one))
    return found


def frame_number(frame: tuple[float, bool], clock: Clock) -> float:
    """Return a frame that may be in percent of all."""
    number, percent = frame
    return number * clock.frames / 100 if percent else number


def as_text(value: object) -> str:
    """Return a number or text as text; ConfigError for anything else."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise ConfigError(f"{value!r} was given; a number, an expression or keyframes were expected")
    return repr(float(value))


def read_keyframes(path: files.StrPath) -> dict[str, Any]:
    """Return the keyframes in a CSV or JSON file, by the name of their setting.

    A CSV has a column `frame` and one for each setting, where a cell may be empty; a JSON file holds
    {"zoom": {"0": 1.02, "120": "1 + 0.1*sin(t)"}}. Raises ConfigError for anything else.

    >>> _ = pathlib.Path("moves.csv").write_text("frame,zoom,strength\\n0,1.02,\\n60 smooth,1.05,0.5\\n")
    >>> read_keyframes("moves.csv")
    {'zoom': {'0': '1.02', '60 smooth': '1.05'}, 'strength': {'60 smooth': '0.5'}}
    """
    files.check_regular(path)
    file, what = pathlib.Path(path), repr(str(path))
    if file.stat().st_size > LARGEST:
        raise ConfigError(f"{what} has more than {LARGEST // 10**6} MB; a file of keyframes was expected.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        found = json.loads(text) if file.suffix.lower() == ".json" else columns(text)
    except (ValueError, RecursionError, csv.Error) as fault:
        raise ConfigError(f"{what} cannot be read as keyframes: {fault}. A CSV or JSON file was expected.") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{what} holds no keyframes; {{setting: {{frame: value}}}} was expected.")
    return found


def columns(text: str) -> dict[str, dict[str, str]]:
    """Return the columns of a CSV, each as {frame: value}."""
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    if not rows.fieldnames or "frame" not in rows.fieldnames:
        raise ValueError("it has no column 'frame'")
    found: dict[str, dict[str, str]] = {name: {} for name in rows.fieldnames if name != "frame"}
    for row in rows:
        for name, keys in found.items():
            if value := (row[name] or "").strip():
                keys[row["frame"].strip()] = value
    return found
