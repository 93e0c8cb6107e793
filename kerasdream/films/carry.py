"""What travels from one dreamt frame to the next: the difference that the dream made, and how finished it is."""

import dataclasses

import numpy as np

from kerasdream.films.flow import Motion, warp
from kerasdream.films.opencv import opencv
from kerasdream.types import Array

SPEED = 1.0  # pixels a frame from which ground counts as moving
SOFTENED = 2.0  # power of the change of area that an enlarged dream loses in strength
BLURRED = 3.5  # and in effort: what has grown soft is dreamt anew
GAIN = 3.0  # how steeply the share of a new dream rises with what is missing
STRONGEST = 2.0  # largest share: bare ground catches up twice as fast
MOVING = 0.5  # smallest share on moving ground
BOOST = 6.0  # how far a new dream is strengthened where bare ground has small gradients, at most
FAINTEST = 0.02  # smaller shares are none


@dataclasses.dataclass(frozen=True)
class Carried:
    """A dreamt frame: levels (H, W, 3), and the effort (H, W) that its dream has had, 1 where it is finished."""

    dreamt: Array
    effort: Array


@dataclasses.dataclass(frozen=True)
class Start:
    """A new frame with the old dream on it: levels, effort, and the share (H, W) of a new dream that it still needs."""

    levels: Array
    effort: Array
    share: Array

    @property
    def needs_dream(self) -> bool:
        """Whether any place needs enough of a new dream for one to be made."""
        return bool(self.share.max() > 0.3 or self.share.mean() > 0.01)

    def add(self, dreamt: Array, gain: float) -> Carried:
        """Return the frame with its share of a new dream, which is worth so much effort."""
        change = dreamt - self.levels
        share = self.share * self.boost(change)
        levels = self.levels + share[..., None] * change
        return Carried(levels, np.minimum(1, self.effort + self.share * np.float32(gain)))

    def boost(self, change: Array) -> Array:
        """Return how much a new dream is strengthened in each place (H, W).

        Finished ground has the larger gradients, and so leaves bare ground the smaller steps; there it is made up for.
        """
        sigma = max(4.0, min(change.shape[:2]) / 16)
        amount = opencv().GaussianBlur(np.abs(change).mean(-1), (0, 0), sigma)
        boost = np.clip(amount.mean() / np.maximum(amount, 1e-3), 1, BOOST)
        return 1 + (boost - 1) * np.clip(GAIN * (1 - self.effort), 0, 1)

    def as_it_is(self) -> Carried:
        """Return the frame without a new dream."""
        return Carried(self.levels, self.effort)


def carry(
    carried: Carried, before: Array, now: Array, motion: Motion, renewal: float = 0.05, mask: Array | None = None
) -> Start:
    """Return the frame `now` with what the dream had made of `before`, moved as the film moved.

    The frame's own detail is back at once, for only the difference travels. Where the motion is not trusted it is
    left behind, and moving ground gives up a share of it, `renewal`. `mask` (H, W) says from
    0 to 1 how much may be dreamt where.

    >>> before, dreamt = np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 3), np.float32)
    >>> dreamt[:, 2] = 30
    >>> motion = Motion(np.full((8, 8, 2), [-3, 0], np.float32), np.ones((8, 8), np.float32), 0.0)
    >>> start = carry(Carried(dreamt, np.ones((8, 8), np.float32)), before, before + 100, motion)
    >>> start.levels[4, :, 0].round(1).tolist()
    [100.0, 100.0, 100.0, 100.0, 100.0, 128.5, 100.0, 100.0]
    """
    moving, area = moving_ground(motion.flow), kept_area(motion.flow)
    kept = (1 - np.float32(renewal) * moving) * motion.trust
    effort = kept * area**BLURRED * warp(carried.effort, motion.flow, sharp=False)
    kept = kept * area**SOFTENED
    if mask is not None:
        came = warp(mask, motion.flow, sharp=False)
        kept = kept * ratio(mask, came)
        effort = effort * ratio(came, mask)
    levels = now + kept[..., None] * warp(carried.dreamt - before, motion.flow)
    return Start(levels, effort, missing(effort, moving))


def ratio(part: Array, whole: Array) -> Array:
    """Return part over whole, 1 at most."""
    return np.clip(part / np.maximum(whole, 1e-3), 0, 1)


def moving_ground(flow: Array) -> Array:
    """Return how much each place moves (H, W), from 0 at rest to 1."""
    speed = np.sqrt(np.square(flow).sum(-1))
    return opencv().GaussianBlur(np.clip(speed / SPEED, 0, 1), (0, 0), 2.0)


def kept_area(flow: Array) -> Array:
    """Return the area that each pixel had in the frame before (H, W), 1 at most: below it a zoom has enlarged it."""
    smooth = opencv().GaussianBlur(flow, (0, 0), max(2.0, min(flow.shape[:2]) / 32))
    if min(flow.shape[:2]) < 2:
        return np.ones(flow.shape[:2], np.float32)
    across, down = np.gradient(smooth[..., 0]), np.gradient(smooth[..., 1])
    area = (1 + across[1]) * (1 + down[0]) - across[0] * down[1]
    return np.clip(area, 0, 1).astype(np.float32)


def missing(effort: Array, moving: Array) -> Array:
    """Return the share of a new dream that each place needs (H, W)."""
    share = np.maximum(np.clip(GAIN * (1 - effort), 0, STRONGEST), MOVING * moving)
    share = np.where(share < FAINTEST, np.float32(0), share).astype(np.float32)
    return opencv().GaussianBlur(share, (0, 0), 1.5)
