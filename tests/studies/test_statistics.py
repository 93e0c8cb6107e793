"""The arithmetic of a study, against numbers worked out by hand and against simulations with a known answer."""

import math

import numpy as np
import pytest

from kerasdream.studies import statistics


def test_shares_have_wilsons_interval():
    # By hand, z = 1.959964, 8 of 20: middle (0.4 + z²/40) / (1 + z²/20) = 0.416112, reach 0.197233.
    value, low, high = statistics.share(8, 20)
    assert (value, low, high) == (0.4, pytest.approx(0.218807, abs=1e-5), pytest.approx(0.613419, abs=1e-5))
    assert statistics.share(20, 20).high == 1.0
    assert math.isnan(statistics.share(0, 0).value)


def test_paired_changes_have_the_interval_of_agresti_and_min():
    # 30 gained, 10 lost, of 100: (30.5 - 10.5) / 102 ± 1.96 * sqrt(41 - 400 / 102) / 102.
    value, low, high = statistics.change(30, 10, 100)
    reach = 1.959964 * math.sqrt(41 - 400 / 102) / 102
    assert (value, low, high) == (0.2, pytest.approx(20 / 102 - reach), pytest.approx(20 / 102 + reach))
    assert statistics.change(0, 0, 100).low < 0 < statistics.change(0, 0, 100).high
    assert not statistics.change(30, 10, 100).excludes(0.1)
    assert statistics.change(30, 10, 100).excludes(0.0)


def test_intervals_for_many_comparisons_are_wider_and_all_hold_at_once():
    assert statistics.corrected(0.95, 50) == pytest.approx(0.999)
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(300):  # nothing has changed: how often is anything found among 17 categories?
        moved = rng.multinomial(200, [0.03] * 17 + [1 - 0.03 * 17])[:17]
        gained = rng.binomial(moved, 0.5)
        level = statistics.corrected(0.95, 17)
        wrong += any(
            statistics.change(int(g), int(m - g), 200, level).excludes(0.0) for g, m in zip(gained, moved, strict=True)
        )
    assert wrong <= 0.05 * 300 + 2 * math.sqrt(300 * 0.05 * 0.95)


def test_rank_correlation_with_ties():
    # Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: covariance 4.5, variances 4.5 and 5.
    assert statistics.spearman([1, 2, 2, 3], [10, 30, 20, 40]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert math.isnan(statistics.spearman([1, 1, 1], [1, 2, 3]))


def test_rank_correlation_is_sure_where_counts_follow_shares_and_not_where_they_do_not():
    shares = np.arange(1, 11) / 55
    rng = np.random.default_rng(0)
    followed = statistics.spearman_interval(shares, rng.multinomial(400, shares), seed=1)
    assert followed.low > 0.5
    level = statistics.spearman_interval(shares, rng.multinomial(400, np.full(10, 0.1)), seed=1)
    assert level.low < 0 < level.high
    assert statistics.spearman_interval(shares, np.zeros(10, int), seed=1)[1:] == (-1.0, 1.0)


def test_a_rank_correlation_of_few_categories_is_tested_over_the_categories():
    # Of the 6 orders of three shares, 1 2 3 and 3 2 1 correlate with 1 2 3 as strongly: p = 1/3.
    assert statistics.spearman_p(np.array([0.1, 0.3, 0.6]), np.array([5, 7, 9]), seed=0) == pytest.approx(
        1 / 3, abs=0.02
    )
    shares = np.arange(1, 18) / 153
    assert statistics.spearman_p(shares, np.arange(17), seed=0) < 0.001


def test_an_interval_holds_its_value():
    shares = np.arange(1, 11) / 55
    value, low, high = statistics.spearman_interval(shares, np.arange(1, 11), seed=0)
    assert value == high == 1.0 > low


def test_g_by_hand_and_its_p():
    # 2 * (30 * log(30 / 20) + 10 * log(10 / 20)) = 10.4650; as a chi-square of one degree, p = 0.0012.
    g, p = statistics.g_test(np.array([30, 10]), np.array([0.5, 0.5]), seed=0)
    assert g == pytest.approx(10.4650, abs=1e-4)
    assert 0.0005 < p < 0.003
    assert statistics.g_test(np.array([20, 20]), np.array([0.5, 0.5]), seed=0)[1] == 1.0
    g, p = statistics.g_test(np.array([3, 0, 1]), np.array([0.5, 0.5, 0.0]), seed=0)  # a category without training
    assert g == pytest.approx(6 * math.log(2))


def test_slopes_are_those_of_a_straight_line():
    depth = np.arange(4.0)
    table = [2 + 0.5 * d + np.array([0.0, 1.0]) * d for d in depth]
    np.testing.assert_allclose(statistics.slopes(table), [0.5, 1.5])


def test_means():
    assert statistics.mean(np.array([2.0])) == (2.0, -math.inf, math.inf)
    value, low, high = statistics.mean(np.array([1.0, 2.0, 3.0, 4.0]))
    reach = 1.959964 * math.sqrt(5 / 3) / 2
    assert (value, low, high) == (2.5, pytest.approx(2.5 - reach), pytest.approx(2.5 + reach))
