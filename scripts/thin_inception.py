"""The beginning of mini: InceptionV3 with the channels that matter least taken out, without any training.

Which channels stay is chosen convolution by convolution (greedily, by what the next one would lose), and the next one
is changed so that it makes up for the missing ones as well as a linear fit can: channel pruning by reconstruction.
"""

from collections.abc import Sequence

import keras
import numpy as np

from kerasdream.model import inception
from kerasdream.model.fixed import FixedConv2D
from kerasdream.model.mini.network import BLOCKS, SCALES, STEM

Convolution = tuple[np.ndarray, np.ndarray]  # kernel, bias


def convolutions_of(model: keras.Model) -> list[FixedConv2D]:
    """The convolutions of the short InceptionV3, branch by branch, in the order in which they were made."""
    found = [layer for layer in model.layers if isinstance(layer, FixedConv2D)]
    return sorted(found, key=lambda layer: int(layer.name.removeprefix("fixed_conv2d").lstrip("_") or 0))


def samples_of_inputs(model: keras.Model, pictures: np.ndarray, cells: int = 1000) -> list[np.ndarray]:
    """What each convolution reads, at random places of some pictures: rows of channels."""
    read = keras.Function(model.inputs, [layer.input for layer in convolutions_of(model)])
    rng = np.random.default_rng(0)
    seen: list[list[np.ndarray]] = []
    for start in range(0, len(pictures), 4):
        inputs = [np.asarray(a).reshape(-1, a.shape[-1]) for a in read([pictures[start : start + 4]])]
        seen.append([a[rng.choice(len(a), min(len(a), cells), replace=False)] for a in inputs])
    return [np.concatenate(rows) for rows in zip(*seen, strict=True)]


def most_telling(covariance: np.ndarray, importance: np.ndarray, count: int) -> np.ndarray:
    """The `count` channels from which all, by their importance, are best estimated; found greedily."""
    rest = covariance.copy()
    kept: list[int] = []
    for _ in range(count):
        variance = np.diag(rest)
        gain = (importance[:, None] * rest**2).sum(0) / np.maximum(variance, 1e-12)
        gain[variance < 1e-9] = 0
        gain[kept] = -1
        best = int(gain.argmax())
        kept.append(best)
        if rest[best, best] > 1e-12:
            rest = rest - np.outer(rest[:, best], rest[best]) / rest[best, best]
    return np.array(sorted(kept))


def narrowed(convolution: Convolution, inputs: np.ndarray, count: int) -> tuple[np.ndarray, Convolution]:
    """Which `count` channels a convolution goes on reading, and the convolution that reads only them."""
    kernel, bias = convolution
    mean, covariance = inputs.mean(0), np.cov(inputs.T.astype(np.float64))
    kept = most_telling(covariance, (kernel.astype(np.float64) ** 2).sum((0, 1, 3)), count)
    within = covariance[np.ix_(kept, kept)]
    ridge = 1e-4 * np.trace(within) / count * np.eye(count)
    estimate = np.linalg.solve(within + ridge, covariance[kept])  # of every channel, from the kept ones
    estimate[:, kept] = np.eye(count)
    rest = mean - mean[kept] @ estimate
    return kept, (np.einsum("ki,abio->abko", estimate, kernel), bias + np.einsum("i,abio->o", rest, kernel))


def projected(convolution: Convolution, inputs: np.ndarray, count: int) -> list[Convolution]:
    """Two convolutions in place of one: a 1 x 1 projection onto `count` channels, and the kernel on those."""
    kernel, bias = convolution
    mean, covariance = inputs.mean(0), np.cov(inputs.T.astype(np.float64))
    importance = np.einsum("abio,abjo->ij", kernel, kernel).astype(np.float64)
    root = np.linalg.cholesky(importance + 1e-6 * np.trace(importance) / len(mean) * np.eye(len(mean)))
    _, vectors = np.linalg.eigh(root.T @ covariance @ root)
    down = root @ vectors[:, -count:]
    up = np.linalg.solve(root.T, vectors[:, -count:])
    return [
        (down[None, None], -mean @ down),
        (np.einsum("ir,abio->abro", up, kernel), bias + np.einsum("i,abio->o", mean, kernel)),
    ]


def chain(convolutions: Sequence[Convolution], inputs: Sequence[np.ndarray], counts: list[int]) -> list[Convolution]:
    """Convolutions one after the other, with `counts` channels between them."""
    thin: list[Convolution] = []
    for number, (kernel, bias) in enumerate(convolutions):
        if number:
            kept, (kernel, bias) = narrowed((kernel, bias), inputs[number], counts[number - 1])
            before, bias_before = thin[-1]
            thin[-1] = before[..., kept], bias_before[kept]
        thin.append((kernel, bias))
    return thin


def thin_inception(teacher: keras.Model, pictures: np.ndarray) -> list[Convolution]:
    """The convolutions of mini, in its order, made of those of the short InceptionV3; pictures are in [-1, 1]."""
    whole = [(layer.kernel, layer.bias) for layer in convolutions_of(teacher)]
    theirs = iter(zip(whole, samples_of_inputs(teacher, pictures), strict=True))

    def take(count: int) -> tuple[list[Convolution], list[np.ndarray]]:
        convolutions, inputs = zip(*(next(theirs) for _ in range(count)), strict=True)
        return list(convolutions), list(inputs)

    stem = chain(*take(len(STEM)), list(STEM[:-1]))
    thin = stem
    for name, branches in BLOCKS.items():
        for wide, parts in zip(inception.BLOCKS[name].branches, branches, strict=True):
            counts = [part[0] for part in parts if isinstance(part, tuple)]
            convolutions, inputs = take(sum(isinstance(part, tuple) for part in wide)) if counts else ([], [])
            if len(counts) > len(convolutions):
                narrow = projected(convolutions[0], inputs[0], counts[0])
            else:
                narrow = chain(convolutions, inputs, counts[:-1]) if counts else []
            for kernel, bias in narrow[-1:]:
                narrow[-1] = kernel / SCALES.get(name, 1.0), bias / SCALES.get(name, 1.0)
            thin += narrow
    return [(kernel.astype(np.float32), bias.astype(np.float32)) for kernel, bias in thin]
