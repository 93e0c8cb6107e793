"""Every knob of a dream, once: its default, its range, what it does, and where it stands.

Keyword arguments, command-line flags, the studio's form and the settings saved with a picture are made from here.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, Unpack

from kerasdream import knobs
from kerasdream.errors import ConfigError
from kerasdream.knobs import Knob, check_knobs, defaults_of, knob, knobs_of
from kerasdream.objectives import Objective
from kerasdream.pixels import Pixels
from kerasdream.settings import AllSettings

BACKENDS = ("tensorflow", "jax", "torch")  # what Keras may run on
DREAM, STEPS, SIZES = "What to dream", "Steps", "Sizes"  # groups of the studio's page
STEADINESS, GRADIENT, PICTURE = "Steadiness", "Gradient", "The picture"
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class DreamConfig:
    """All settings of a dream: frozen, checked, comparable. The defaults are those of the Keras example.

    >>> DreamConfig(step=0.02).replace(num_octave=4).step
    0.02
    """

    model: str = knob(
        "inception_v3",
        "network that dreams: inception_v3, mini (embedded), another of docs/models.md, or a .keras file",
        "str",
        compiled=True,
        page="Other",
    )
    weights: str = knob(
        "imagenet", "imagenet (from Keras's cache or download), a weights file, or random", "str", compiled=True
    )
    layers: Objective | None = knob(
        None,
        "what to follow: layers and their weights, or any objective; unset: the model's own",
        "objective",
        optional=True,
        compiled=True,
        page=DREAM,
    )
    preset: str = knob("keras", "settings to begin from, by name: see --list_presets", "str", page="Other")
    # The ascent
    step: float | tuple[float, ...] = knob(
        0.01,
        "how far each step moves the picture, in units of a range from -1 to 1",
        "floats",
        above=0,
        page=STEPS,
        page_high=10.0,
    )
    iterations: int | tuple[int, ...] = knob(20, "steps at each size", "ints", low=1, page=STEPS, page_high=400)
    max_loss: float | None = knob(
        15.0,
        "a size ends with the step whose loss passed this; none: never",
        "float",
        above=0,
        optional=True,
        page=STEPS,
    )
    num_octave: int = knob(3, "sizes at which the picture is dreamt", "int", low=1, high=100, page=SIZES, page_high=12)
    octave_scale: float = knob(1.4, "ratio between neighbouring sizes", "float", above=1, high=100, page=SIZES)
    octaves_above: int = knob(
        0, "how many of the sizes lie above the picture's own", "int", low=0, high=10, page=SIZES, page_high=2
    )
    detail: str = knob(
        "kept",
        "between sizes: put lost detail back, carry only what was added, or neither",
        "choice",
        choices=("kept", "added", "none"),
        page=SIZES,
    )
    normalize: str = knob(
        "mean",
        "what a gradient is divided by: mean absolute, deviation, the same about its mean, or root mean square",
        "choice",
        choices=("mean", "std", "standard", "l2"),
        compiled=True,
        page=STEPS,
    )
    optimizer: str = knob(
        "ascent", "plain gradient ascent, or Adam", "choice", choices=("ascent", "adam"), compiled=True, page=STEPS
    )
    clip: bool = knob(False, "keep the picture in its range after each step", "bool", compiled=True, page=STEPS)
    # Steadiness
    jitter: int = knob(
        0,
        "largest random roll of the picture at each step, in pixels",
        "int",
        low=0,
        high=65536,
        page=STEADINESS,
        page_high=4096,
    )
    turns: bool = knob(False, "random mirrors and quarter turns at each step", "bool", compiled=True, page=STEADINESS)
    smooth_samples: int = knob(
        0,
        "SmoothGrad: noisy copies whose gradients are averaged; 0: none",
        "int",
        low=0,
        compiled=True,
        page=STEADINESS,
        page_high=16,
    )
    smooth_noise: float = knob(
        0.2, "SmoothGrad: deviation of that noise, in units of -1 to 1", "float", low=0, page=STEADINESS, page_high=10.0
    )
    crops: int = knob(
        0,
        "random crops whose gradients are averaged, at the network's own size; 0: none",
        "int",
        low=0,
        high=1024,
        compiled=True,
        page=STEADINESS,
        page_high=16,
    )
    gradient_blur: float | tuple[float, ...] = knob(
        0.0,
        "Gaussian smoothing of the gradient: sigma in pixels",
        "floats",
        low=0,
        high=200,
        compiled=True,
        page=GRADIENT,
        page_high=100.0,
    )
    blur_growth: float = knob(
        0.0,
        "how much sigma grows over the steps of a size",
        "float",
        low=0,
        high=200,
        compiled=True,
        page=GRADIENT,
        page_high=100.0,
    )
    blur_kind: str = knob(
        "gaussian",
        "one Gaussian, or the mean of three (half, one and two sigma) in 9 x 9 pixels",
        "choice",
        choices=("gaussian", "cascade"),
        compiled=True,
        page=GRADIENT,
    )
    gradient_scales: int = knob(
        0,
        "levels of a Laplacian pyramid of the gradient, each made equally strong; 0: none",
        "int",
        low=0,
        high=10,
        compiled=True,
        page=GRADIENT,
    )
    # The picture
    mask: str | Pixels | None = knob(
        None,
        "picture that is white where to dream; where it is black nothing changes",
        "picture",
        optional=True,
        compiled=True,
    )
    strength: float = knob(
        1.0, "how much of the dream to blend into the original", "float", low=0, high=1, page=PICTURE
    )
    keep_color: bool = knob(False, "change lightness only", "bool", page=PICTURE)
    opacity: bool = knob(False, "keep how much each place counted: a map beside the picture", "bool")
    snapshots: int | tuple[int, ...] | None = knob(
        None,
        "steps, counted from 1, after which to keep the picture; one number n: every n",
        "ints",
        low=1,
        optional=True,
    )
    # The machine
    seed: int = knob(0, "for everything random", "int", low=0, high=2**32 - 1, page=STEPS)
    precision: str = knob(
        "float32",
        "numbers the network computes in; auto: bfloat16 where the processor or GPU has it in hardware",
        "choice",
        choices=("float32", "bfloat16", "auto"),
        compiled=True,
    )
    device: str | None = knob(
        None, "where to compute: cpu, gpu, gpu:1; unset: a GPU where there is one", "str", optional=True, compiled=True
    )
    memory: str = knob(
        "2GB", "for the gradient of a picture; a picture that needs more is dreamt in tiles", "memory", machine=True
    )
    tile: int | None = knob(
        None,
        "side of the tiles that a larger picture is dreamt in, in pixels; unset: as memory allows",
        "int",
        low=64,
        optional=True,
    )
    overlap: int = knob(96, "by how many pixels neighbouring tiles overlap, half a tile at most", "int", low=0)
    max_pixels: int = knob(64_000_000, "largest picture to accept, in pixels", "int", low=1, machine=True)

    def __post_init__(self) -> None:
        check_knobs(self, KNOBS)
        for name in ("step", "iterations", "gradient_blur"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != self.num_octave:
                raise ConfigError(
                    f"{name}={list(value)} has {len(value)} numbers; one, or one for each of num_octave="
                    f"{self.num_octave}, was expected."
                )
        if self.crops and self.smooth_samples:
            raise ConfigError(
                f"crops={self.crops} was given with smooth_samples={self.smooth_samples}; one of them was expected."
            )
        if self.octaves_above >= self.num_octave:
            raise ConfigError(
                f"octaves_above={self.octaves_above} was given with num_octave={self.num_octave}; fewer were expected."
            )

    def replace(self, **changes: Unpack[AllSettings]) -> "DreamConfig":
        """Return a copy with some settings changed.

        Raises ConfigError for a value out of range, and for an unknown name, with the nearest known one.
        """
        check_names(changes)
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values that JSON holds and that `DreamConfig(**values)` takes back."""
        values = {name: getattr(self, name) for name in KNOBS}
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        mask = None if self.mask is None else str(self.mask)
        return values | {"layers": None if self.layers is None else self.layers.as_dict(), "mask": mask}

    def compiled_settings(self) -> tuple[object, ...]:
        """Return the settings that are compiled in: configs with the same share one compiled step."""
        return tuple(getattr(self, name) for name, entry in KNOBS.items() if entry.compiled)


