"""The knobs: defaults of the Keras example, ranges, and errors that say what was expected."""

import dataclasses
import json
import os
import pathlib
import pickle
import subprocess
import sys
import typing

import numpy as np
import pytest

import kerasdream
from kerasdream.config import KNOBS, DreamConfig, at_octave, check_names
from kerasdream.errors import ConfigError
from kerasdream.objectives import objective  # noqa: F401 (a config's repr names it)
from kerasdream.settings import AllSettings

ROOT = pathlib.Path(__file__).parents[1]


def test_the_defaults_are_those_of_the_keras_example():
    config = DreamConfig()
    assert (config.step, config.num_octave, config.octave_scale, config.iterations, config.max_loss) == (
        0.01,
        3,
        1.4,
        20,
        15.0,
    )
    assert (config.model, config.weights, config.seed, config.device) == ("inception_v3", "imagenet", 0, None)
    assert config.max_pixels == 64_000_000


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("step", 0, "a number above 0"),
        ("step", float("nan"), "a number above 0"),
        ("step", float("inf"), "a number above 0"),
        ("step", "0.01", "a number above 0"),
        ("step", None, "a number above 0"),
        ("num_octave", 0, "a whole number from 1 to 100"),
        ("num_octave", 2.5, "a whole number from 1 to 100"),
        ("num_octave", True, "a whole number from 1 to 100"),
        ("octave_scale", 1.0, "a number above 1"),
        ("iterations", -3, "a whole number, 1 or more"),
        ("max_loss", -1, "a number above 0, or None"),
        ("seed", -1, "a whole number from 0 to 4294967295"),
        ("model", "", "text"),
        ("weights", 7, "text"),
        ("layers", {}, "no layer is named"),
        ("layers", {"mixed4": "much"}, "a layer name"),
        ("layers", "mixed4=x", "a number was expected"),
        ("layers", ["mixed4", "mixed4"], "'mixed4' is named twice"),
    ],
)
def test_a_wrong_value_says_what_came_and_what_was_expected(name, value, expected):
    with pytest.raises(ConfigError) as caught:
        DreamConfig(**{name: value})
    assert f"{name}={value!r}" in str(caught.value)
    assert expected in str(caught.value)


def test_numpy_numbers_become_plain_ones():
    config = DreamConfig(iterations=np.int64(5), step=np.float32(0.5), max_loss=7)
    assert (type(config.iterations), type(config.step), config.max_loss) == (int, float, 7.0)
    json.dumps(config.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step": [0.1, 0.2]}, "step=.* has 2 numbers; one, or one for each of num_octave=3"),
        ({"iterations": (1, 0, 2)}, "out of range"),
        ({"octaves_above": 3}, "octaves_above=3 was given with num_octave=3; fewer"),
        ({"normalize": "max"}, "'mean' or 'std' or 'standard' or 'l2' was expected"),
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"clip": 1}, "clip=1 was given; True or False"),
        ({"strength": 1.5}, "a number from 0 to 1"),
        ({"mask": np.zeros((2, 2, 2, 2), np.uint8)}, "the path of a picture"),
    ],
)
def test_the_knobs_of_the_climb_are_checked(settings, words):
    with pytest.raises(ConfigError, match=words):
        DreamConfig(**settings)


def test_a_number_or_one_per_octave():
    config = DreamConfig(step=[0.1, 0.2, 0.4], iterations=7)
    assert config.step == (0.1, 0.2, 0.4)
    assert [at_octave(config.step, octave) for octave in range(3)] == [0.1, 0.2, 0.4]
    assert at_octave(config.iterations, 2) == 7
    assert config.as_dict()["step"] == [0.1, 0.2, 0.4]


def test_it_is_frozen_hashable_and_equal_by_value():
    config = DreamConfig(layers={"mixed3": 1})
    assert config == DreamConfig(layers="mixed3") == pickle.loads(pickle.dumps(config)) == eval(repr(config))
    assert hash(config) == hash(DreamConfig(layers="mixed3"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.step = 1.0


def test_settings_go_through_plain_values_and_back():
    config = DreamConfig(layers="mixed4=2,mixed5:30,150 + class:tabby", max_loss=None, mask="m.png", snapshots=[5, 9])
    assert DreamConfig(**json.loads(json.dumps(config.as_dict()))) == config


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ConfigError, match=r"no setting 'octave_scal'. Did you mean 'octave_scale'"):
        check_names({"octave_scal": 2})
    with pytest.raises(ConfigError, match="'steps'. Did you mean 'step'"):
        DreamConfig().replace(steps=3)
    assert DreamConfig().replace(step=3).step == 3.0


def test_every_knob_has_a_help():
    assert list(KNOBS) == [field.name for field in dataclasses.fields(DreamConfig)]
    assert all(len(knob.help) > 10 for knob in KNOBS.values())


def test_the_types_of_keyword_arguments_are_those_of_the_knobs():
    types = typing.get_type_hints(AllSettings)
    assert types.keys() == KNOBS.keys()
    for name, knob in KNOBS.items():
        choices = typing.get_args(types[name]) if typing.get_origin(types[name]) is typing.Literal else ()
        assert choices == knob.choices, name
        optional = types[name] is typing.Any or type(None) in typing.get_args(types[name])
        assert optional or not knob.optional, name


def test_the_help_of_dream_explains_every_knob():
    for name, knob in KNOBS.items():
        for function in (kerasdream.dream, kerasdream.Dreamer.__init__):
            assert f"    {name}: {knob.help}" in function.__doc__


def test_a_type_checker_knows_the_knobs(tmp_path):
    pytest.importorskip("mypy")
    calls = {
        'kerasdream.dream("sky.jpg", "mixed4", step=0.02, detail="none")': "",
        'kerasdream.dream("sky.jpg", stepp=3)': 'Unexpected keyword argument "stepp" for "dream"; did you mean "step"',
        'kerasdream.Dreamer(step="abc")': 'Argument "step" to "Dreamer" has incompatible type "str"',
        'kerasdream.visualize("mixed4:1", size="x")': 'Argument "size" to "visualize" has incompatible type "str"',
    }
    (tmp_path / "user.py").write_text("\n".join(["import kerasdream", *calls]))
    command = [
        sys.executable,
        "-m",
        "mypy",
        f"--config-file={ROOT / 'setup.cfg'}",
        f"--cache-dir={tmp_path}",
        "user.py",
    ]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    told = {
        int(line.split(":")[1]): line
        for line in done.stdout.splitlines()
        if line.startswith("user.py:") and " error: " in line
    }
    for number, words in enumerate(calls.values(), 2):
        assert words in told.get(number, ""), done.stdout
        assert bool(words) == (number in told), done.stdout
