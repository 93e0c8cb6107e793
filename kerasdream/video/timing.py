"""The rate of a film as a fraction, from the times of its frames."""

import itertools
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

NTSC = Fraction(1000, 1001)
COMMON = [Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120)]
USUAL = sorted([*COMMON, *(rate * NTSC for rate in (24, 30, 48, 60, 120))])
NEAR = 0.1  # how far a variable rate may lie from a usual one to be taken for it
FASTEST = 60.0  # frames a second that a variable rate is shown at, at most


def timing(times: Sequence[int], last: int, unit: Fraction) -> tuple[Fraction, list[int]]:
    """Return the frames a second, and for how many of these each frame of a film is shown.

    `times` says when each frame appears and `last` how long the last one stays, in units of `unit` seconds. Where the
    rate varies, the frames are put on a regular grid: one that would vanish there is shown 0 times.

    >>> timing([0, 1001, 2002], 1001, Fraction(1, 24000))
    (Fraction(24000, 1001), [1, 1, 1])
    >>> timing([0, 33, 67, 100], 33, Fraction(1, 1000))
    (Fraction(30, 1), [1, 1, 1, 1])
    >>> timing([0, 40, 80, 280], 40, Fraction(1, 1000))
    (Fraction(25, 1), [1, 1, 5, 1])
    """
    steps = np.diff(np.asarray(times, np.int64))
    first = max(0, times[0])
    if not len(steps) or steps.max() <= 0:
        return 1 / (last * unit) if last > 0 else Fraction(25), [1] * len(times)
    regular = regular_rate(times, unit) if steps.max() - steps.min() <= 2 else None
    rate = regular or variable_rate(steps, unit)
    places = [round((time - times[0]) * unit * rate) for time in times]
    places.append(places[-1] + max(1, round(last * unit * rate)))
    counts = [max(0, after - before) for before, after in itertools.pairwise(places)]
    counts[0] += round(first * unit * rate)  # a film whose picture begins after its sound
    return rate, counts


def regular_rate(times: Sequence[int], unit: Fraction) -> Fraction | None:
    """Return the rate at which frames appear at these times, but for their rounding; None where there is none."""
    mean = Fraction(len(times) - 1) / ((times[-1] - times[0]) * unit)
    guesses = [
        *sorted(USUAL, key=lambda usual: abs(usual - mean)),
        Fraction(max(1, round(mean))),
        mean.limit_denominator(1001),
    ]
    for rate in [*guesses, mean]:
        if all(abs((time - times[0]) - number / (rate * unit)) <= 1 for number, time in enumerate(times)):
            return rate
    return None


def variable_rate(steps: np.ndarray, unit: Fraction) -> Fraction:
    """Return a rate at which most frames get a place of their own."""
    shortest = float(np.percentile(steps[steps > 0], 20)) * float(unit)
    rate = min(1 / shortest, FASTEST)
    usual = min(USUAL, key=lambda one: abs(float(one) - rate))
    return usual if abs(float(usual) / rate - 1) < NEAR else Fraction(rate).limit_denominator(1001)