def at_octave(value: T | tuple[T, ...], octave: int) -> T:
    """Return a setting at one octave, where it may have a value for each.

    >>> at_octave((0.01, 0.02), 1), at_octave(0.01, 1)
    (0.02, 0.01)
    """
    return value[octave] if isinstance(value, tuple) else value


KNOBS: dict[str, Knob] = knobs_of(DreamConfig)
DEFAULTS: dict[str, Any] = defaults_of(DreamConfig)

KEEPS_MORE = ("opacity", "snapshots")  # knobs that keep more of a dream than its picture: of single dreams only

OWN_WEIGHTS = "the model's own"  # stands for the weights of a user's model


def check_names(settings: Mapping[str, object]) -> None:
    """Raise ConfigError where a setting has a name that no knob has."""
    knobs.check_names(settings, KNOBS)


def files_named(settings: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the files that a dream with these settings opens, by the setting that names them.

    >>> files_named({"mask": "clouds.png", "layers": "guide(mixed4, flowers.jpg)"})
    {'layers': ['flowers.jpg'], 'mask': ['clouds.png']}
    """
    found: dict[str, list[object]] = {
        "layers": [],
        "model": [settings.get("model")] if str(settings.get("model")).endswith(".keras") else [],
        "mask": [settings.get("mask")],
        "weights": [settings.get("weights")],
    }
    if settings.get("layers") is not None:
        found["layers"] = KNOBS["layers"].check("layers", settings["layers"]).files()
    paths = {name: [one for one in ones if isinstance(one, str) and is_file(one)] for name, ones in found.items()}
    return {name: ones for name, ones in paths.items() if ones}


def is_file(name: str) -> bool:
    """Return whether a setting is a path, and neither the name of weights nor a stand-in for pixels."""
    return name not in ("imagenet", "random", OWN_WEIGHTS, "") and not name.startswith("<")
