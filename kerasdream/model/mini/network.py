"""The architecture of mini: InceptionV3 up to mixed7, its blocks as wide where they end and narrower inside."""

from collections.abc import Iterable, Sequence

import keras

from kerasdream.model import inception
from kerasdream.model.inception import Branch
from kerasdream.types import Array

# However long a dream goes on, no activation passes 6, those of the blocks named here 6 times the scale. InceptionV3's
# activations for photographs pass that once in a thousand to ten thousand.
ACTIVATION = "relu6"
SCALES = {"mixed4": 0.65, "mixed7": 0.5}

STEM = (16, 24, 48, 32, 192)


def wide(pooled: int) -> list[Branch]:
    """Return a block of 35 x 35 cells, at 299 x 299."""
    return [[(64, 1)], [(32, 1), (64, 5)], [(32, 1), (48, 3), (96, 3)], [(pooled, 1, 1, True), "average"]]


def long(width: int) -> list[Branch]:
    """Return a block of 17 x 17 cells."""
    across, down = (1, 7), (7, 1)
    once: Branch = [(width, 1), (width, across), (192, down)]
    twice: Branch = [(width, 1), (width, down), (width, across), (width, down), (192, across)]
    return [[(192, 1)], once, twice, [(192, 1, 1, True), "average"]]


BLOCKS: dict[str, list[Branch]] = {
    "mixed0": wide(32),
    "mixed1": wide(64),
    "mixed2": wide(64),
    # The large kernel reads a projection of its input, not all of its 288 channels.
    "mixed3": [[(64, 1, 1, True), (384, 3, 2)], [(32, 1), (64, 3), (96, 3, 2)], ["max"]],
    "mixed4": long(64),
    "mixed5": long(64),
    "mixed6": long(80),
    "mixed7": long(96),
}


def network(
    convolutions: Iterable[tuple[Array, Array]] | None = None, blocks: Sequence[str] = tuple(BLOCKS)
) -> keras.Model:
    """Return mini, which takes RGB from -1 to 1 and has `mixed0` to `mixed7`, on InceptionV3's own grid.

    `convolutions` are its kernels and biases; without them it has random ones, to be trained. It ends with the last of
    the `blocks`.

    >>> network().get_layer("mixed4").output.shape
    (None, None, None, 768)
    """
    return inception.network("mini", STEM, {name: BLOCKS[name] for name in blocks}, convolutions, ACTIVATION, SCALES)
