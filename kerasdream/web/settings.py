"""Settings from the page: what may be set, what a form shows, and nothing that names a file."""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypedDict

from kerasdream import presets
from kerasdream.config import DEFAULTS, KNOBS, DreamConfig, check_names
from kerasdream.errors import ConfigError, suggest
from kerasdream.image.metadata import Record
from kerasdream.journeys.recipes import RECIPES
from kerasdream.knobs import Knob
from kerasdream.model import zoo
from kerasdream.objectives import Objective, objective
from kerasdream.web.models import base_of, classes_of, layers_of
from kerasdream.web.sliders import Slider, sliders
from kerasdream.web.views import Settings

LONGEST_TEXT = 2000  # letters of layers as text
MOST_TERMS = 32  # of an objective: compiling them cannot be cancelled, and takes 0.05 s each
LARGEST_GROWTH = 4.0  # of a side, at the sizes above the picture's own


# What stands in no group of the page, it does not show: it is the machine's own, or would name a file.
SHOWN = [name for name, knob in KNOBS.items() if knob.page]
OFF_WALL = ("robust", "accentuate")  # for networks of another kind, and for a closer look: too faint to be seen small


class KnobView(TypedDict):
    """A knob as the form shows it."""

    name: str
    kind: str
    default: Any  # of the knob's own type
    low: float | None
    high: float | None
    optional: bool
    choices: list[str]
    group: str
    help: str
    expected: str


class LookView(TypedDict):
    """A look as the form shows it."""

    name: str
    about: str
    settings: Settings
    on_wall: bool


class RecipeView(TypedDict):
    """A ready journey as the form shows it."""

    name: str
    about: str
    settings: Settings


class Schema(TypedDict):
    """What the page builds its form from."""

    knobs: list[KnobView]
    looks: list[LookView]
    models: list[str]
    model: str  # the one to begin with
    simple: dict[str, list[Slider]]  # by model
    recipes: list[RecipeView]


def looks_on_wall() -> list[str]:
    """Return the looks that are dreamt on everybody's picture.

    >>> "fur" in looks_on_wall(), "robust" in looks_on_wall()
    (True, False)
    """
    return [name for name in presets.PRESETS if name not in OFF_WALL]


def schema(models: Sequence[str]) -> Schema:
    """Return what the page builds its form from: every knob with its default, range and help; looks; models.

    >>> [knob["default"] for knob in schema(["mini"])["knobs"] if knob["name"] == "num_octave"]
    [3]
    """
    looks: list[LookView] = [
        {
            "name": name,
            "about": preset.about,
            "settings": settings_of_look(name, models[0]),
            "on_wall": name in looks_on_wall(),
        }
        for name, preset in presets.PRESETS.items()
    ]
    return {
        "knobs": [knob_view(name, models) for name in SHOWN],
        "looks": looks,
        "models": list(models),
        "model": models[0],
        "simple": {model: sliders(model) for model in models},
        "recipes": [
            {"name": name, "about": one.about, "settings": dict(one.settings)} for name, one in RECIPES.items()
        ],
    }


def knob_view(name: str, models: Sequence[str]) -> KnobView:
    """Return a knob as the form shows it."""
    knob = KNOBS[name]
    choices = {"model": list(models), "preset": list(presets.PRESETS)}.get(name, list(knob.choices))
    return {
        "name": name,
        "kind": "choice" if choices else knob.kind,
        "default": models[0] if name == "model" else DEFAULTS[name],
        "low": finite(max(knob.low, knob.above)),
        "high": finite(min(knob.high, knob.page_high)),
        "optional": knob.optional,
        "choices": choices,
        "group": knob.page,
        "help": "network that dreams; mini is the quick one" if name == "model" else knob.help,
        "expected": "" if choices or knob.kind in ("bool", "objective") else in_field(on_page(name).expectation()),
    }


def in_field(expectation: str) -> str:
    """Return what a knob takes as it is typed on the page.

    >>> in_field("a whole number from 1 to 400, or a list of them"), in_field("a number above 0, or None")
    ('a whole number from 1 to 400, or one for each size, with commas', 'a number above 0; empty: none')
    """
    return expectation.replace("or a list of them", "or one for each size, with commas").replace(
        ", or None", "; empty: none"
    )


def on_page(name: str, choices: Sequence[str] = ()) -> Knob:
    """Return a knob with the range and the choices that the page has.

    >>> on_page("num_octave").expectation()
    'a whole number from 1 to 12'
    """
    knob = KNOBS[name]
    kind, high = "choice" if choices else knob.kind, min(knob.high, knob.page_high)
    return dataclasses.replace(knob, high=high, kind=kind, choices=tuple(choices) or knob.choices)


def finite(number: float) -> float | None:
    """Return a bound as JSON holds it."""
    return number if abs(number) < float("inf") else None


def settings_of_look(name: str, model: str) -> Settings:
    """Return the settings of a look that the page shows, its layers as names and weights."""
    base = base_of(model)
    settings = {key: value for key, value in presets.settings(name, base).items() if key in SHOWN}
    layers = settings.get("layers", zoo.entry_of(base).defaults.get("layers"))
    return settings | ({"layers": objective(layers).as_dict()} if layers else {})


