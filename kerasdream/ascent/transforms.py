"""Rolls, flips and transpositions of pictures, and their inverses for gradients."""

from typing import NamedTuple

from keras import ops

from kerasdream.types import Tensor


class Transform(NamedTuple):
    """A roll of pictures (N, H, W, C) by (rows, columns), then flips.

    The bits of `flips` flip rows (1) and columns (2), and swap the two axes (4).
    """

    roll: tuple[int, int] = (0, 0)
    flips: int = 0

    def apply(self, images: Tensor) -> Tensor:
        """Return the pictures, rolled and flipped."""
        if any(self.roll):
            images = ops.roll(images, self.roll, axis=(1, 2))
        for bit, axis in ((1, 1), (2, 2)):
            images = ops.flip(images, axis=axis) if self.flips & bit else images
        return ops.transpose(images, (0, 2, 1, 3)) if self.flips & 4 else images

    def invert(self, images: Tensor) -> Tensor:
        """Return what `apply` was given, or a gradient of that."""
        if self.flips & 4:
            images = ops.transpose(images, (0, 2, 1, 3))
        for bit, axis in ((1, 1), (2, 2)):
            images = ops.flip(images, axis=axis) if self.flips & bit else images
        return ops.roll(images, (-self.roll[0], -self.roll[1]), axis=(1, 2)) if any(self.roll) else images

    def without_roll(self) -> "Transform":
        """Return the flips alone."""
        return Transform(flips=self.flips)
