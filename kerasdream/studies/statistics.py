"""The arithmetic of a study: shares, changes, ranks, and how sure one may be of them. numpy alone."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

DRAWS = 10_000  # of a bootstrap or a simulation


class Interval(NamedTuple):
    """An estimate, and between what it lies at the level that was asked for."""

    value: float
    low: float
    high: float

    def excludes(self, number: float) -> bool:
        """Whether the number lies outside."""
        return not self.low <= number <= self.high


def deviations(level: float) -> float:
    """How many standard deviations hold that share of a normal distribution, on both sides.

    >>> round(deviations(0.95), 2)
    1.96
    """
    return NormalDist().inv_cdf((1 + level) / 2)


def corrected(level: float, looks: int) -> float:
    """Bonferroni: the level of each of many intervals, so that all hold at once at the level that was asked for.

    >>> corrected(0.95, 10)
    0.995
    """
    return 1 - (1 - level) / max(1, looks)


def share(count: float, total: float, level: float = 0.95) -> Interval:
    """A share with Wilson's interval, which holds for few and for none.

    >>> [round(x, 3) for x in share(0, 20)]
    [0.0, 0.0, 0.161]
    """
    if not total:
        return Interval(math.nan, 0.0, 1.0)
    z, p = deviations(level), count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    reach = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return Interval(p, max(0.0, middle - reach), min(1.0, middle + reach))


def change(gained: int, lost: int, total: int, level: float = 0.95) -> Interval:
    """How much a share has changed on the same pictures, with the interval of Agresti and Min for paired shares.

    >>> [round(x, 3) for x in change(30, 10, 100)]
    [0.2, 0.074, 0.318]
    """
    if not total:
        return Interval(math.nan, -1.0, 1.0)
    plus, minus, n = gained + 0.5, lost + 0.5, total + 2
    middle = (plus - minus) / n
    reach = deviations(level) * math.sqrt(plus + minus - (plus - minus) ** 2 / n) / n
    return Interval((gained - lost) / total, max(-1.0, middle - reach), min(1.0, middle + reach))


def mean(values: np.ndarray, level: float = 0.95) -> Interval:
    """A mean with its normal interval.

    >>> [round(x, 3) for x in mean(np.array([1.0, 2.0, 3.0]))]
    [2.0, 0.868, 3.132]
    """
    if len(values) < 2:
        return Interval(float(values.mean()) if len(values) else math.nan, -math.inf, math.inf)
    reach = deviations(level) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(float(values.mean()), float(values.mean()) - reach, float(values.mean()) + reach)


def ranks(values: np.ndarray) -> np.ndarray:
    """The ranks of each row; equal values share the mean of theirs.

    >>> ranks(np.array([10.0, 30.0, 10.0])).tolist()
    [1.5, 3.0, 1.5]
    """
    values = np.asarray(values, float)
    below = (values[..., None, :] < values[..., :, None]).sum(-1)
    equal = (values[..., None, :] == values[..., :, None]).sum(-1)
    return below + (equal + 1) / 2


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row; NaN where one side is all equal.

    >>> float(spearman(np.array([1, 2, 3]), np.array([10, 30, 20])))
    0.5
    """
    x, y = (r - r.mean(-1, keepdims=True) for r in (ranks(a), ranks(b)))
    spread = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    with np.errstate(invalid="ignore"):
        return np.where(spread > 0, (x * y).sum(-1) / spread, np.nan)


def spearman_interval(shares: np.ndarray, counts: np.ndarray, seed: int, level: float = 0.95) -> Interval:
    """The rank correlation of shares with counts, and its bootstrap interval: the counted things drawn again.

    What is drawn again correlates less, for noise is added to it; so the interval is widened to hold the value.
    """
    total = int(counts.sum())
    if not total:
        return Interval(math.nan, -1.0, 1.0)
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, DRAWS)
    again = spearman(np.broadcast_to(shares, drawn.shape), drawn)
    again = again[np.isfinite(again)]
    value = float(spearman(shares, counts))
    if not len(again) or math.isnan(value):
        return Interval(math.nan, -1.0, 1.0)
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def spearman_p(shares: np.ndarray, counts: np.ndarray, seed: int) -> float:
    """How often shares that are dealt out anew among the categories correlate as strongly, either way."""
    found = abs(float(spearman(shares, counts)))
    if math.isnan(found):
        return math.nan
    rng = np.random.default_rng(seed)
    dealt = rng.permuted(np.broadcast_to(shares, (DRAWS, len(shares))), axis=1)
    more = int((np.abs(spearman(dealt, np.broadcast_to(counts, dealt.shape))) >= found - 1e-9).sum())
    return (1 + more) / (1 + DRAWS)


def g_statistic(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """G of each row of counts: twice the sum of observed times log(observed / expected)."""
    expected = counts.sum(-1, keepdims=True) * shares
    ratio = np.where(counts > 0, counts, 1) / np.where(counts > 0, expected, 1)
    return 2 * (counts * np.log(ratio)).sum(-1)


def g_test(counts: np.ndarray, shares: np.ndarray, seed: int) -> tuple[float, float]:
    """G against expected shares, and its p: how often as much comes by chance, by simulation, so for few counts too.

    >>> g, p = g_test(np.array([50, 50]), np.array([0.5, 0.5]), seed=0)
    >>> g, p
    (0.0, 1.0)
    """
    known = shares > 0
    counts, shares = counts[known], shares[known] / shares[known].sum()
    if not counts.sum():
        return math.nan, math.nan
    found = float(g_statistic(counts, shares))
    drawn = np.random.default_rng(seed).multinomial(int(counts.sum()), shares, DRAWS)
    more = int((g_statistic(drawn, shares) >= found - 1e-9).sum())
    return found, (1 + more) / (1 + DRAWS)


def slopes(values: Sequence[np.ndarray]) -> np.ndarray:
    """Of each picture the least-squares slope over the layers: how much it gains a layer.

    >>> slopes([np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([3.0, 2.0])]).tolist()
    [1.0, 0.0]
    """
    table = np.stack(values)
    depth = np.arange(len(table)) - (len(table) - 1) / 2
    return (depth[:, None] * table).sum(0) / (depth**2).sum()
