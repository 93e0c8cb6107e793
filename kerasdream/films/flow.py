"""Optical flow between two frames, and how far it may be trusted."""

from typing import Any, NamedTuple

import numpy as np

from kerasdream.films.opencv import opencv
from kerasdream.types import Array

LONGEST = 640  # pixels: the longer side at which flow is looked for
SMALLEST = 32  # pixels: a shorter side is padded for the flow
SNAP = 0.1  # pixels: a shorter flow is noise
SMOOTHNESS = 60.0  # weight of smooth flow in its refinement: less follows noise, more smears edges
DOUBT = 3.0  # differences between frames that count as noise, in medians
SHARP = 0.94  # share of Lanczos sampling in sharp warping; the rest is linear
TEXTURE = 0.3  # and in fine detail, which the flow never meets exactly


class Motion(NamedTuple):
    """How a frame came out of the one before.

    `flow` (H, W, 2) leads each pixel to where it was in the frame before, as (x, y); `trust` (H, W) says from 0 to 1
    how far that is so; `lost` is the share of the frame that has no trustworthy origin.
    """

    flow: Array
    trust: Array
    lost: float


def find_motion(before: Array, now: Array) -> Motion:
    """Return how `now` came out of `before`; both are frames (H, W, 3) with levels from 0 to 255.

    >>> ramp = np.tile(np.sin(np.arange(96) / 4) * 90 + 120, (64, 1))
    >>> frame = np.stack([ramp * np.cos(np.arange(64) / 9)[:, None] ** 2] * 3, -1)
    >>> motion = find_motion(frame, np.roll(frame, 3, 1))  # moved to the right by three pixels
    >>> np.median(motion.flow, (0, 1)).round().astype(int).tolist()
    [-3, 0]
    """
    shrink = min(1.0, LONGEST / max(now.shape[:2]))
    small_before, small_now = resized(before, shrink), resized(now, shrink)
    grey_before, grey_now = grey(small_before), grey(small_now)
    back, forth = flow_between(grey_now, grey_before), flow_between(grey_before, grey_now)
    height, width = small_now.shape[:2]
    back, forth = back[:height, :width], forth[:height, :width]
    trust, lost = consistent(back, forth)
    trust = trust * alike(small_now, warp(small_before, back))
    cv2 = opencv()
    trust = cv2.GaussianBlur(cv2.erode(trust, np.ones((3, 3))), (0, 0), 0.8)
    if shrink < 1.0:
        size = now.shape[1::-1]
        scale = np.array([now.shape[1] / back.shape[1], now.shape[0] / back.shape[0]], np.float32)
        back = cv2.resize(back, size, interpolation=cv2.INTER_LINEAR) * scale
        trust = cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR)
    return Motion(back, np.clip(trust, 0, 1), lost)


def resized(frame: Array, shrink: float) -> Array:
    """Return a frame at the size at which flow is looked for."""
    frame = np.asarray(frame, np.float32)
    if shrink == 1.0:
        return frame
    cv2 = opencv()
    size = max(1, round(frame.shape[1] * shrink)), max(1, round(frame.shape[0] * shrink))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def grey(frame: Array) -> Array:
    """Return a frame in grey bytes, padded to the smallest size that the finder takes."""
    cv2 = opencv()
    levels = cv2.cvtColor(np.clip(np.rint(frame), 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    padding = [(0, max(0, SMALLEST - length)) for length in levels.shape]
    return np.pad(levels, padding, mode="edge") if np.any(padding) else levels


def flow_between(here: Array, there: Array) -> Array:
    """Return the flow (H, W, 2) that leads each pixel of `here` to its place in `there`, both in grey."""
    flow = finder().calc(here, there, None)
    flow[squared_length(flow) < SNAP**2] = 0
    return flow


def squared_length(flow: Array) -> Array:
    """Return the squared lengths (H, W) of a flow; numpy's sum over an axis of two takes ten times as long."""
    x, y = flow[..., 0], flow[..., 1]
    return x * x + y * y


def finder() -> Any:
    """Return a new finder of dense flow: its state must not pass from one pair of frames to the next."""
    cv2 = opencv()
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setVariationalRefinementAlpha(SMOOTHNESS)
    return dis


def warp(values: Array, flow: Array, sharp: bool = True) -> Array:
    """Return values (H, W) or (H, W, C) fetched from where the flow leads.

    Linear sampling smears, and cubic or Lanczos sampling alone lets some frequencies grow with every repetition;
    the mix of `sharp` is the sharpest that lets none grow, whatever the flow.
    """
    cv2 = opencv()
    places = origins(flow)
    linear = cv2.remap(values, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if not sharp:
        return linear
    lanczos = cv2.remap(values, *places, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return linear + np.float32(SHARP) * (lanczos - linear)


def origins(flow: Array) -> tuple[Array, Array]:
    """Return the places x and y (H, W) that the flow leads each pixel to."""
    height, width = flow.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    return x + flow[..., 0], y + flow[..., 1]


def consistent(back: Array, forth: Array) -> tuple[Array, float]:
    """Return where the flow there and back leads to where it began (H, W), and the share where it does not.

    The check is that of Ruder, Dosovitskiy and Brox, without their motion edges; doubt spreads a little.
    """
    height, width = back.shape[:2]
    x, y = origins(back)
    returned = warp(forth, back, sharp=False)
    error = squared_length(back + returned)
    lengths = squared_length(back) + squared_length(returned)
    lost = (error >= 0.01 * lengths + 0.5) | (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    spread = opencv().GaussianBlur(np.where(lost, np.float32(-1), np.float32(1)), (0, 0), 0.8)
    return np.clip(spread, 0, None), float(lost.mean())


def alike(now: Array, fetched: Array) -> Array:
    """Return where a frame looks like what was fetched from the one before (H, W), beyond noise and fine texture."""
    cv2 = opencv()
    difference = cv2.GaussianBlur(mean_channel(np.abs(now - fetched)), (0, 0), 1.0)
    grey = mean_channel(fetched)
    fine = cv2.GaussianBlur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)), (0, 0), 1.0)
    excess = np.maximum(difference - DOUBT * np.median(difference) - TEXTURE * fine, 0)
    return np.exp(-np.square(excess / 2))


def mean_channel(frame: Array) -> Array:
    """Return the mean (H, W) of the channels of a frame, which numpy's mean over so short an axis finds slowly."""
    first, second, third = (frame[..., number] for number in range(3))
    return (first + second + third) / np.float32(3)
