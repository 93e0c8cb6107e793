"""Expressions and keyframes: their values, and errors that point at the character."""

import contextlib
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasdream.errors import ConfigError
from kerasdream.journeys.expressions import parse_expression
from kerasdream.journeys.keyframes import ChoiceTrack, Clock, Track, read_keyframes
from kerasdream.journeys.timeline import Timeline

CLOCK = Clock(100, 24.0)
NAMES = {"t": 7.0, "frames": 100, "fps": 24.0}
NUMBER = st.floats(0, 1000, allow_nan=False).map(repr) | st.sampled_from(
    ["t", "fps", "frames", "pi", "2", ".5", "1e-3"]
)
EXPRESSION = st.recursive(
    NUMBER,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", " / ", "%"]), inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
        | inner.map("sin({})".format)
        | st.tuples(inner, inner).map("max({0[0]}, {0[1]})".format)
    ),
    max_leaves=12,
)


@given(EXPRESSION)
@settings(max_examples=300, deadline=None)
def test_expressions_have_the_value_that_python_gives_them(text):
    known = {**NAMES, "pi": math.pi, "sin": math.sin, "max": max}
    try:
        expected = float(eval(text, {"__builtins__": {}}, known))
        assert math.isfinite(expected)
    except (ArithmeticError, ValueError, AssertionError):
        with pytest.raises(ConfigError, match="has no value at"):
            parse_expression(text).at(NAMES)
        return
    assert parse_expression(text).at(NAMES) == expected


