"""Ready sweeps by name: experiments that others have published, to be done again. Data, not code."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kerasdream.errors import ConfigError, suggest


class Recipe(NamedTuple):
    """What it shows, the sweeps it is made of (a list varies), and what takes their place on other named models."""

    about: str
    sweeps: tuple[Mapping[str, object], ...]
    instead: Mapping[str, Mapping[str, object]] = {}


RECIPES: dict[str, Recipe] = {
    "layers": Recipe(
        "from shallow layers to deep ones",
        ({"layers": [f"mixed{i}" for i in range(9)], "max_loss": None},),
        {
            "mini": {"layers": [f"mixed{i}" for i in range(8)]},
            "vgg16": {"layers": ["block1_conv2", "block2_conv2", "block4_conv3", "block5_conv3"]},
        },
    ),
    "iterations": Recipe("few steps and many", ({"iterations": [10, 50, 100], "max_loss": None},)),
    "growth": Recipe(
        "how long a dream goes on changing",
        (
            {
                "iterations": [40, 80, 120, 160, 200, 240],
                "step": 0.01,
                "num_octave": 3,
                "octave_scale": 1.4,
                "max_loss": 10.0,
            },
        ),
    ),
    "step": Recipe(
        "small steps and large ones",
        ({"step": [0.01, 0.04, 0.1, 1.0], "max_loss": None}, {"step": [0.01, 0.06], "max_loss": None}),
    ),
    "octaves": Recipe("how many sizes", ({"num_octave": [3, 6, 10], "max_loss": None},)),
    "channels": Recipe(
        "a whole layer and single channels of it, on a picture and from noise",
        (
            {
                "image": [None, "noise:512x384"],
                "layers": ["mixed4", "mixed4:30", "mixed4:150", "mixed4:500"],
                "max_loss": None,
            },
        ),
        {"vgg16": {"layers": ["block5_conv3", "block5_conv3:30", "block5_conv3:150", "block5_conv3:500"]}},
    ),
    "steady": Recipe(
        "what takes the grain away",
        (
            {
                "variants": {
                    "plain": {},
                    "jitter": {"jitter": 48},
                    "tiles": {"tile": 256},
                    "jitter and SmoothGrad": {"jitter": 48, "smooth_samples": 4},
                },
                "iterations": 40,
                "max_loss": None,
            },
        ),
    ),
}


def sweeps_of(name: str, model: str) -> list[dict[str, Any]]:
    """Return the settings of each sweep of a recipe for a named model; None stands for the user's picture.

    >>> sweeps_of("iterations", "mini")
    [{'iterations': [10, 50, 100], 'max_loss': None}]
    """
    if name not in RECIPES:
        raise ConfigError(f"There is no recipe {name!r}.{suggest(name, RECIPES)} The recipes are {', '.join(RECIPES)}.")
    recipe = RECIPES[name]
    return [dict(sweep) | dict(recipe.instead.get(model, {})) for sweep in recipe.sweeps]
