"""Loops that close: towards the end every frame is drawn to where the first one comes from."""

from collections.abc import Callable

import numpy as np

from kerasdream.journeys.keyframes import Clock, smooth
from kerasdream.journeys.motion import Move, transform
from kerasdream.types import Array

SHARE = 1 / 3  # of all frames, at most, that lead back
SECONDS = 1.5


class Loop:
    """The way back to the first frame.

    In its last part, each frame is mixed with the first one as it would have looked so many moves ago. That mixture
    reaches the first frame itself where the film begins again.
    """

    def __init__(self, first: Array, move: Callable[[int], Move], clock: Clock):
        self.first, self.clock = first, clock
        self.length = max(1, min(int(clock.frames * SHARE), round(clock.fps * SECONDS)))
        self.matrices = self.ways_back(move)

    def ways_back(self, move: Callable[[int], Move]) -> dict[int, Array]:
        """Return, for each of the last frames, the matrix that takes it to the first."""
        height, width = self.first.shape[:2]
        matrices, product = {}, np.eye(3)
        for frame in range(self.clock.frames - 1, self.clock.frames - self.length - 1, -1):
            product = move((frame + 1) % self.clock.frames).matrix(height, width) @ product
            matrices[frame] = np.linalg.inv(product)
        return matrices

    def remaining(self, frame: int) -> float:
        """Return how much of the journey is left: 1, and towards the end down to 0 where it begins anew.

        >>> loop = Loop(np.zeros((4, 4, 3)), lambda frame: Move(), Clock(12, 24.0))
        >>> [loop.remaining(frame) for frame in (7, 8, 10, 12)]
        [1.0, 1.0, 0.5, 0.0]
        """
        return 1.0 - smooth((frame - (self.clock.frames - self.length)) / self.length)

    def target(self, frame: int) -> Array:
        """Return the first frame as it would have looked at this frame."""
        return transform(self.first, self.matrices[frame])

    def draw_back(self, picture: Array, frame: int) -> Array:
        """Return a picture mixed with the target, as far as the journey is over."""
        left, before = self.remaining(frame), self.remaining(frame - 1)
        if left == 1.0:
            return picture
        share = 1.0 - left / before
        return np.asarray(picture + share * (self.target(frame) - picture), picture.dtype)