@given(st.text("0123456789.+-*/%()tpi sincoe,_:'\"[]{}=<>\n\\é", max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_value_or_a_config_error(text):
    with contextlib.suppress(ConfigError):
        assert math.isfinite(Track.of(text, CLOCK).at(3))


@pytest.mark.parametrize(
    ("text", "value"),
    [("2**3**2", 512), ("-2**2", -4), ("2**-1", 0.5), ("7 % 4 * 2", 6), ("min(3, 1, 2) + floor(2.7)", 3), ("8-4-2", 2)],
)
def test_operators_bind_as_usual(text, value):
    assert parse_expression(text).at({}) == value


@pytest.mark.parametrize(
    ("text", "character", "said"),
    [
        ("0: 1.02, 120: 1.02 + * 2", 22, "a number, a name or a parenthesis was expected"),
        ("1 + sine(t)", 5, "there is no function 'sine'. Did you mean 'sin'?"),
        ("1 + T", 5, "there is no 'T'"),
        ("(1 + 2", 7, "')' was expected"),
        ("1 2", 3, "an operator or the end was expected"),
        ("sin(1, 2)", 1, "sin takes 1 argument"),
        ("1.02, 60: 1.05", 1, "a keyframe such as '0: 1.02' was expected at the beginning"),
        ("0:, 5: 1", 3, "a number, a name or a parenthesis was expected"),
        ("__import__('os')", 1, "there is no function '__import__'"),
        ("t.real", 2, "an operator or the end"),
    ],
)
def test_errors_point_at_the_character(text, character, said):
    with pytest.raises(ConfigError) as fault:
        Track.of(text, CLOCK)
    message, shown, arrow = str(fault.value).split("\n")
    assert said in message
    assert message.endswith(f"at character {character}:")
    assert arrow.index("^") == 4 + character - 1
    assert shown[4:] == text


def test_what_cannot_be_computed_is_told_and_quick():
    for text in ("1/(t-7)", "log(-1)", "9**9**9**9", "(-1)**0.5", "exp(10000)"):
        with pytest.raises(ConfigError, match="has no value at t=7"):
            parse_expression(text).at(NAMES)
    with pytest.raises(ConfigError, match="nested too deep"):
        parse_expression("(" * 5000 + "1")


def test_keys_are_interpolated_linearly_smoothly_or_in_steps():
    track = Track.of("10: 1, 20 smooth: 2, 30 step: 4, 40: 5", CLOCK)
    assert [track.at(frame) for frame in (0, 10, 15, 20, 25, 27.5, 30, 39, 40, 99)] == [
        1, 1, 1.5, 2, 3, 2 + 2 * 0.84375, 4, 4, 5, 5,
    ]  # fmt: skip


def test_expressions_between_keys_are_mixed():
    track = Track.of("0: t, 10: 100 - t", CLOCK)
    assert [track.at(frame) for frame in (0, 5, 10, 20)] == [0, 50, 90, 80]


def test_frames_may_be_percent_and_mappings():
    assert Track.of("0%: 0, 50%: 1", CLOCK).at(25) == 0.5
    assert Track.of({0: 1, "50% smooth": "2 + t", 100: 3}, CLOCK).at(50) == 52
    assert Track.of(1.5, CLOCK).at(99) == 1.5


@pytest.mark.parametrize(
    ("value", "said"),
    [("10: 1, 5: 2", "later than the one before"), ({}, "no keyframes"), ({"soon": 1}, "'soon' is no frame"),
     (True, "True was given"), ([1], "a number, an expression or keyframes"), ("", "'' was given")],
)  # fmt: skip
def test_impossible_keys_are_told(value, said):
    with pytest.raises(ConfigError, match=said):
        Track.of(value, CLOCK)


WORDS = ("kept", "added", "none")
KEYS = st.dictionaries(st.integers(0, 120), st.sampled_from(WORDS), min_size=1)


@given(KEYS, st.integers(0, 130))
@settings(deadline=None)
def test_a_choice_stays_until_the_next_keyframe(keys, frame):
    text = ", ".join(f"{number}: {keys[number]}" for number in sorted(keys))
    expected = keys[max((number for number in keys if number <= frame), default=min(keys))]
    for value in (text, keys, {f"{number} step": word for number, word in keys.items()}, text.upper()):
        assert ChoiceTrack.of(value, WORDS, CLOCK).at(frame) == expected
    assert Timeline({"detail": text}, Clock(131, 24.0)).knobs(frame) == {"detail": expected}


@given(st.text("0123456789%:, keptadonsrul\n", max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_choice_or_a_config_error(text):
    with contextlib.suppress(ConfigError):
        assert ChoiceTrack.of(text, WORDS, CLOCK).at(3) in WORDS


@given(KEYS, st.text("abcxyz", min_size=1, max_size=5), st.integers(0, 5))
@settings(deadline=None)
def test_errors_in_choices_point_at_the_word(keys, wrong, spaces):
    begin = "".join(f"{number}: {keys[number]}, " for number in sorted(keys)) + "200:" + " " * spaces
    with pytest.raises(ConfigError, match="'kept' or 'added' or 'none' was expected, not") as fault:
        ChoiceTrack.of(begin + wrong, WORDS, CLOCK)
    message, shown, arrow = str(fault.value).split("\n")
    assert message.endswith(f"not {wrong!r}, at character {len(begin) + 1}:")
    assert shown[arrow.index("^") :] == wrong


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("keep_color", "0: true, 24 smooth: false", "'smooth' is a way between numbers; .* at character 13"),
        ("keep_color", {0: True, "24 linear": False}, "'24 linear' names a way between numbers"),
        ("keep_color", {0: 1}, "'true' or 'false' was expected, not '1'"),
        ("detail", {}, "no keyframes were given"),
        ("detail", "kep", "expected, not 'kep', at character 1"),
        ("normalize", "0: l2, 48: mean", "it stays the same in all frames"),
        ("clip", {0: True}, "it stays the same in all frames"),
    ],
)
def test_choices_that_cannot_be_are_told(name, value, said):
    with pytest.raises(ConfigError, match=f"{name} cannot be read: .*{said}"):
        Timeline({name: value}, CLOCK)


def test_choices_come_from_csv_and_json(tmp_path):
    (tmp_path / "a.csv").write_text("frame,detail,keep_color\n0,kept,true\n50%,added,\n60,,FALSE\n")
    (tmp_path / "a.json").write_text(
        json.dumps({"detail": {"0": "kept", "50%": "added"}, "keep_color": {"0": True, "60": False}})
    )
    for name in ("a.csv", "a.json"):
        timeline = Timeline(read_keyframes(tmp_path / name), CLOCK)
        assert [timeline.knobs(frame) for frame in (49, 50, 60)] == [
            {"detail": "kept", "keep_color": True},
            {"detail": "added", "keep_color": True},
            {"detail": "added", "keep_color": False},
        ]
    (tmp_path / "b.json").write_text(json.dumps({"detail": "kept", "keep_color": True, "normalize": "l2"}))
    assert Timeline(read_keyframes(tmp_path / "b.json"), CLOCK).knobs(5) == {"detail": "kept"}


def test_keyframes_come_from_csv_and_json(tmp_path):
    (tmp_path / "a.csv").write_text("frame,zoom,step\n0,1.02,0.01\n50 smooth,,0.02\n100,1.1,\n")
    found = read_keyframes(tmp_path / "a.csv")
    assert Track.of(found["zoom"], CLOCK).at(50) == pytest.approx(1.06)
    assert Track.of(found["step"], CLOCK).at(80) == 0.02
    (tmp_path / "a.json").write_text(json.dumps({"zoom": {"0": 1, "100": "1 + t/100"}, "angle": "sin(t)"}))
    assert Track.of(read_keyframes(tmp_path / "a.json")["zoom"], CLOCK).at(50) == 1.25
    for name, text, said in [
        ("b.csv", "time,zoom\n0,1\n", "no column 'frame'"),
        ("b.json", "{", "cannot be read as keyframes"),
        ("c.json", "[1]", "holds no keyframes"),
    ]:
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError, match=said):
            read_keyframes(tmp_path / name)
