"""Settings from the page: what may be set, what a form shows, and nothing that names a file."""

import functools
from typing import Any

from kerasdream import presets
from kerasdream.config import DEFAULTS, KNOBS, DreamConfig, check_names
from kerasdream.errors import ConfigError, suggest
from kerasdream.model import zoo
from kerasdream.objectives import Class, Guide, Masked, objective

# The machine's own, and what would name a file, are not for the page.
HIDDEN = {"weights", "mask", "device", "memory", "tile", "overlap", "max_pixels", "precision", "snapshots"}
MOST = {
    **{"iterations": 400, "num_octave": 12, "octaves_above": 2, "smooth_samples": 16, "step": 10.0, "jitter": 4096},
    **{"gradient_blur": 100.0, "blur_growth": 100.0, "smooth_noise": 10.0},
}
LONGEST_WISH = 2000  # letters of layers as text
LARGEST_GROWTH = 4.0  # of a side, at the sizes above the picture's own
GROUPS = {
    "What to dream": ("layers",),
    "Steps": ("step", "iterations", "max_loss", "normalize", "optimizer", "clip", "seed"),
    "Sizes": ("num_octave", "octave_scale", "octaves_above", "detail"),
    "Steadiness": ("jitter", "turns", "smooth_samples", "smooth_noise"),
    "Gradient": ("gradient_blur", "blur_growth", "blur_kind", "gradient_scales"),
    "The picture": ("strength", "keep_color"),
}
SHOWN = [name for name in KNOBS if name not in HIDDEN]


def schema(models: list[str]) -> dict[str, Any]:
    """What the page builds its form from: every knob with its default, range and help; looks; models."""
    knobs = []
    for name in SHOWN:
        knob = KNOBS[name]
        choices = {"model": models, "preset": list(presets.PRESETS)}.get(name, list(knob.choices))
        knobs.append(
            {
                "name": name,
                "kind": "choice" if choices else knob.kind,
                "default": models[0] if name == "model" else DEFAULTS[name],
                "low": finite(max(knob.low, knob.above)),
                "high": finite(min(knob.high, MOST.get(name, float("inf")))),
                "optional": knob.optional,
                "choices": choices,
                "group": next((group for group, names in GROUPS.items() if name in names), "Other"),
                "help": "network that dreams; mini is the quick one" if name == "model" else knob.help,
                "expected": knob.expectation(),
            }
        )
    looks = [
        {"name": name, "about": preset.about, "settings": look_of(name, models[0])}
        for name, preset in presets.PRESETS.items()
    ]
    return {"knobs": knobs, "looks": looks, "models": models}


def look_of(name: str, model: str) -> dict[str, Any]:
    """The settings of a look that the page shows, its layers as names and weights."""
    settings = {key: value for key, value in presets.settings(name, model).items() if key not in HIDDEN}
    layers = settings.get("layers", zoo.entry_of(model).defaults.get("layers"))
    return settings | ({"layers": objective(layers).as_dict()} if layers else {})


def words_of(settings: dict[str, Any]) -> str:
    """What a dream can be searched for by: its look, its model, its layers."""
    look = settings.get("preset", DEFAULTS["preset"])
    layers = settings.get("layers") or look_of(look, settings["model"])["layers"]
    return " ".join([look, settings["model"], *layers])


def finite(number: float) -> float | None:
    """A bound as JSON holds it."""
    return number if abs(number) < float("inf") else None


def checked(said: Any, models: list[str]) -> dict[str, Any]:
    """Settings that the page has sent, or ConfigError in words that stand beside the field."""
    if not isinstance(said, dict):
        raise ConfigError("The settings were expected as names and values.")
    check_names(said)
    if hidden := sorted(said.keys() & HIDDEN):
        raise ConfigError(f"{', '.join(hidden)} cannot be set from the page.")
    settings: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in said.items()}
    if settings.setdefault("model", models[0]) not in models:
        raise ConfigError(f"model={settings['model']!r} is not at hand here; one of {', '.join(models)} was expected.")
    if settings.get("layers") is not None:
        if isinstance(settings["layers"], str) and len(settings["layers"]) > LONGEST_WISH:
            raise ConfigError(f"layers has {len(settings['layers'])} letters; {LONGEST_WISH} at most were expected.")
        wish = KNOBS["layers"].check("layers", settings["layers"])
        if any(isinstance(term, Guide | Masked) for term, _ in wish.terms):
            raise ConfigError("layers names a picture file; choose a guide picture or paint a mask instead.")
        settings["layers"] = wish.as_dict()
        if any(isinstance(term, Class) for term, _ in wish.terms):
            raise ConfigError("layers names a class; the networks of the studio tell none apart.")
    look = settings.get("preset", DEFAULTS["preset"])
    if not isinstance(look, str):
        raise ConfigError(f"preset={look!r} was given; the name of a look was expected.")
    whole = DreamConfig(**presets.settings(look, settings["model"]) | settings)
    for name, most in MOST.items():
        value = getattr(whole, name)
        if max(value if isinstance(value, tuple) else [value]) > most:
            raise ConfigError(f"{name}={value} was given; {most} at most was expected.")
    growth = whole.octave_scale**whole.octaves_above
    if growth > LARGEST_GROWTH:
        raise ConfigError(
            f"octaves_above={whole.octaves_above} with octave_scale={whole.octave_scale:g} makes the picture "
            f"{growth:.1f} times as wide on the way; {LARGEST_GROWTH:g} at most was expected."
        )
    return settings


def of_record(record: dict[str, Any], models: list[str]) -> dict[str, Any]:
    """The settings inside a dreamt picture that the page can show; what it cannot is left out.

    Of settings that are as the look has them, nothing needs to be said; the look and the model are always told.
    """
    found = {name: value for name, value in record.get("settings", {}).items() if name in SHOWN}
    settings: dict[str, Any] = {}
    for name in ("preset", "model"):
        if name in found and passes({name: found[name]}, models):
            settings[name] = found[name]
    look = DEFAULTS | look_of(settings.get("preset", DEFAULTS["preset"]), settings.get("model", models[0]))
    for name in (*(n for n in found if n == "num_octave"), *found):  # a list of steps is as long as there are sizes
        if name not in settings and passes(settings | {name: found[name]}, models) and found[name] != look[name]:
            settings[name] = found[name]
    return settings


def passes(settings: dict[str, Any], models: list[str]) -> bool:
    """Whether settings could be dreamt with."""
    try:
        checked(settings, models)
    except ConfigError:
        return False
    return True


def check_layers(settings: dict[str, Any]) -> None:
    """ConfigError, which begins with the knob's name, for a layer or channel that the network does not have."""
    there = {one.name: one.channels for one in layers_of(settings["model"])}
    wish = objective(settings["layers"]) if settings.get("layers") else None
    for term, _ in wish.terms if wish else ():
        name = getattr(term, "layer", None)
        if name is not None and name not in there:
            raise ConfigError(f"layers names {name!r}, which {settings['model']} does not have.{suggest(name, there)}")
        if name is not None and (most := max(getattr(term, "channels", ()), default=0)) >= there[name]:
            raise ConfigError(f"layers names channel {most} of {name!r}, which has {there[name]}, from 0 on.")


@functools.cache
def layers_of(model: str) -> list[zoo.LayerInfo]:
    """The layers of a named model, worked out once."""
    return zoo.layers(model)
