"""What travels from one dreamt frame to the next: the difference that the dream made, and how finished it is."""

import dataclasses

import numpy as np

from kerasdream.films.flow import Motion, warp
from kerasdream.films.opencv import opencv
from kerasdream.types import Array

SPEED = 1.0  # pixels a frame from which ground counts as moving
import os

SOFTE = float(os.environ.get("SOFTE", 2.0))
FLOOR = float(os.environ.get("FLOOR", 0.5))
SOFTENING = float(os.environ.get("SOFT", 1.0))
GAIN = float(os.environ.get("GAIN", 3.0))  # how steeply the share of a new dream rises with what is missing
BOOST = 6.0
STRONGEST = 2.0  # largest share: bare ground catches up twice as fast
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
        cv2 = opencv()
        sigma = max(4.0, min(change.shape[:2]) / 16)
        amount = cv2.GaussianBlur(np.abs(change).mean(-1), (0, 0), sigma)
        boost = np.clip(amount.mean() / np.maximum(amount, 1e-3), 1, BOOST)
        levels = self.levels + (self.share * boost)[..., None] * change
        return Carried(levels, np.minimum(1, self.effort + self.share * np.float32(gain)))

    def as_it_is(self) -> Carried:
        """Return the frame without a new dream."""
        return Carried(self.levels, self.effort)


def carry(
    carried: Carried, before: Array, now: Array, motion: Motion, renewal: float = 0.05, mask: Array | None = None
) -> Start:
    """Return the frame `now` with what the dream had made of `before`, moved as the film moved.

    The frame's own detail is back at once, for only the difference travels. Where the motion is not trusted it is
    left behind, and moving ground gives up a share of it, `renewal`. `mask` (H, W) says from 0 to 1 how much may be dreamt where.

    >>> before, dreamt = np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 3), np.float32)
    >>> dreamt[:, 2] = 30
    >>> motion = Motion(np.full((8, 8, 2), [-3, 0], np.float32), np.ones((8, 8), np.float32), 0.0)
    >>> start = carry(Carried(dreamt, np.ones((8, 8), np.float32)), before, before + 100, motion)
    >>> start.levels[4, :, 0].round(1).tolist()
    [100.0, 100.0, 100.0, 100.0, 100.0, 128.5, 100.0, 100.0]
    """
    moving = moving_ground(motion.flow)
    kept = (1 - np.float32(renewal) * moving) * motion.trust
    area = keeps_scale(motion.flow)
    effort = kept * area ** np.float32(SOFTE) * warp(carried.effort, motion.flow, sharp=False)
    if mask is not None:
        came = warp(mask, motion.flow, sharp=False)
        kept = kept * ratio(mask, came)
        effort = effort * ratio(came, mask)
    kept = kept * area ** np.float32(SOFTENING)
    levels = now + kept[..., None] * warp(carried.dreamt - before, motion.flow)
    return Start(levels, effort, missing(effort, moving))


def ratio(part: Array, whole: Array) -> Array:
    """Return part over whole, 1 at most."""
    return np.clip(part / np.maximum(whole, 1e-3), 0, 1)


def moving_ground(flow: Array) -> Array:
    """Return how much each place moves (H, W), from 0 at rest to 1."""
    speed = np.sqrt(np.square(flow).sum(-1))
    return opencv().GaussianBlur(np.clip(speed / SPEED, 0, 1), (0, 0), 2.0)


def keeps_scale(flow: Array) -> Array:
    """Return how much of the dream keeps its size (H, W): what a zoom has enlarged has lost its fine detail."""
    cv2 = opencv()
    smooth = cv2.GaussianBlur(flow, (0, 0), max(2.0, min(flow.shape[:2]) / 32))
    across, down = np.gradient(smooth[..., 0]), np.gradient(smooth[..., 1])
    area = (1 + across[1]) * (1 + down[0]) - across[0] * down[1]  # of where a pixel came from
    return np.clip(area, 0, 1).astype(np.float32)


def missing(effort: Array, moving: Array) -> Array:
    """Return the share of a new dream that each place needs (H, W)."""
    share = np.maximum(np.clip(GAIN * (1 - effort), 0, STRONGEST), FLOOR * moving)
    share = np.where(share < FAINTEST, np.float32(0), share).astype(np.float32)
    return opencv().GaussianBlur(share, (0, 0), 1.5)
