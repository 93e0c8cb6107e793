"""Names for the types that many modules share."""

from typing import Any, TypeAlias

import numpy as np

# A tensor of whichever framework Keras runs on: TensorFlow, JAX and PyTorch have no common class.
Tensor: TypeAlias = Any
Array: TypeAlias = np.ndarray
Size: TypeAlias = tuple[int, int]  # height, width