def search_words(settings: Settings) -> str:
    """Return what a dream can be searched for by: its look, its model, its layers.

    >>> search_words({"model": "mini", "preset": "eyes"})
    'eyes mini mixed3'
    """
    look = settings.get("preset", DEFAULTS["preset"])
    layers = settings.get("layers") or settings_of_look(look, settings["model"])["layers"]
    return " ".join([look, settings["model"], *layers])


def check_settings(given: object, models: Sequence[str]) -> Settings:
    """Return the settings that a page has sent, each of the right type.

    Raises ConfigError in words that stand beside the field.

    >>> check_settings({"step": [0.1, 0.2, 0.3]}, ["mini"])
    {'step': (0.1, 0.2, 0.3), 'model': 'mini'}
    """
    if not isinstance(given, dict):
        raise ConfigError("The settings were expected as names and values.")
    check_names(given)
    if hidden := sorted(name for name in given if name not in SHOWN):
        raise ConfigError(f"{', '.join(hidden)} cannot be set from the page.")
    settings: Settings = {n: tuple(value) if isinstance(value, list) else value for n, value in given.items()}
    if settings.setdefault("model", models[0]) not in models:
        raise ConfigError(f"model={settings['model']!r} is not at hand here; one of {', '.join(models)} was expected.")
    if settings.get("layers") is not None:
        settings["layers"] = check_objective(settings["layers"], settings["model"]).as_dict()
    look = settings.get("preset", DEFAULTS["preset"])
    if not isinstance(look, str):
        raise ConfigError(f"preset={look!r} was given; the name of a look was expected.")
    for name in settings.keys() - {"layers"}:
        check_range(name, settings[name])
    check_growth(DreamConfig(**presets.settings(look, base_of(settings["model"])) | settings))
    return settings


def check_objective(layers: object, model: str) -> Objective:
    """Return the objective that a page asks for; ConfigError where it names a file or no class, or is too long."""
    if isinstance(layers, str) and len(layers) > LONGEST_TEXT:
        raise ConfigError(f"layers has {len(layers)} letters; {LONGEST_TEXT} at most were expected.")
    asked: Objective = KNOBS["layers"].check("layers", layers)
    terms = [term for term, _ in asked.terms]
    if len(terms) > MOST_TERMS:
        raise ConfigError(f"layers has {len(terms)} terms; {MOST_TERMS} at most were expected.")
    if any(term.files() for term in terms):
        raise ConfigError("layers names a picture file; choose a guide picture or paint a mask instead.")
    if asked.needs_classes and not classes_of(model):
        raise ConfigError(f"layers names a class; {model} tells none apart.")
    return asked


def check_range(name: str, value: object) -> None:
    """Raise ConfigError where a setting is none, or is more than a page may ask for."""
    most = KNOBS[name].page_high
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and most < number:
            raise ConfigError(f"{name}={value} was given; {most:g} at most was expected.")
    on_page(name).check(name, value)


def check_growth(config: DreamConfig) -> None:
    """Raise ConfigError where a picture would become too large on the way."""
    growth = config.octave_scale**config.octaves_above
    if growth > LARGEST_GROWTH:
        raise ConfigError(
            f"octaves_above={config.octaves_above} with octave_scale={config.octave_scale:g} makes the picture "
            f"{growth:.1f} times as wide on the way; {LARGEST_GROWTH:g} at most was expected."
        )


def settings_in_record(record: Record, models: Sequence[str]) -> Settings:
    """Return the settings inside a dreamt picture that the page can show, without what it cannot.

    Settings that are as the look has them are left out; the look and the model are always there.
    """
    found = {name: value for name, value in record.get("settings", {}).items() if name in SHOWN}
    settings: Settings = {}
    for name in ("preset", "model"):
        if name in found and passes({name: found[name]}, models):
            settings[name] = found[name]
    look = settings.get("preset", DEFAULTS["preset"])
    defaults = DEFAULTS | settings_of_look(look, settings.get("model", models[0]))
    for name in (*(n for n in found if n == "num_octave"), *found):  # a list of steps is as long as there are sizes
        if name not in settings and passes(settings | {name: found[name]}, models) and found[name] != defaults[name]:
            settings[name] = found[name]
    return settings


def passes(settings: Settings, models: Sequence[str]) -> bool:
    """Return whether settings could be dreamt with."""
    try:
        check_settings(settings, models)
    except ConfigError:
        return False
    return True


def check_layers(settings: Settings) -> None:
    """Raise ConfigError, which begins with the knob's name, for a layer or channel that the network does not have."""
    channels = {one.name: one.channels for one in layers_of(settings["model"])}
    asked = objective(settings["layers"]) if settings.get("layers") else None
    for term, _ in asked.terms if asked else ():
        if term.needs_classes and str(term) not in (classes := classes_of(settings["model"])):
            raise ConfigError(f"layers names {str(term)!r}; one of {', '.join(classes)} was expected.")
        name = getattr(term, "layer", None)
        if name is None:
            continue
        if name not in channels:
            raise ConfigError(
                f"layers names {name!r}, which {settings['model']} does not have.{suggest(name, channels)}"
            )
        if (most := max(getattr(term, "channels", ()), default=0)) >= channels[name]:
            raise ConfigError(f"layers names channel {most} of {name!r}, which has {channels[name]}, from 0 on.")
