"""Sliders: four plain words over the knobs, and what each of their stops does to a look."""

from typing import TypedDict

from kerasdream.model.zoo import ZOO
from kerasdream.web.models import base_of
from kerasdream.web.views import Settings

STRENGTHS = (0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
SIZES = (-3, -2, -1, 0, 1, 2, 3)
SOFTNESS = (3.0, 2.0, 1.2, 0.7, 0.4, 0.0)


class Stop(TypedDict):
    """What a stop of a slider does to the settings of a look: it sets knobs, multiplies them, or adds to them."""

    label: str
    set: Settings
    times: dict[str, float]
    plus: dict[str, int]


class Slider(TypedDict):
    """A slider in plain words; `default` is the stop that leaves the look as it is, None where no stop does."""

    name: str
    title: str
    about: str
    stops: list[Stop]
    default: int | None


def stop(
    label: str,
    *,
    set: Settings | None = None,
    times: dict[str, float] | None = None,
    plus: dict[str, int] | None = None,
) -> Stop:
    """Return a stop."""
    return {"label": label, "set": set or {}, "times": times or {}, "plus": plus or {}}


def sliders(model: str) -> list[Slider]:
    """Return the four sliders for a model: strength, scale of shapes, depth of layer, detail.

    >>> [(slider["name"], slider["stops"][0]["label"], slider["default"]) for slider in sliders("mini")]
    [('strength', 'a hint', 4), ('scale', 'tiny', 3), ('depth', 'strokes, lace', None), ('detail', 'soft', None)]
    """
    return [
        {
            "name": "strength",
            "title": "Strength",
            "about": "how far the dream goes",
            "stops": [
                stop(label, times={"step": share, "iterations": share**0.5} if share != 1 else {})
                for share, label in zip(STRENGTHS, words(len(STRENGTHS), "a hint", "as the look", "wild"), strict=True)
            ],
            "default": STRENGTHS.index(1.0),
        },
        {
            "name": "scale",
            "title": "Scale of shapes",
            "about": "how large the shapes become",
            "stops": [
                stop(label, plus={"num_octave": more} if more else {})
                for more, label in zip(SIZES, words(len(SIZES), "tiny", "as the look", "huge"), strict=True)
            ],
            "default": SIZES.index(0),
        },
        {
            "name": "depth",
            "title": "Depth of layer",
            "about": "from strokes to animals: how deep in the network",
            "stops": [stop(look, set={"layers": {name: 1.0}}) for name, look in depths(model).items()],
            "default": None,
        },
        {
            "name": "detail",
            "title": "Detail",
            "about": "from soft to sharp",
            "stops": [
                stop(label, set={"gradient_blur": blur})
                for blur, label in zip(SOFTNESS, words(len(SOFTNESS), "soft", "", "sharp"), strict=True)
            ],
            "default": None,
        },
    ]  # fmt: skip


def depths(model: str) -> dict[str, str]:
    """Return the layers that a model is known by, from the picture upwards, each with a word on its look."""
    return {name: look for name, look in ZOO[base_of(model)].looks.items() if name.isidentifier()}


def words(count: int, first: str, middle: str, last: str) -> list[str]:
    """Return labels of so many stops: of the first, the middle one and the last, nothing for the others.

    >>> words(5, "low", "", "high")
    ['low', '', '', '', 'high']
    """
    labels = [""] * count
    labels[count // 2] = middle
    labels[0], labels[-1] = first, last
    return labels
