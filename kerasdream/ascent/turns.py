"""A picture rolled, mirrored and turned, and a gradient of it brought back."""

from typing import Any

from keras import ops


def moved(image: Any, shift: tuple[int, int], turn: int) -> Any:
    """Rolled, then turned: the bits of `turn` mirror it upside down, mirror it sideways, and swap its sides."""
    if any(shift):
        image = ops.roll(image, shift, axis=(1, 2))
    for bit, axis in ((1, 1), (2, 2)):
        image = ops.flip(image, axis=axis) if turn & bit else image
    return ops.transpose(image, (0, 2, 1, 3)) if turn & 4 else image


def moved_back(gradient: Any, shift: tuple[int, int], turn: int) -> Any:
    """A gradient of the moved picture as one of the picture itself."""
    if turn & 4:
        gradient = ops.transpose(gradient, (0, 2, 1, 3))
    for bit, axis in ((1, 1), (2, 2)):
        gradient = ops.flip(gradient, axis=axis) if turn & bit else gradient
    return ops.roll(gradient, (-shift[0], -shift[1]), axis=(1, 2)) if any(shift) else gradient
