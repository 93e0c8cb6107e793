"""The models that a command line names: a list of those there are, their layers, and one of the user's own."""

import os
from typing import TYPE_CHECKING, Any

import kerasdream
from kerasdream.cli.process import quiet_start, results_apart
from kerasdream.config import DEFAULTS
from kerasdream.errors import ConfigError, ModelError

if TYPE_CHECKING:
    import keras


def is_own(name: str | None) -> bool:
    """Say whether a model is a file of the user's own, and not one of the named ones."""
    return name is not None and name.endswith(".keras")


def load_own(name: str) -> "keras.Model":
    """Load a model that Keras has saved; code that such a file may hold is not run."""
    if not os.path.isfile(name):
        raise ModelError(
            f"There is no file {name!r}; a model saved by Keras, or a name, was expected. See --list_models."
        )
    quiet_start()
    import keras

    try:
        return keras.saving.load_model(name, compile=False, safe_mode=True)
    except Exception as fault:  # the file is anybody's, and Keras fails on it in every way
        reason = (str(fault) or type(fault).__name__).strip().splitlines()[0]
        raise ModelError(
            f"{name!r} cannot be loaded: {reason} A whole file of model.save('my.keras') was expected, without layers "
            "of code of its own; those dream in Python: kerasdream.dream(picture, layers, model=model)."
        ) from fault


def with_own_model(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with the model loaded, where it is a file of the user's own."""
    name = settings.get("model")
    if not is_own(name):
        return settings
    if settings.get("layers") is None:
        raise ConfigError(
            f"--layers was not given; {name!r} has no default ones. --list_layers --model={name} lists them."
        )
    return settings | {"model": load_own(str(name))}


def list_models() -> int:
    """Print the named models with the layers that they dream on by default."""
    quiet_start()
    from kerasdream.model.zoo import ZOO

    for name, entry in ZOO.items():
        print(f"{name:20} {', '.join(entry.defaults['layers'])}")
    return 0


def list_layers(name: str | None) -> int:
    """Print what a model can dream on."""
    model = load_own(name) if name and is_own(name) else name or DEFAULTS["model"]
    quiet_start()
    with results_apart() as results:
        print(f"{'layer':24} {'channels':>8} {'stride':>6}  look", file=results)
        for layer, channels, stride, look in kerasdream.layers(model):
            print(f"{layer:24} {channels:8} {stride:6}  {look}", file=results)
    return 0
