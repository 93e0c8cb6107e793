"""The figures of a study, computed from its records alone: every figure of the report comes from here."""

from collections.abc import Mapping, Sequence

import numpy as np

from kerasdream.model.classes import EYED, categories, category_of, imagenet
from kerasdream.studies import statistics
from kerasdream.studies.figures import (
    CategoryFigures,
    Correlation,
    IntervalFigure,
    LayerFigures,
    SourceFigures,
    Summary,
    Trend,
)
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Paired, Records
from kerasdream.studies.statistics import Interval

ENOUGH = 30  # pictures; fewer answer nothing
SEED = 0  # of simulations
LEVEL = 0.95


def summarize(
    records: Records, layers: Sequence[str], conditions: Sequence[str], training: Mapping[str, float]
) -> Summary:
    """Return all figures of a study as plain values, photographs and noise apart.

    What is `found` of a category is a change of its share among the first guesses that is sure at 95 % for all
    categories and layers at once, and that the control's dreams of the same pictures do not show.
    """
    paired = {
        source: {layer: records.paired(source, layer, conditions) for layer in layers} for source in (PHOTO, NOISE)
    }
    paired = {source: found for source, found in paired.items() if any(len(one.pictures) for one in found.values())}
    comparisons = len(categories()) * len(layers) * len(paired)
    sources: dict[str, SourceFigures] = {
        source: {
            "layers": [layer_figures(layer, one, training, comparisons) for layer, one in found.items()],
            "trend": trend(list(found.values())),
        }
        for source, found in paired.items()
    }
    return {
        "settings": records.settings(),
        "pictures": records.number_of_pictures() - len(records.faults()),
        "faults": records.faults(),
        "training": dict(training),
        "control": CONTROL in conditions,
        "looks": comparisons,
        "sources": sources,
    }


def category_numbers(classes: np.ndarray) -> np.ndarray:
    """Return the number of the category of each class.

    >>> [categories()[number] for number in category_numbers(np.array([281, 207]))]
    ['cats', 'dogs']
    """
    names = categories()
    numbers = np.array([names.index(category_of(number)) for number in range(len(imagenet()))])
    return np.asarray(numbers[classes])


def with_eyes() -> np.ndarray:
    """Return which categories are animals with eyes."""
    return np.array([category in EYED for category in categories()])


def layer_figures(layer: str, paired: Paired, training: Mapping[str, float], comparisons: int) -> LayerFigures:
    """Return the figures of one layer."""
    guessed = {condition: category_numbers(classes) for condition, classes in paired.classes.items()}
    counts = {condition: np.bincount(one, minlength=len(training)) for condition, one in guessed.items()}
    total = len(paired.pictures)
    level = statistics.corrected(LEVEL, comparisons)
    shares = np.array([training[category] for category in categories()])
    new = new_counts(guessed[BEFORE], guessed[AFTER], len(shares))
    rows = [category_figures(number, guessed, counts, training, level) for number in range(len(shares))]
    eyed = {condition: with_eyes()[one] for condition, one in guessed.items()}
    g, p = statistics.g_test(counts[AFTER], shares, SEED)
    g_new, p_new = statistics.g_test(new, shares, SEED)
    changes = {condition: one for condition, one in paired.changes.items() if condition != BEFORE}
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
        "eyed": {condition: plain(statistics.share(int(one.sum()), total)) for condition, one in eyed.items()},
        "eyed_change": plain(change_between(eyed[BEFORE], eyed[AFTER], LEVEL)),
        "confidence": means(paired.probabilities),
        "entropy": means(paired.entropies),
        "moved": means(changes),
        "kept_class": plain(statistics.share(int((paired.classes[BEFORE] == paired.classes[AFTER]).sum()), total)),
    }


def means(values: Mapping[str, np.ndarray]) -> dict[str, IntervalFigure]:
    """Return the mean under each condition, with its interval."""
    return {condition: plain(statistics.mean(one)) for condition, one in values.items()}


def correlation(shares: np.ndarray, counts: np.ndarray) -> Correlation:
    """Return the rank correlation of shares and counts: an interval over pictures like these, a p over categories."""
    interval = statistics.spearman_interval(shares, counts, SEED)
    return {**plain(interval), "p": statistics.spearman_p(shares, counts, SEED)}


def category_figures(
    number: int,
    guessed: Mapping[str, np.ndarray],
    counts: Mapping[str, np.ndarray],
    training: Mapping[str, float],
    level: float,
) -> CategoryFigures:
    """Return the figures of one category: its shares, its change, and whether that is found."""
    category = categories()[number]
    is_it = {condition: one == number for condition, one in guessed.items()}
    change = change_between(is_it[BEFORE], is_it[AFTER], level)
    total, after = len(guessed[AFTER]), int(counts[AFTER][number])
    after_share = statistics.share(after, total, level)
    expected = training[category]
    figures: CategoryFigures = {
        "category": category,
        "training": expected,
        "before": int(counts[BEFORE][number]),
        "after": after,
        "change": plain(change),
        "after_share": plain(after_share),
        "against_training": "more" if after_share.low > expected else "less" if after_share.high < expected else "",
        "found": change.excludes(0.0) and total >= ENOUGH,
    }
    if CONTROL in guessed:
        beyond = change_between(is_it[CONTROL], is_it[AFTER], level)
        figures["control"] = int(counts[CONTROL][number])
        figures["beyond_control"] = plain(beyond)
        same_sense = (beyond.value > 0) == (change.value > 0)
        figures["found"] = figures["found"] and beyond.excludes(0.0) and same_sense
    return figures


def change_between(before: np.ndarray, after: np.ndarray, level: float) -> Interval:
    """Return how much a share has changed on the same pictures.

    >>> change_between(np.array([True, False, False]), np.array([True, True, False]), 0.95).value
    0.3333333333333333
    """
    return statistics.change(int((after & ~before).sum()), int((before & ~after).sum()), len(before), level)


def new_counts(before: np.ndarray, after: np.ndarray, categories: int) -> np.ndarray:
    """Return how often each category is the guess after a dream and was not before: what the dream put there.

    >>> new_counts(np.array([0, 1, 2]), np.array([1, 1, 1]), 3).tolist()
    [0, 2, 0]
    """
    return np.bincount(after[after != before], minlength=categories)


def trend(layers: Sequence[Paired]) -> Trend:
    """Return what a picture gains with each layer upwards, on the pictures that were judged on all layers."""
    common = sorted(set.intersection(*(set(one.pictures.tolist()) for one in layers)))
    if len(layers) < 2 or len(common) < 2:
        return {}
    rows = [np.isin(one.pictures, common) for one in layers]
    confidence = [one.probabilities[AFTER][at] for one, at in zip(layers, rows, strict=True)]
    entropy = [one.entropies[AFTER][at] for one, at in zip(layers, rows, strict=True)]
    guessed = [category_numbers(one.classes[AFTER][at]) for one, at in zip(layers, rows, strict=True)]
    return {
        "pictures": len(common),
        "confidence": gain(confidence),
        "entropy": gain(entropy),
        "eyed": gain([with_eyes()[one].astype(float) for one in guessed]),
    }


def gain(values: Sequence[np.ndarray]) -> IntervalFigure:
    """Return the mean gain a layer, with its interval."""
    return plain(statistics.mean(statistics.slopes(values)))


def plain(interval: Interval) -> IntervalFigure:
    """Return an interval as JSON holds it."""
    return {"value": float(interval.value), "low": float(interval.low), "high": float(interval.high)}
