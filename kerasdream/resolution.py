"""The settings and the network of a dream: from what a user says, what the model wants, and the defaults."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasdream import presets
from kerasdream.ascent.current_backend import current_backend
from kerasdream.ascent.step import Preprocess
from kerasdream.config import DEFAULTS, OWN_WEIGHTS, DreamConfig, check_names, files_named
from kerasdream.errors import ConfigError, InputImageError, ModelError
from kerasdream.image.files import check_picture_file
from kerasdream.image.limits import check_size
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise, noise_size
from kerasdream.model import saved, zoo
from kerasdream.model.inputs import default_preprocess, input_channels
from kerasdream.objectives import follows_whole_layers
from kerasdream.objectives.direction_file import SUFFIX, read_directions
from kerasdream.process_memory import release_memory
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Array, Tensor

has_built = False  # whether this process has built a network before


def resolve_config(
    layers: ObjectiveLike | None,
    model: str | keras.Model | None,
    preprocess: Preprocess | None,
    settings: Mapping[str, object],
) -> DreamConfig:
    """Return the settings of a dream: what the user said, then what the model wants, then the defaults.

    Raises ConfigError or ModelError for what cannot be, before anything is built or fetched.
    """
    check_names(settings)
    if preprocess is not None and not callable(preprocess):
        raise ConfigError(
            f"preprocess={preprocess!r} was given; a function of RGB pictures from 0 to 255 was expected."
        )
    named = {"layers": layers, "model": model}
    given = {name: value for name, value in named.items() if value is not None} | dict(settings)
    if given.get("weights") == OWN_WEIGHTS:
        del given["weights"]
        if not isinstance(model, keras.Model) and not saved.is_saved(model):
            raise ModelError(
                f"These settings were made with a model of your own, {model!r}; pass it, or its .keras file, as model=."
            )
    if isinstance(model, keras.Model):
        return config_of_own_model(model.name, given)
    if saved.is_saved(model):
        return config_of_own_model(model, given, saved.base_of(model))
    if preprocess is not None:
        raise ConfigError(
            "preprocess was given with a named model, which has its own. Leave it out, or pass a keras.Model."
        )
    if not isinstance(model, str | None):
        raise ModelError(f"model is a {type(model).__name__}; a name or a functional keras.Model was expected.")
    return config_of_named_model(given)


def config_of_own_model(name: str, given: dict[str, Any], base: str | None = None) -> DreamConfig:
    """Return the settings of a dream on a user's model; those of its base, where it was taught on one."""
    if "weights" in given:
        raise ConfigError(
            f"weights={given['weights']!r} was given with the model {name!r}, which has its own. Leave weights out."
        )
    if given.get("precision", "float32") != "float32":
        raise ConfigError(
            f"precision={given['precision']!r} was given with the model {name!r}, which has its own. "
            "Build it with another dtype policy, and leave precision out."
        )
    own = zoo.entry_of(base).defaults if base else {}
    settings = {**own, **presets.settings(given.get("preset", DEFAULTS["preset"]), base), **given}
    if "layers" not in settings:
        hint = "kerasdream.layers(model) lists its layers."
        if saved.is_saved(name):
            hint = f"kerasdream.layers({name!r}), or --list_layers --model={name} lists them."
        raise ConfigError(f"No layers were named; the model {name!r} has no default ones. {hint}")
    config = complete_config(settings | {"model": name, "weights": OWN_WEIGHTS})
    check_files(config)
    return config


def config_of_named_model(given: dict[str, Any]) -> DreamConfig:
    """Return the settings of a dream on a named model; mini's where the default one is not at hand."""
    preset = given.get("preset", DEFAULTS["preset"])
    config = DreamConfig(**presets.settings(preset) | given)  # refuses a wrong value before anything is fetched
    check_files(config)
    if "model" not in given and "weights" not in given and not needs_classes(config):
        given["model"] = zoo.at_hand(DEFAULTS["model"])
    network = given.get("model", DEFAULTS["model"])
    return complete_config({**zoo.entry_of(network).defaults, **presets.settings(preset, network), **given})


def complete_config(settings: dict[str, Any]) -> DreamConfig:
    """Return the config, with what depends on the machine and on the objective.

    The default max_loss, made for whole layers, ends no octave of anything else.
    """
    config = DreamConfig(**settings)
    if config.precision == "auto":
        config = config.replace(precision="bfloat16" if current_backend().has_bfloat16() else "float32")
    if "max_loss" in settings or config.layers is None or follows_whole_layers(config.layers):
        return config
    return config.replace(max_loss=None)


def check_files(config: DreamConfig) -> None:
    """Raise InputImageError where a mask or a guide names no picture, ConfigError for a file without directions."""
    for files in files_named({"layers": config.layers, "mask": config.mask}).values():
        for file in files:
            if file.endswith(SUFFIX):
                read_directions(file)
            else:
                check_picture_file(file, config.max_pixels)


def needs_classes(config: DreamConfig) -> bool:
    """Return whether the objective needs a model that tells classes apart."""
    return config.layers is not None and config.layers.needs_classes


def build_network(
    config: DreamConfig, model: str | keras.Model | None, preprocess: Preprocess | None
) -> tuple[keras.Model, Preprocess | None]:
    """Return the network that the settings name, or the user's own, and the preprocessing of its pictures."""
    global has_built
    if has_built:  # a network that was dropped is a reference cycle, which Python frees late
        release_memory()
    has_built = True
    if saved.is_saved(config.model) and not isinstance(model, keras.Model):
        model = saved.load(config.model)
    if isinstance(model, keras.Model):
        if preprocess is None:
            return model, default_preprocess(model)
        input_channels(model)  # ModelError for what takes no pictures
        return model, preprocess
    assert config.layers is not None
    top, layers = needs_classes(config), config.layers.layers()
    network = zoo.build(config.model, config.weights, config.seed, layers, top=top, precision=config.precision)
    return network, zoo.preprocess_of(config.model)


def open_picture(image: object, max_pixels: int, seed: int) -> Picture:
    """Return the picture of anything that a user gives; "noise" is one drawn from the seed."""
    if isinstance(image, str | os.PathLike) and (size := noise_size(image)) and not os.path.exists(image):
        check_size(size[::-1], max_pixels, f"{os.fspath(image)!r}")
        return dataclasses.replace(Picture.of(noise(size, seed)), path=os.fspath(image))
    return Picture.of(
        tensor_values(image) if isinstance(image, keras.KerasTensor) or ops.is_tensor(image) else image, max_pixels
    )


def tensor_values(tensor: Tensor) -> Array:
    """Return the values of a tensor; InputImageError for one of a model or a graph, which has none."""
    try:
        return np.asarray(ops.convert_to_numpy(tensor))
    except Exception as fault:  # each framework has its own
        raise InputImageError(
            f"A symbolic tensor of shape {tuple(tensor.shape)} was given, which has no values; a picture was expected. "
            "Inside a graph take kerasdream.gradient; in a tf.data pipeline kerasdream.augment."
        ) from fault
