"""What the records of a study show, in numbers: every figure of the report comes from here."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasdream.model.classes import EYED, categories, category_of, imagenet
from kerasdream.studies import statistics
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Paired, Records
from kerasdream.studies.statistics import Interval

ENOUGH = 30  # pictures; fewer answer nothing
SEED = 0  # of simulations
LEVEL = 0.95


def summary(
    records: Records, layers: Sequence[str], moments: Sequence[str], training: Mapping[str, float]
) -> dict[str, Any]:
    """All figures of a study as plain values.

    Photographs and noise are apart. What is `found` of a category is a change of its share among the first guesses that
    is sure at 95 % for all categories and layers at once, and that the control's dreams of the same pictures do not
    show.
    """
    number = np.array([categories().index(category_of(one)) for one in range(len(imagenet()))])
    seen = {source: {layer: records.paired(source, layer, moments) for layer in layers} for source in (PHOTO, NOISE)}
    seen = {source: found for source, found in seen.items() if any(len(one.pictures) for one in found.values())}
    looks = len(categories()) * len(layers) * len(seen)
    sources = {}
    for source, found in seen.items():
        figures = [figures_of(layer, one, number, training, looks) for layer, one in found.items()]
        sources[source] = {"layers": figures, "trend": trend(list(found.values()), number)}
    return {
        "settings": records.settings(),
        "pictures": records.number_of_pictures() - len(records.faults()),
        "faults": records.faults(),
        "training": dict(training),
        "control": CONTROL in moments,
        "looks": looks,
        "sources": sources,
    }


def figures_of(
    layer: str, seen: Paired, number: np.ndarray, training: Mapping[str, float], looks: int
) -> dict[str, Any]:
    """The figures of one layer."""
    groups = {moment: number[classes] for moment, classes in seen.classes.items()}
    counts = {moment: np.bincount(group, minlength=len(training)) for moment, group in groups.items()}
    total = len(seen.pictures)
    level = statistics.corrected(LEVEL, looks)
    shares = np.array([training[category] for category in categories()])
    new = counts_of_new(groups[BEFORE], groups[AFTER], len(shares))
    rows = [
        category_row(index, category, groups, counts, training, level) for index, category in enumerate(categories())
    ]
    eyed = np.array([category in EYED for category in categories()])
    g, p = statistics.g_test(counts[AFTER], shares, SEED)
    g_new, p_new = statistics.g_test(new, shares, SEED)
    return {
        "layer": layer,
        "pictures": total,
        "enough": total >= ENOUGH,
        "categories": rows,
        "found": [row["category"] for row in rows if row["found"]],
        "new_guesses": int(new.sum()),
        "spearman_all": correlation(shares, counts[AFTER]),
        "spearman_new": correlation(shares, new),
        "g_all": {"g": g, "p": p},
        "g_new": {"g": g_new, "p": p_new},
        "eyed": {moment: plain(statistics.share(int(eyed[group].sum()), total)) for moment, group in groups.items()},
        "eyed_change": plain(change_between(eyed[groups[BEFORE]], eyed[groups[AFTER]], LEVEL)),
        "confidence": {moment: plain(statistics.mean(one)) for moment, one in seen.probabilities.items()},
        "entropy": {moment: plain(statistics.mean(one)) for moment, one in seen.entropies.items()},
        "moved": {moment: plain(statistics.mean(one)) for moment, one in seen.changes.items() if moment != BEFORE},
        "kept_class": plain(statistics.share(int((seen.classes[BEFORE] == seen.classes[AFTER]).sum()), total)),
    }


def correlation(shares: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """How shares and counts go together: over pictures like these an interval, over the categories a p."""
    interval = plain(statistics.spearman_interval(shares, counts, SEED))
    return interval | {"p": statistics.spearman_p(shares, counts, SEED)}


def category_row(
    index: int,
    category: str,
    groups: Mapping[str, np.ndarray],
    counts: Mapping[str, np.ndarray],
    training: Mapping[str, float],
    level: float,
) -> dict[str, Any]:
    """One category: its shares, its change, and whether that is found."""
    is_it = {moment: group == index for moment, group in groups.items()}
    change = change_between(is_it[BEFORE], is_it[AFTER], level)
    found = change.excludes(0.0) and len(groups[AFTER]) >= ENOUGH
    row: dict[str, Any] = {"category": category, "training": training[category]}
    row |= {moment: int(counts[moment][index]) for moment in groups}
    row["change"] = plain(change)
    total = len(groups[AFTER])
    row["after_share"] = plain(statistics.share(int(counts[AFTER][index]), total, level))
    over, under = (row["after_share"][end] for end in ("low", "high"))
    row["against_training"] = "more" if over > training[category] else "less" if under < training[category] else ""
    if CONTROL in groups:
        beyond = change_between(is_it[CONTROL], is_it[AFTER], level)
        row["beyond_control"] = plain(beyond)
        found = found and beyond.excludes(0.0) and (beyond.value > 0) == (change.value > 0)
    return row | {"found": bool(found)}


def change_between(before: np.ndarray, after: np.ndarray, level: float) -> Interval:
    """How much a share has changed on the same pictures."""
    return statistics.change(int((after & ~before).sum()), int((before & ~after).sum()), len(before), level)


def counts_of_new(before: np.ndarray, after: np.ndarray, categories: int) -> np.ndarray:
    """How often each category is the guess after a dream and was not before: what the dream put there."""
    return np.bincount(after[after != before], minlength=categories)


def trend(layers: Sequence[Paired], number: np.ndarray) -> dict[str, Any]:
    """What a picture gains with each layer upwards, on the pictures that all layers have seen."""
    common = sorted(set.intersection(*(set(one.pictures.tolist()) for one in layers)))
    if len(layers) < 2 or len(common) < 2:
        return {}
    eyed = np.array([category in EYED for category in categories()])
    at = [np.isin(one.pictures, common) for one in layers]
    tables = {
        "confidence": [one.probabilities[AFTER][rows] for one, rows in zip(layers, at, strict=True)],
        "entropy": [one.entropies[AFTER][rows] for one, rows in zip(layers, at, strict=True)],
        "eyed": [eyed[number[one.classes[AFTER][rows]]].astype(float) for one, rows in zip(layers, at, strict=True)],
    }
    return {
        "pictures": len(common),
        **{name: plain(statistics.mean(statistics.slopes(values))) for name, values in tables.items()},
    }


def plain(interval: Interval) -> dict[str, float]:
    """An interval as JSON holds it."""
    return {name: float(value) for name, value in interval._asdict().items()}
