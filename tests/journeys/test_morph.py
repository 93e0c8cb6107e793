"""Objectives over time: crossfaded weights, turned directions."""

import numpy as np
import pytest

from kerasdream.errors import ConfigError
from kerasdream.journeys.keyframes import Clock
from kerasdream.journeys.morph import DirectionKeys, objective_track, slerp
from kerasdream.objectives import Layer

CLOCK = Clock(100, 24.0)


def test_objectives_at_keyframes_crossfade():
    track = objective_track("0: a:3, 40 smooth: b:1,2*2 + a:3, 80: c", CLOCK)
    assert [str(term) for term, _ in track.objective.terms] == ["a:3", "b:1,2", "c"]
    gains = np.array([1.0, 0.5, 2.0])
    expected = {0: [1, 0, 0], 20: [0.5 + 0.25, 0.5, 0], 40: [0.5, 1, 0], 60: [0.25, 0.5, 1], 90: [0, 0, 2]}
    for frame, weights in expected.items():
        assert track.weights(frame, gains).tolist() == weights


def test_objectives_may_stand_in_a_mapping():
    track = objective_track({0: "a", "50% step": Layer("b"), 80: {"a": 2.0}}, CLOCK)
    assert [track.weights(frame, np.ones(3)).tolist() for frame in (25, 79, 80)] == [[0.5, 0.5], [0, 1], [2, 0]]


def test_single_weights_have_tracks():
    track = objective_track({"a": "0: 1, 10: 0", "b:2": 0.5, "c": "sin(t*pi/20)"}, CLOCK)
    assert track.weights(10, np.ones(0)).tolist() == pytest.approx([0.0, 0.5, 1.0])
    for constant in ({"a": 1.0, "b": 2}, "a:30", "a=1,b=2", None, ["a"], Layer("a")):
        assert objective_track(constant, CLOCK) is None
    with pytest.raises(ConfigError, match="one term each"):
        objective_track({"a + b": "0: 1, 10: 0"}, CLOCK)


def test_directions_turn_into_each_other():
    track = objective_track("0: direction(a, 1=1.0), 10: direction(a, 3=2.0)", CLOCK)
    assert isinstance(track, DirectionKeys)
    constants = {"0": np.zeros(5, np.float32)}
    assert track.directions(0, constants)["0"].tolist() == [0, 1, 0, 0, 0]
    assert track.directions(10, constants)["0"].tolist() == [0, 0, 0, 2, 0]
    half = track.directions(5, constants)["0"]
    assert half.tolist() == pytest.approx([0, 1.5 * 0.5**0.5, 0, 1.5 * 0.5**0.5, 0])
    assert not isinstance(objective_track("0: direction(a, 1=1), 10: direction(b, 1=1)", CLOCK), DirectionKeys)


def test_slerp_of_one_line_has_no_holes():
    vector = np.array([1.0, 2.0])
    assert slerp(vector, 3 * vector, 0.5).tolist() == pytest.approx([2.0, 4.0])
    assert slerp(vector, -vector, 0.25).tolist() == pytest.approx([0.5, 1.0])
