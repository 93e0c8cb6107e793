"""The arithmetic of a study: shares, changes, rank correlations, and how certain they are. Needs the extra `study`."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kerasdream.errors import ConfigError

try:
    from scipy import stats
except ImportError as fault:
    raise ConfigError('The figures of a study need SciPy: pip install "kerasdream[study]".') from fault

DRAWS = 10_000  # of a bootstrap or a simulation


class Interval(NamedTuple):
    """An estimate and its interval, at the level that was asked for."""

    value: float
    low: float
    high: float

    def excludes(self, number: float) -> bool:
        """Return whether the number lies outside."""
        return not self.low <= number <= self.high


def corrected(level: float, comparisons: int) -> float:
    """Return the level of each of many intervals at which all hold at once at `level`: Bonferroni's correction.

    >>> corrected(0.95, 10)
    0.995
    """
    return 1 - (1 - level) / max(1, comparisons)


def share(count: int, total: int, level: float = 0.95) -> Interval:
    """Return a share with Wilson's interval, which holds for few and for none.

    >>> [round(x, 3) for x in share(0, 20)]
    [0.0, 0.0, 0.161]
    """
    if not total:
        return Interval(math.nan, 0.0, 1.0)
    interval = stats.binomtest(count, total).proportion_ci(level, method="wilson")
    return Interval(count / total, float(interval.low), float(interval.high))


def change(gained: int, lost: int, total: int, level: float = 0.95) -> Interval:
    """Return how much a share has changed on the same pictures, with Agresti and Min's interval for paired shares.

    >>> [round(x, 3) for x in change(30, 10, 100)]
    [0.2, 0.079, 0.313]
    """
    if not total:
        return Interval(math.nan, -1.0, 1.0)
    plus, minus, n = gained + 0.5, lost + 0.5, total + 2
    middle = (plus - minus) / n
    reach = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(plus + minus - (plus - minus) ** 2 / n) / n
    return Interval((gained - lost) / total, max(-1.0, middle - reach), min(1.0, middle + reach))


def mean(values: np.ndarray, level: float = 0.95) -> Interval:
    """Return a mean with its normal interval.

    >>> [round(x, 3) for x in mean(np.array([1.0, 2.0, 3.0]))]
    [2.0, 0.868, 3.132]
    """
    if len(values) < 2:
        return Interval(float(values.mean()) if len(values) else math.nan, -math.inf, math.inf)
    middle, reach = float(values.mean()), float(stats.norm.ppf((1 + level) / 2) * stats.sem(values))
    return Interval(middle, middle - reach, middle + reach)


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each row; NaN where one side is all equal.

    >>> float(spearman(np.array([1, 2, 3]), np.array([10, 30, 20])))
    0.5
    """
    x, y = (ranks - ranks.mean(-1, keepdims=True) for ranks in (stats.rankdata(a, axis=-1), stats.rankdata(b, axis=-1)))
    spread = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    with np.errstate(invalid="ignore"):
        return np.where(spread > 0, (x * y).sum(-1) / spread, np.nan)


def spearman_interval(shares: np.ndarray, counts: np.ndarray, seed: int, level: float = 0.95) -> Interval:
    """Return the rank correlation of shares with counts, and its bootstrap interval: the counted things drawn again.

    What is drawn again correlates less, for noise is added to it; so the interval is widened to hold the value.
    """
    total = int(counts.sum())
    if not total:
        return Interval(math.nan, -1.0, 1.0)
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, DRAWS)
    again = spearman(shares, drawn)
    again = again[np.isfinite(again)]
    value = float(spearman(shares, counts))
    if not len(again) or math.isnan(value):
        return Interval(math.nan, -1.0, 1.0)
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def spearman_p(shares: np.ndarray, counts: np.ndarray, seed: int) -> float:
    """Return how often shares dealt out anew among the categories correlate as strongly, either way.

    >>> round(spearman_p(np.array([0.1, 0.3, 0.6]), np.array([5, 7, 9]), seed=0), 3)
    0.333
    """
    if math.isnan(float(spearman(shares, counts))):
        return math.nan

    def strength(dealt: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(np.abs(spearman(np.moveaxis(dealt, axis, -1), counts)))

    found = stats.permutation_test(
        (shares,),
        strength,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=DRAWS,
        rng=np.random.default_rng(seed),
        vectorized=True,
    )
    return float(found.pvalue)


def g_test(counts: np.ndarray, shares: np.ndarray, seed: int) -> tuple[float, float]:
    """Return G of counts against expected shares, and its p by simulation, so for few counts too.

    >>> g_test(np.array([50, 50]), np.array([0.5, 0.5]), seed=0)
    (0.0, 1.0)
    """
    known = shares > 0
    counts, shares = counts[known], shares[known] / shares[known].sum()
    total = int(counts.sum())
    if not total:
        return math.nan, math.nan

    def g(observed: np.ndarray) -> np.ndarray:
        expected = np.broadcast_to(total * shares, observed.shape)
        return np.asarray(stats.power_divergence(observed, expected, axis=-1, lambda_="log-likelihood").statistic)

    found = float(g(counts))
    drawn = np.random.default_rng(seed).multinomial(total, shares, DRAWS)
    return found, (1 + int((g(drawn) >= found - 1e-9).sum())) / (1 + DRAWS)


def slopes(values: Sequence[np.ndarray]) -> np.ndarray:
    """Return the least-squares slope of each picture over the layers: how much it gains a layer.

    >>> slopes([np.array([1.0, 2.0]), np.array([2.0, 2.0]), np.array([3.0, 2.0])]).tolist()
    [1.0, 0.0]
    """
    table = np.stack(values)
    depth = np.arange(len(table)) - (len(table) - 1) / 2
    gains: np.ndarray = (depth[:, None] * table).sum(0) / (depth**2).sum()
    return gains
