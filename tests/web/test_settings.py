"""What the page may set."""

import pytest

from kerasdream import presets
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError
from kerasdream.web.settings import check_settings, schema, search_words, settings_in_record

MODELS = ["mini", "inception_v3"]


HIDDEN = {"weights", "mask", "device", "memory", "tile", "overlap", "max_pixels", "precision", "snapshots", "opacity"}


def test_the_form_has_every_knob_but_those_of_the_machine():
    found = {knob["name"]: knob for knob in schema(MODELS)["knobs"]}
    assert found.keys() == KNOBS.keys() - HIDDEN
    assert found["step"]["default"] == DEFAULTS["step"]
    assert (found["iterations"]["low"], found["iterations"]["high"]) == (1, 400)
    assert found["model"]["choices"] == MODELS
    assert found["normalize"]["choices"] == ["mean", "std", "standard", "l2"]


def test_the_limits_in_words_are_those_of_the_page():
    expected = {knob["name"]: knob["expected"] for knob in schema(MODELS)["knobs"]}
    assert expected["num_octave"] == "a whole number from 1 to 12"
    assert expected["iterations"] == "a whole number from 1 to 400, or one for each size, with commas"
    assert expected["step"] == "a number above 0, 10 at most, or one for each size, with commas"
    assert expected["max_loss"] == "a number above 0; empty: none"
    assert expected["model"] == ""  # its choices say it


def test_the_first_model_is_the_one_to_begin_with():
    found = schema(MODELS[::-1])
    assert (found["model"], check_settings({}, MODELS[::-1])["model"]) == ("inception_v3", "inception_v3")
    assert [recipe["name"] for recipe in found["recipes"]] == ["zoom", "breathing", "layers", "channels", "tunnel"]


def test_every_stop_of_a_slider_is_one_that_can_be_dreamt():
    found = schema(MODELS)
    assert found["simple"].keys() == set(MODELS)
    for model, sliders in found["simple"].items():
        assert [slider["name"] for slider in sliders] == ["strength", "scale", "depth", "detail"]
        for slider in sliders:
            for number, stop in enumerate(slider["stops"]):
                settings = dict(stop["set"])
                for name, share in stop["times"].items():
                    settings[name] = type(DEFAULTS[name])(DEFAULTS[name] * share)
                for name, more in stop["plus"].items():
                    settings[name] = max(1, DEFAULTS[name] + more)
                check_settings(settings | {"model": model}, MODELS)
                assert (settings == {}) == (number == slider["default"])
    depths = found["simple"]["mini"][2]["stops"]
    assert [stop["set"]["layers"] for stop in depths] == [{f"mixed{number}": 1.0} for number in range(8)]


def test_every_look_is_one_that_can_be_dreamt():
    looks = {look["name"]: look["settings"] for look in schema(MODELS)["looks"]}
    assert looks.keys() == presets.PRESETS.keys()
    assert [look["name"] for look in schema(MODELS)["looks"] if not look["on_wall"]] == ["robust", "accentuate"]
    assert looks["eyes"]["layers"] == {"mixed3": 1.0}
    assert looks["keras"]["layers"] == {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}
    for name, settings in looks.items():
        check_settings(settings | {"preset": name, "model": "mini"}, MODELS)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"step": -1}, "^step=-1 is out of range"),
        ({"stp": 1}, "no setting 'stp'. Did you mean 'step'"),
        ({"weights": "/etc/passwd"}, "weights cannot be set from the page"),
        ({"mask": "/etc/passwd"}, "mask cannot be set"),
        ({"model": "vgg16"}, "^model='vgg16' is not at hand here; one of mini, inception_v3"),
        ({"model": ["mini"]}, "^model=.* is not at hand"),
        ({"layers": "guide(mixed4, /etc/passwd)"}, "^layers names a picture file"),
        ({"layers": {"mixed4 @ /etc/passwd": 1}}, "cannot be read from ' @ /etc/passwd'"),
        ({"iterations": 401}, "^iterations=401 was given; 400 at most"),
        ({"iterations": [1, 2, 500]}, "^iterations=.* 400 at most"),
        ({"num_octave": 50}, "^num_octave=50 was given; 12 at most"),
        ({"num_octave": 0}, "^num_octave=0 is out of range; a whole number from 1 to 12 was expected"),
        ({"num_octave": 101}, "^num_octave=101 was given; 12 at most"),
        ({"jitter": 1e40}, r"^jitter=1e\+40 was given; 4096 at most"),
        ({"seed": 1e40}, r"^seed=1e\+40 was given; a whole number from 0 to 4294967295 was expected"),
        ({"preset": "eys"}, "Did you mean 'eyes'"),
        ({"layers": "class:tabby"}, "^layers names a class"),
        (
            {"octave_scale": 8.0, "octaves_above": 2},
            "^octaves_above=2 with octave_scale=8 makes the picture 64.0 times",
        ),
        ({"preset": {}}, "^preset=.* the name of a look"),
        ([], "names and values"),
    ],
)
def test_what_may_not_be_is_told_in_words(said, words):
    with pytest.raises(ConfigError, match=words):
        check_settings(said, MODELS)


def test_what_may_be_is_taken():
    said = {"step": [0.1, 0.2, 0.3, 0.4], "layers": {"mixed4:150": 2}, "max_loss": None, "preset": "fur"}
    assert check_settings(said, MODELS) == {
        "step": (0.1, 0.2, 0.3, 0.4), "layers": {"mixed4:150": 2.0}, "max_loss": None, "preset": "fur", "model": "mini",
    }  # fmt: skip
    assert search_words(check_settings(said, MODELS)) == "fur mini mixed4:150"
    assert search_words({"model": "mini", "preset": "eyes"}) == "eyes mini mixed3"
    assert search_words({"model": "mini"}) == "keras mini mixed4 mixed5 mixed6 mixed7"


def test_settings_of_a_picture_are_taken_where_the_page_can_show_them():
    record = {
        "settings": {
            "step": 0.05, "iterations": 10**6, "weights": "imagenet", "model": "mini", "layers": {"mixed3": 1.0},
            "<img onerror>": 1, "seed": 0, "mask": None, "clip": True,
        }
    }  # fmt: skip
    assert settings_in_record(record, MODELS) == {
        "step": 0.05,
        "model": "mini",
        "layers": {"mixed3": 1.0},
        "clip": True,
    }


def test_settings_that_are_not_the_looks_are_told_where_they_are_the_defaults():
    record = {
        "settings": {"preset": "eyes", "model": "inception_v3", "jitter": 0, "num_octave": 4, "layers": {"mixed3": 1.0}}
    }
    assert settings_in_record(record, MODELS) == {"preset": "eyes", "model": "inception_v3", "jitter": 0}
    record = {"settings": {"step": [0.1, 0.2], "num_octave": 2, "model": "vgg16"}}
    assert settings_in_record(record, MODELS) == {"step": [0.1, 0.2], "num_octave": 2}
