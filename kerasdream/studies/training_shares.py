"""The share of each category in the training data, from the classes alone or from counts of their pictures."""

import csv
import os

import numpy as np

from kerasdream.errors import ConfigError
from kerasdream.model.classes import IMAGENET, categories, category_of, wordnet_ids


def training_shares(counts: str | os.PathLike[str] | None = None) -> dict[str, float]:
    """Return the share of each category in training: of all classes, or of the pictures that a CSV file counts.

    >>> round(training_shares()["dogs"], 3)
    0.118
    """
    weights = np.ones(IMAGENET) if counts is None else read_counts(counts)
    totals = dict.fromkeys(categories(), 0.0)
    for number, weight in enumerate(weights):
        totals[category_of(number)] += float(weight)
    return {category: total / float(weights.sum()) for category, total in totals.items()}


def read_counts(path: str | os.PathLike[str]) -> np.ndarray:
    """Return the pictures of each class that a CSV file counts.

    Its rows are a class, by number or WordNet id, and its count; others, such as a header, are passed over. Raises
    ConfigError where the file cannot be read, or counts nothing.
    """
    ids = {name: number for number, name in enumerate(wordnet_ids())}
    weights = np.zeros(IMAGENET)
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                name = row[0].strip() if row else ""
                number = ids.get(name, int(name) if name.isdecimal() else -1)
                if 0 <= number < IMAGENET:
                    weights[number] += float(row[1])
    except (OSError, ValueError, IndexError, csv.Error) as fault:
        raise ConfigError(
            f"The training counts {str(path)!r} cannot be read: {fault}. Rows such as n02123045,1300 were expected."
        ) from fault
    if not np.isfinite(weights).all() or not weights.sum() or (weights < 0).any():
        raise ConfigError(
            f"{str(path)!r} counts no pictures. Rows of a class, by WordNet id or number, and its count were expected."
        )
    return weights
