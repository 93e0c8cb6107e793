"""The knobs: defaults of the Keras example, ranges, and errors that say what was expected."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from kerasdream.config import KNOBS, DreamConfig, check_names, read_layers
from kerasdream.errors import ConfigError


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
        ("layers", "mixed4=x", "could not convert"),
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


def test_layers_have_one_meaning_in_all_their_forms():
    forms = ["mixed4=2, mixed5", {"mixed4": 2, "mixed5": 1}, [("mixed4", 2.0), "mixed5"], ["mixed4=2", "mixed5=1.0"]]
    assert {read_layers(form) for form in forms} == {(("mixed4", 2.0), ("mixed5", 1.0))}
    assert read_layers("block_1_add") == (("block_1_add", 1.0),)
    assert read_layers("mixed4=-1.5") == (("mixed4", -1.5),)


def test_it_is_frozen_hashable_and_equal_by_value():
    config = DreamConfig(layers={"mixed3": 1})
    assert config == DreamConfig(layers="mixed3") == pickle.loads(pickle.dumps(config)) == eval(repr(config))
    assert hash(config) == hash(DreamConfig(layers="mixed3"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.step = 1.0


def test_settings_go_through_plain_values_and_back():
    config = DreamConfig(layers="mixed4=2,mixed5", max_loss=None, device="cpu")
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
