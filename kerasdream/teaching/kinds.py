"""Kinds among pictures of one class: clusters of what the base sees in them."""

from collections.abc import Sequence

import keras
import numpy as np

from kerasdream.teaching.classes import FEW, PictureClass
from kerasdream.teaching.network import MEAN
from kerasdream.teaching.picture import Picture
from kerasdream.types import Array

MOST_KINDS = 4
ROUNDS = 50


def split_into_kinds(one: PictureClass, model: keras.Model, side: int, seed: int) -> list[PictureClass]:
    """Return a class as kinds of FEW pictures or more, called by the number; as it is where there are fewer for two."""
    count = min(MOST_KINDS, one.different // FEW)
    if count < 2:
        return [one]
    numbers = clusters(features(one.pictures, model, side), count, np.random.default_rng(seed))
    found = []
    for kind in range(count):
        inside = [i for i, number in enumerate(numbers) if number == kind]
        pictures, groups = [one.pictures[i] for i in inside], [one.groups[i] for i in inside]
        found.append(PictureClass(f"{one.name}-{kind + 1}", pictures, groups))
    return found if min(kind.different for kind in found) >= FEW // 2 else [one]


def features(pictures: Sequence[Picture], model: keras.Model, side: int) -> Array:
    """Return what the last block sees on average in each picture, all rows of length 1."""
    function = keras.Model(model.input, model.get_layer(MEAN).output)
    squares = np.stack([picture.square(side) for picture in pictures])
    seen = np.asarray(function.predict(squares, batch_size=16, verbose=0), np.float32)
    seen -= seen.mean(0)
    normed: Array = seen / (np.linalg.norm(seen, axis=1, keepdims=True) + 1e-9)
    return normed


def clusters(rows: Array, count: int, rng: np.random.Generator) -> Array:
    """Return for each row the number of its cluster: k-means, begun far apart.

    >>> found = clusters(np.array([[0.0], [9.0], [0.1], [9.1]]), 2, np.random.default_rng(0))
    >>> bool(found[0] == found[2] != found[1] == found[3])
    True
    """
    centres = rows[rng.integers(len(rows))][None]
    while len(centres) < count:
        distance = ((rows[:, None] - centres) ** 2).sum(-1).min(1)
        centres = np.concatenate([centres, rows[rng.choice(len(rows), p=distance / distance.sum())][None]])
    nearest = np.zeros(len(rows), int)
    for _ in range(ROUNDS):
        nearest = ((rows[:, None] - centres) ** 2).sum(-1).argmin(1)
        centres = np.stack([rows[nearest == i].mean(0) if (nearest == i).any() else centres[i] for i in range(count)])
    return nearest
