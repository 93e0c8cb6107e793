"""Directions that are found: between pictures with something and without it, or as the parts of what a layer sees."""

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.step import Preprocess
from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.knobs import read_int
from kerasdream.objectives import Direction, Layer, objective
from kerasdream.objectives.direction_file import SUFFIX, read_directions
from kerasdream.objectives.term import Expression, Term
from kerasdream.pixels import PictureLike, pictures_in, read_picture
from kerasdream.resolution import build_network, resolve_config
from kerasdream.result import save_kept
from kerasdream.types import Array

MAX_CELLS = 20_000  # whose activations are factorised
FACTOR_STEPS = 200
SHRINKAGE = 0.1  # of a covariance towards equal variances, so that it can be inverted
Pictures = PictureLike | Sequence[PictureLike]  # a folder, or pictures


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Directions(Expression):
    """Directions in a layer of a network, of length 1: an objective, their sum; `[number]` is one of them.

    >>> found = kerasdream.direction("mixed0", "photos/", [np.zeros((64, 64, 3))], model="mini")
    >>> found, len(found)
    (<Directions: 1 in mixed0 of mini>, 1)
    >>> found.save("warm.npz")
    PosixPath('warm.npz')
    >>> picture = kerasdream.dream("sky.jpg", "direction(mixed0, warm.npz)", model="mini", iterations=1)
    """

    layer: str
    model: str
    vectors: Array  # (directions, channels)

    def __repr__(self) -> str:
        return f"<Directions: {len(self)} in {self.layer} of {self.model}>"

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, number: int) -> Direction:
        return Direction(self.layer, self.vectors[number])

    def __iter__(self) -> Iterator[Direction]:
        return map(self.__getitem__, range(len(self)))

    def weighted_terms(self) -> tuple[tuple[Term, float], ...]:
        """Return the directions as terms."""
        return tuple((direction, 1.0) for direction in self)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> pathlib.Path:
        """Write the directions into a file (.npz), which `direction(mixed4, stripes.npz)` names in an objective.

        Returns its path: the next free name, with a DreamWarning, where this one is taken and `overwrite` is not given.
        Raises OutputError where nothing can be written.
        """

        def save(target: pathlib.Path) -> pathlib.Path:
            files.check_target(target, overwrite=overwrite, endings=(SUFFIX,))
            layer, model, vectors = np.array(self.layer), np.array(self.model), self.vectors.astype(np.float32)
            files.write_whole(target, lambda file: np.savez(file, layer=layer, model=model, vectors=vectors), overwrite)
            return target

        return save_kept(files.as_path(path), save, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Directions":
        """Read what `save` wrote; ConfigError for another file."""
        return cls(*read_directions(path))


def direction(
    layer: str,
    with_: Pictures,
    without: Pictures,
    *,
    whiten: bool = False,
    model: str | keras.Model | None = None,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
) -> Directions:
    """Find what tells pictures with something from pictures without it, as a direction in a layer.

    It is the difference of their mean activations; with `whiten`, divided by the covariance of the cells within both,
    which tells them apart more sharply where channels go together. `with_` and `without` are folders, or lists of
    paths, PIL images or arrays; the rest is as in `dream`. Raises ConfigError where they look the same to the layer.

    >>> stripes = kerasdream.direction("mixed2", ["sky.jpg"], ["forest.jpg", np.zeros((64, 64, 3))], model="mini")
    >>> float(np.linalg.norm(stripes.vectors[0]).round(4))
    1.0
    """
    network = network_of(layer, model, weights, preprocess, device)
    sides = [[cells_of(network, layer, picture) for picture in pictures_of(given)] for given in (with_, without)]
    means = [np.mean([cells.mean(0) for cells in side], axis=0) for side in sides]
    found = np.asarray(means[0] - means[1], np.float64)
    if whiten:
        spread = [cells - mean for side, mean in zip(sides, means, strict=True) for cells in side]
        found = np.linalg.solve(shrunk_covariance(spread), found)
    if not (length := np.linalg.norm(found)) > 0:
        raise ConfigError(f"The pictures with and those without look the same to {layer!r}; name another layer.")
    return Directions(layer, network.config.model, (found / length).astype(np.float32)[None])


def concepts(
    layer: str,
    pictures: Pictures,
    count: int,
    *,
    seed: int = 0,
    model: str | keras.Model | None = None,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
) -> Directions:
    """Find the parts that a layer sees in pictures: directions whose sums, never differences, make up its cells.

    They are the `count` non-negative factors of the activations of all cells (of many, 20,000 drawn by `seed`), those
    that explain most first. Negative activations count as 0. `pictures` is a folder, or a list of paths, PIL images or
    arrays; the rest is as in `dream`. Raises ConfigError for a count below 1.

    >>> kerasdream.concepts("mixed0", "photos/", 3, model="mini")
    <Directions: 3 in mixed0 of mini>
    """
    if read_int(count) < 1:
        raise ConfigError(f"{count} concepts were asked for; 1 or more was expected.")
    network, rng = network_of(layer, model, weights, preprocess, device), np.random.default_rng(seed)
    sources = pictures_of(pictures)
    share = -(-MAX_CELLS // len(sources))
    cells = [rng.permutation(cells_of(network, layer, picture))[:share] for picture in sources]
    return Directions(layer, network.config.model, factorize(np.concatenate(cells), count, rng))


def factorize(values: Array, count: int, rng: np.random.Generator) -> Array:
    """Return the non-negative factors (count, channels) of rows of values, of length 1, the largest first.

    Lee and Seung's multiplicative updates.

    >>> rows = np.array([[3.0, 0, 0, 4], [0, 2, 0, 0], [3, 2, 0, 4]])
    >>> factorize(rows, 2, np.random.default_rng(0)).round(1) + 0.0
    array([[0.6, 0. , 0. , 0.8],
           [0. , 1. , 0. , 0. ]])
    """
    values = np.maximum(values, 0.0)
    shares = rng.uniform(0.1, 1.0, (len(values), count)).astype(values.dtype)
    factors = rng.uniform(0.1, 1.0, (count, values.shape[1])).astype(values.dtype)
    for _ in range(FACTOR_STEPS):
        factors *= (shares.T @ values) / (shares.T @ shares @ factors + 1e-9)
        shares *= (values @ factors.T) / (shares @ (factors @ factors.T) + 1e-9)
    lengths = np.linalg.norm(factors, axis=1)
    order = np.argsort(-lengths * np.linalg.norm(shares, axis=0))
    sorted_factors: Array = (factors / np.maximum(lengths, 1e-12)[:, None])[order]
    return sorted_factors


def shrunk_covariance(deviations: Sequence[Array]) -> Array:
    """Return the covariance (channels, channels) of deviations from a mean, a little nearer to equal variances."""
    rows = np.concatenate(deviations).astype(np.float64)
    covariance = rows.T @ rows / len(rows)
    equal = np.trace(covariance) / len(covariance) or 1.0
    mixed: Array = (1 - SHRINKAGE) * covariance + SHRINKAGE * equal * np.eye(len(covariance))
    return mixed


def network_of(
    layer: str,
    model: str | keras.Model | None,
    weights: str | None,
    preprocess: Preprocess | None,
    device: str | None,
) -> CompiledObjective:
    """Build a network as deep as one layer."""
    more = {key: value for key, value in {"weights": weights, "device": device}.items() if value is not None}
    config = resolve_config(wanted := objective(Layer(layer)), model, preprocess, more)
    network, preprocess = build_network(config, model, preprocess)
    return CompiledObjective(network, preprocess, wanted, config)


def pictures_of(given: Pictures) -> list[PictureLike]:
    """Return the pictures of a folder or a list; ConfigError where there are none."""
    if isinstance(given, str | os.PathLike):
        return list(pictures_in(given)) if os.path.isdir(given) else [given]
    pictures = list(given) if isinstance(given, list | tuple) else [given]
    if not pictures:
        raise ConfigError("No picture was given; a folder or a list of one or more was expected.")
    return pictures


def cells_of(network: CompiledObjective, layer: str, picture: PictureLike) -> Array:
    """Return the activations of all cells of a picture, one row each."""
    with network.backend.on_device(network.config.device):
        return network.picture_activations(read_picture(picture), layer)
