"""How much of a picture goes through the network at once: all of it, or tiles, as memory allows."""

import math

from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.errors import OutOfMemoryError, warn
from kerasdream.knobs import bytes_of
from kerasdream.objectives.view import BORDER

ALWAYS_FITS = 4_000  # bytes for the gradient of a pixel, in any network here: a small picture is not estimated
MAX_TILE = 1024  # side of a tile that nobody asked for: larger ones are not faster
MIN_TILE = 64


class MemoryBudget:
    """The memory that a dream may take, and the tiles that fit into it."""

    def __init__(self, compiled: CompiledObjective):
        self.compiled, self.asked_tile = compiled, compiled.config.tile
        self.largest_tile, self.bytes = self.asked_tile, bytes_of(compiled.config.memory)

    def affordable_pixels(self) -> int:
        """Return how many pixels may go through the network together."""
        return int(self.bytes / self.compiled.bytes_per_pixel)

    def smallest_tile(self) -> int:
        """Return the side of the smallest tile in which every layer shows something inside its border."""
        return max(MIN_TILE, self.compiled.features.min_side(2 * BORDER + 1))

    def tile_side(self, shape: tuple[int, ...]) -> int | None:
        """Return the side of the tiles for pictures of a shape (N, H, W, C); None for the whole of them at once."""
        if self.compiled.whole_only:
            return None
        if self.largest_tile is not None:
            return self.largest_tile if max(shape[1:3]) > self.largest_tile else None
        pixels = math.prod(shape[:3])
        if pixels * ALWAYS_FITS <= self.bytes or pixels <= (affordable := self.affordable_pixels()):
            return None
        if shape[1] * shape[2] <= affordable:  # a batch, picture by picture
            return max(shape[1:3])
        return max(self.smallest_tile(), min(MAX_TILE, math.isqrt(affordable)))

    def halve_tile(self, side: int, fault: BaseException) -> int:
        """Return half the side of the tiles, after the memory ran out.

        Raises OutOfMemoryError where that is too small to be of use.
        """
        half = side // 2
        if self.compiled.whole_only or half < self.smallest_tile():
            raise OutOfMemoryError(
                f"The memory does not hold the gradient of a tile of {side} pixels, about "
                f"{self.compiled.bytes_per_pixel * side**2 / 1e6:.0f} MB. A smaller network or lower layers would fit."
            ) from fault
        if self.largest_tile == self.asked_tile:  # warn once
            warn(
                f"The memory ran out; the dream goes on in tiles of {half} pixels, and smaller ones if need be. "
                f"Give tile={half}, or a smaller memory, to begin with that."
            )
        self.largest_tile = half
        return half
