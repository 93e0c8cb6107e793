"""The frames between two that are dreamt: they get the dream of both."""

import dataclasses

import numpy as np

from kerasdream.films.carry import Carried, carry
from kerasdream.films.flow import Motion
from kerasdream.films.scene import SceneState
from kerasdream.types import Array


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A dreamt frame beside one that is not: its dream, how the other came out of it, and what it counts."""

    state: SceneState
    motion: Motion
    share: float


def between(levels: Array, neighbours: list[Neighbour], mask: Array | None) -> Carried:
    """Return a frame (H, W, 3) with the dreams of its neighbours: each counts where its motion is trusted.

    >>> before, dream = np.zeros((8, 8, 3), np.float32), np.full((8, 8, 3), 30, np.float32)
    >>> state = SceneState(before, Carried(dream, np.ones((8, 8), np.float32)), (1,))
    >>> rest = Motion(np.zeros((8, 8, 2), np.float32), np.ones((8, 8), np.float32), 0.0)
    >>> made = between(before + 5, [Neighbour(state, rest, 0.25), Neighbour(state, rest, 0.75)], None)
    >>> round(float(made.dreamt.mean()), 3)
    35.0
    """
    total, added = np.full(levels.shape[:2], 1e-6, np.float32), np.zeros_like(levels)
    effort = np.zeros(levels.shape[:2], np.float32)
    for one in neighbours:
        start = carry(one.state.carried, one.state.pixels, levels, one.motion, renewal=0.0, mask=mask)
        weight = np.float32(one.share) * one.motion.trust
        total += weight
        added += weight[..., None] * (start.levels - levels)
        effort += weight * start.effort
    return Carried(levels + added / total[..., None], effort / total)
