"""Penalties on the pixels themselves: total variation and L2."""

import dataclasses
from collections.abc import Callable

from kerasdream import ops
from kerasdream.objectives.reader import Reader
from kerasdream.objectives.term import Term
from kerasdream.objectives.view import ActivationView
from kerasdream.types import Tensor


@dataclasses.dataclass(frozen=True, repr=False)
class TotalVariation(Term):
    """Smoothness: minus the mean absolute difference of neighbouring pixels.

    >>> str(TotalVariation())
    'tv()'
    """

    calls = ("tv",)

    def __str__(self) -> str:
        return "tv()"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        return cls()

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        x, (height, width) = view.image, view.size()
        down, across = ops.abs(x[:, 1:] - x[:, :-1]), ops.abs(x[:, :, 1:] - x[:, :, :-1])
        down, across = ops.mean(down, axis=-1), ops.mean(across, axis=-1)
        return -view.average(down, (height - 1, width)) - view.average(across, (height, width - 1))


@dataclasses.dataclass(frozen=True, repr=False)
class L2(Term):
    """Greyness: minus the mean square of the picture, whose range is -1 to 1.

    >>> str(L2())
    'l2()'
    """

    calls = ("l2",)

    def __str__(self) -> str:
        return "l2()"

    @classmethod
    def parse(cls, call: str, reader: Reader, term: Callable[[], Term]) -> Term:
        return cls()

    def value(self, view: ActivationView, given: Tensor | None) -> Tensor:
        return -view.average(ops.mean(ops.square(view.image), axis=-1), view.size())
