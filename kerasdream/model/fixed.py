"""A convolution that is not to be trained: its weights are arrays, which take less time to make than variables."""

from typing import Any

from keras import layers

from kerasdream.types import Array


class FixedConv2D(layers.Conv2D):  # type: ignore[misc, unused-ignore]
    """A convolution with this kernel and bias, of channels last.

    >>> import keras, numpy as np
    >>> FixedConv2D(np.ones((1, 1, 3, 8)), np.zeros(8))(keras.Input((None, None, 3))).shape
    (None, None, None, 8)
    """

    def __init__(self, kernel: Array, bias: Array, **settings: Any):
        super().__init__(kernel.shape[3], kernel.shape[:2], **settings)
        self.arrays = kernel, bias

    @property
    def kernel(self) -> Array:
        """The kernel, where Keras looks for that of a convolution."""
        return self.arrays[0]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Put the bias where Keras looks for it; there is nothing to make."""
        self.bias = self.arrays[1]
        self.built = True
