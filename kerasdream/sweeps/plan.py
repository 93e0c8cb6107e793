"""The plan of a sweep: the settings of every cell, checked before anything is built or dreamt."""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Hashable, Mapping
from typing import Any

import keras

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise_size
from kerasdream.resolution import needs_classes, open_picture, resolve_config
from kerasdream.sweeps.axes import Axes, Settings, axes_of, file_stem, same

Variants = Mapping[str, Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Point:
    """One combination of values: what it dreams on, with which settings, and the file that the dream goes into."""

    values: Settings
    image: object  # anything that `dream` takes
    model: str | keras.Model | None
    config: DreamConfig
    path: pathlib.Path | None = None

    @property
    def network_key(self) -> tuple[Hashable, ...]:
        """Return what tells networks apart; two models of the user's own may have one name."""
        config = self.config
        seed = config.seed if config.weights == "random" else None
        model = id(self.model) if isinstance(self.model, keras.Model) else config.model
        return model, config.weights, config.precision, config.device, needs_classes(config), seed

    def differs_in_iterations_only(self, other: "Point") -> bool:
        """Return whether both make the same dream but for the number of steps."""
        mine, theirs = ((point.network_key, point.image, point.config.replace(iterations=1)) for point in (self, other))
        return same(mine, theirs)

    def differs_in_picture_only(self, other: "Point") -> bool:
        """Return whether both dream with the same settings, on one network."""
        return same((self.network_key, self.config), (other.network_key, other.config))


@dataclasses.dataclass(frozen=True)
class Plan:
    """The settings that vary, and a point for each combination of their values."""

    axes: Axes
    points: list[Point]


def picture_of(point: Point) -> Picture:
    """Return what a point dreams on; InputImageError for what cannot be read."""
    return open_picture(point.image, point.config.max_pixels, point.config.seed)


def make_plan(
    given: Settings, preprocess: Preprocess | None, variants: Variants | None, folder: pathlib.Path | None
) -> Plan:
    """Return the plan of a sweep, its pictures and settings checked; makes the folder where there is one.

    >>> plan = make_plan({"image": "sky.jpg", "model": "mini", "step": [0.01, 0.04]}, None, None, None)
    >>> [point.config.step for point in plan.points]
    [0.01, 0.04]
    """
    axes = axes_of(given)
    fixed = {name: value for name, value in given.items() if name not in axes}
    combinations = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    for image in axes.get("image", [fixed.get("image")]):
        if isinstance(image, str | os.PathLike) and not noise_size(image):
            files.check_regular(image)
    points: list[Point] = []
    fallback: str | None = None
    for values in combinations:
        settings = fixed | values | dict((variants or {}).get(values.get("variants", ""), {}))
        settings.pop("variants", None)
        image, layers, model = settings.pop("image"), settings.pop("layers", None), settings.pop("model", None)
        if model is None and "weights" not in settings:
            fallback = fallback or resolve_config(None, None, None, {}).model  # looked for once
            config = resolve_config(layers, fallback, preprocess, settings)
        else:
            config = resolve_config(layers, model, preprocess, settings)
        points.append(Point(values, image, model, config))
    return Plan(axes, points if folder is None else with_paths(points, folder))


def with_paths(points: list[Point], folder: pathlib.Path) -> list[Point]:
    """Return the points with a file each in the folder, which is made where it is missing."""
    files.make_folder(folder)
    paths: list[pathlib.Path] = []
    for point in points:
        paths.append(files.free_path(folder / f"{file_stem(point.values)}.png", paths.__contains__))
    return [dataclasses.replace(point, path=path) for point, path in zip(points, paths, strict=True)]
