"""Ready settings by name: those that others have published, and looks found by trying. Data, not code."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from kerasdream.errors import ConfigError, suggest


class Preset(NamedTuple):
    """What it is, the settings that differ from the defaults, and its layers in each of the named models."""

    about: str
    settings: Mapping[str, object]
    layers: Mapping[str, str] = {}


INCEPTIONS = ("inception_v3", "mini")
# Layers of GoogLeNet that are as deep as those of InceptionV3.
IN_GOOGLENET = {
    "mixed0": "inception_3a",
    "mixed1": "inception_3b",
    "mixed2": "inception_3b",
    "mixed3": "inception_4a",
    "mixed4": "inception_4c",
    "mixed5": "inception_4d",
    "mixed6": "inception_4e",
}


def on_inception(layers: str) -> dict[str, str]:
    """Return the same layers for InceptionV3, for mini, which has its names, and for GoogLeNet.

    The numbers of channels mean other things in GoogLeNet: what names some has no layers there.

    >>> on_inception("norm(mixed4)")["googlenet"]
    'norm(inception_4c)'
    """
    there = (
        {}
        if re.search(r":\d", layers)
        else {"googlenet": re.sub(r"mixed\d", lambda found: IN_GOOGLENET[found[0]], layers)}
    )
    return dict.fromkeys(INCEPTIONS, layers) | there


def look(about: str, layers: str, **settings: object) -> Preset:
    """Return a look of our own: four octaves, and jitter against grain."""
    common = {"step": 0.015, "num_octave": 4, "octave_scale": 1.5, "max_loss": None, "jitter": 48}
    return Preset(about, common | settings, on_inception(layers))


PRESETS: dict[str, Preset] = {
    "keras": Preset("the Keras example: animals grow out of clouds", {}),
    "tensorflow": Preset(
        "the TensorFlow tutorial: gentle, from small to larger than the picture",
        {
            "step": 0.01,
            "iterations": 50,
            "num_octave": 5,
            "octave_scale": 1.3,
            "octaves_above": 2,
            "max_loss": None,
            "normalize": "std",
            "clip": True,
            "detail": "none",
            "jitter": 512,
            "tile": 512,
            "overlap": 0,
        },
        on_inception("mean(mixed3) + mean(mixed5)"),
    ),
    "google2015": Preset(
        "the notebook of 2015: four octaves, jitter, what was added is carried on",
        {
            "step": 1.5 / 127.5,
            "iterations": 10,
            "num_octave": 4,
            "octave_scale": 1.4,
            "max_loss": None,
            "clip": True,
            "detail": "added",
            "jitter": 32,
        },
        on_inception("norm(mixed4)"),
    ),
    "smooth": Preset(
        "the smoothed gradient of pytorch-deepdream: large soft shapes",
        {
            "step": 0.04,
            "iterations": 10,
            "num_octave": 4,
            "octave_scale": 1.8,
            "max_loss": None,
            "normalize": "standard",
            "clip": True,
            "detail": "none",
            "jitter": 32,
            "gradient_blur": 0.5,
            "blur_growth": 2.0,
            "blur_kind": "cascade",
        },
        on_inception("mixed4") | {"vgg16": "block4_conv3"},
    ),
    "robust": Preset(
        "for networks trained against adversarial pictures: the plain gradient, and nothing against noise",
        {"step": 0.005, "iterations": 60, "num_octave": 1, "max_loss": None, "normalize": "l2"},
        on_inception("mean(mixed5)"),
    ),
    "accentuate": Preset(
        "what the network sees in the picture, made more of where it sees it, and the picture else kept",
        {
            "step": 0.02,
            "iterations": 60,
            "num_octave": 1,
            "max_loss": None,
            "optimizer": "adam",
            "clip": True,
            "crops": 16,
            "opacity": True,
        },
        on_inception("mixed4:strong1 + content(mixed3, balanced)*0.5")
        | {"vgg16": "block5_conv1:strong1 + content(block4_conv3, balanced)*0.5"},
    ),
    "strokes": look("fine brush strokes and lace", "mixed0", step=0.01, num_octave=3, gradient_blur=0.7),
    "spirals": look("spirals and vines", "mixed0 + mixed1*0.5", num_octave=3, gradient_blur=0.7),
    "arches": look("arches and scales", "mixed2", gradient_blur=0.5),
    "eyes": look("large round eyes", "mixed3"),
    "fur": look("furry heads in strong colours", "mixed4", gradient_scales=4),
    "coral": look("bubbles and corals, of what the picture already has", "mixed4:strong20", gradient_blur=0.6),
    "webs": look("webs, veins, small animals", "mixed5 + mixed6", num_octave=5, octave_scale=1.4, gradient_blur=0.5),
    "towers": look(
        "towers and cities",
        # The channels of mixed5 that rise most, over their deviation, from photographs of other things to buildings.
        "mixed5:424,494,526,545,550,650",
        iterations=30,
        gradient_blur=0.5,
    ),
}


def find(name: str) -> Preset:
    """Return a preset; ConfigError with the nearest names for an unknown one."""
    if name not in PRESETS:
        raise ConfigError(
            f"There is no preset {name!r}.{suggest(str(name), PRESETS)} The presets are {', '.join(PRESETS)}."
        )
    return PRESETS[name]


def settings(name: str, model: str | None = None) -> dict[str, Any]:
    """Return the settings of a preset, with its layers where it has some for that named model.

    >>> settings("google2015", "mini")["layers"]
    'norm(mixed4)'
    """
    preset = find(name)
    layers = {"layers": preset.layers[model]} if model is not None and model in preset.layers else {}
    return dict(preset.settings) | layers
