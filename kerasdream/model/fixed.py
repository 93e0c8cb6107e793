"""A convolution that is not to be trained: its numbers are arrays, not variables, which take their time to make."""

from typing import Any

import numpy as np
from keras import layers


class FixedConv2D(layers.Conv2D):
    """A convolution with this kernel and bias, of channels last.

    >>> FixedConv2D(np.ones((1, 1, 3, 8)), np.zeros(8))(keras.Input((None, None, 3))).shape
    (None, None, None, 8)
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray, **settings: Any):
        super().__init__(kernel.shape[3], kernel.shape[:2], **settings)
        self.arrays = kernel, bias

    @property
    def kernel(self) -> np.ndarray:
        return self.arrays[0]

    def build(self, input_shape: Any) -> None:
        """There is nothing to make: the numbers are there."""
        self.bias = self.arrays[1]
        self.built = True
