"""Weights that are relative: they make the gradient of a term as strong as that of the others together."""

from collections.abc import Callable, Sequence

import numpy as np

from kerasdream.objectives import Term
from kerasdream.types import Array

NOISE = 0.02  # its deviation, from -1 to 1: at the original itself the distance from it has no slope


def balance(terms: Sequence[Term], weights: Array, strength_of: Callable[[Array], Array]) -> Array:
    """Return the weights (terms, pictures) with the relative ones made absolute.

    `strength_of` returns the mean absolute gradient (pictures) of the sum of the terms with some weights.
    """
    relative = [number for number, term in enumerate(terms) if term.has_relative_weight]
    others, balanced = weights.copy(), weights.copy()
    others[relative] = 0.0
    wanted = strength_of(others)
    for number in relative:
        alone = np.zeros_like(weights)
        alone[number] = 1.0
        own = strength_of(alone)
        balanced[number] *= np.divide(wanted, own, out=np.zeros_like(own), where=own > 0)
    return balanced
