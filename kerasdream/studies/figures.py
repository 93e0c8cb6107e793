"""The figures of a study, as summary.json holds them."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from kerasdream.studies.records import AFTER, BEFORE, CONTROL


class IntervalFigure(TypedDict):
    """An estimate and its interval."""

    value: float
    low: float
    high: float


class Correlation(IntervalFigure):
    """A rank correlation: its interval over pictures like these, and its p over the categories."""

    p: float


class GTest(TypedDict):
    """G of the guesses against the shares in training, and its p."""

    g: float
    p: float


class CategoryFigures(TypedDict):
    """One category on one layer: its guesses under each condition, their change, and whether it is found."""

    category: str
    training: float
    before: int
    after: int
    control: NotRequired[int]
    change: IntervalFigure
    after_share: IntervalFigure
    against_training: str
    beyond_control: NotRequired[IntervalFigure]
    found: bool


class LayerFigures(TypedDict):
    """One layer; what is a dict of intervals has one for each condition."""

    layer: str
    pictures: int
    enough: bool
    categories: list[CategoryFigures]
    found: list[str]
    new_guesses: int
    spearman_all: Correlation
    spearman_new: Correlation
    g_all: GTest
    g_new: GTest
    eyed: dict[str, IntervalFigure]
    eyed_change: IntervalFigure
    confidence: dict[str, IntervalFigure]
    entropy: dict[str, IntervalFigure]
    moved: dict[str, IntervalFigure]  # mean absolute change of a pixel, in levels of 255
    kept_class: IntervalFigure


class Trend(TypedDict, total=False):
    """What a picture gains with each layer upwards; empty with fewer than two layers or pictures."""

    pictures: int
    confidence: IntervalFigure
    entropy: IntervalFigure
    eyed: IntervalFigure


class SourceFigures(TypedDict):
    """The figures of the photographs, or of the starts from noise."""

    layers: list[LayerFigures]
    trend: Trend


class Summary(TypedDict):
    """All figures of a study."""

    settings: dict[str, Any]
    pictures: int
    faults: list[tuple[str, str]]
    training: dict[str, float]
    control: bool
    looks: int  # intervals that are to hold at once
    sources: dict[str, SourceFigures]


def conditions_of(found: Summary) -> list[str]:
    """Return the conditions under which the pictures were judged."""
    return [BEFORE, AFTER, CONTROL] if found["control"] else [BEFORE, AFTER]


def counts_of(row: CategoryFigures, conditions: Sequence[str]) -> list[int]:
    """Return how often a category was guessed under each condition."""
    counts = {BEFORE: row["before"], AFTER: row["after"], CONTROL: row.get("control", 0)}
    return [counts[condition] for condition in conditions]
