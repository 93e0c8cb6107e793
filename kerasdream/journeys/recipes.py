"""Ready journeys by name. Data, not code."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kerasdream.errors import ConfigError, suggest


class Recipe(NamedTuple):
    """What it shows, and its settings."""

    about: str
    settings: Mapping[str, Any]


RECIPES: dict[str, Recipe] = {
    "zoom": Recipe(
        "deeper and deeper into a picture that never ends",
        {"zoom": 1.03, "angle": 0.3, "layers": "mixed4"},
    ),
    "breathing": Recipe(
        "shapes that grow and are drawn in again",
        {
            # a breath of about 3 seconds, and a whole number of them
            "strength": "0.5 - 0.5*cos(2*pi*t/frames * max(1, floor(frames/fps/3 + 0.5)))",
            "original": 0.12,
            "frames": 72,
            "loop": True,
            "layers": "mixed4",
        },
    ),
    "layers": Recipe(
        "from strokes to animals, and back",
        {
            "layers": "0% smooth: mixed0, 25% smooth: mixed2, 50% smooth: mixed4, 75% smooth: mixed6, 100%: mixed0",
            "original": 0.06,
            "step": 0.012,
            "loop": True,
        },
    ),
    "channels": Recipe(
        "roses, honeycomb, blossoms and weave: from one channel to the next",
        {
            "layers": "0% smooth: mixed2:20, 25% smooth: mixed2:5, 50% smooth: mixed2:190, 75% smooth: mixed2:230, "
            "100%: mixed2:20",
            "zoom": 1.01,
            "loop": True,
        },
    ),
    "tunnel": Recipe(
        "a flight through a tunnel that winds",
        {
            "zoom": 1.05,
            "angle": "1.5*sin(2*pi*t/frames)",
            "center_x": "0.5 + 0.2*cos(2*pi*t/frames)",
            "center_y": "0.5 + 0.2*sin(2*pi*t/frames)",
            "loop": True,
            "layers": "mixed3",
        },
    ),
}


def settings_of_recipe(name: str | None) -> dict[str, Any]:
    """Return the settings of a recipe; none without a name. Raises ConfigError for a name that there is not.

    >>> settings_of_recipe("zoom")["zoom"]
    1.03
    """
    if name is None:
        return {}
    if name not in RECIPES:
        raise ConfigError(f"There is no recipe {name!r}.{suggest(name, RECIPES)} The recipes are {', '.join(RECIPES)}.")
    return dict(RECIPES[name].settings)
