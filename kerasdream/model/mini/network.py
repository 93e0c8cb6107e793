"""The architecture of mini: what InceptionV3 shows at mixed0 … mixed7, estimated at a fifth of the work."""

from typing import Any

import keras
from keras import layers, ops

CHANNELS = {"mixed0": 256, "mixed1": 288, "mixed2": 288} | {f"mixed{i}": 768 for i in range(3, 8)}

# mini looks no further than a little past black and white: what a dream has driven beyond has no gradient any more, so
# no number of steps can blow it up.
LIMIT = 1.2


def network(dtype: str | None = None) -> keras.Model:
    """mini without its weights: RGB in [-1, 1] in, activations `mixed0` … `mixed7` out.

    Every output lies on InceptionV3's own grid.

    >>> network().get_layer("mixed4").output.shape
    (None, None, None, 768)
    """

    def conv(x: Any, filters: int, size: Any, strides: int = 1, padding: str = "same") -> Any:
        return layers.Conv2D(
            filters, size, strides, padding, activation="relu", kernel_initializer="he_normal", dtype=dtype
        )(x)

    def block(x: Any, width: int, sizes: tuple[Any, ...]) -> Any:
        """A residual block; its last kernel starts small, so that a fresh network is nearly its stem."""
        y = conv(x, width, 1)
        for size in sizes:
            y = conv(y, width, size)
        small = keras.initializers.VarianceScaling(0.05)
        y = layers.Conv2D(x.shape[-1], 1, kernel_initializer=small, dtype=dtype)(y)
        return layers.Add(dtype=dtype)([x, y])

    def look(x: Any, name: str) -> Any:
        """The output `name`: a linear head, and a ReLU. What feeds the head is bounded, and so is the output."""
        x = layers.ReLU(max_value=6.0, dtype=dtype)(x)
        head = layers.Conv2D(CHANNELS[name], 1, kernel_initializer="glorot_normal", name=f"{name}_head", dtype=dtype)(x)
        return layers.ReLU(name=name, dtype=dtype)(head)

    image = keras.Input((None, None, 3), name="image")
    # From -LIMIT … LIMIT to 0 … 6: ReLU6 is the fastest clip there is.
    x = ops.relu6((image + LIMIT) * (3.0 / LIMIT))
    # The stem of InceptionV3, at half its width or less: the same kernels and poolings, so that the grid is the same,
    # and a gradient comes down through it to the same pixels.
    x = conv(x, 16, 3, 2, "valid")
    x = conv(x, 16, 3, 1, "valid")
    x = conv(x, 32, 3)
    x = layers.MaxPooling2D(3, 2, dtype=dtype)(x)
    x = conv(x, 64, 3, 1, "valid")
    x = layers.MaxPooling2D(3, 2, dtype=dtype)(x)
    x = conv(x, 128, 1)
    looks = []
    for i in range(3):
        x = block(x, 32, (3, 3))
        looks.append(look(x, f"mixed{i}"))
    x = layers.ReLU(dtype=dtype)(x)
    # The pooled half carries smooth shapes past the strided kernel, against a grid in the picture.
    pooled = layers.AveragePooling2D(3, 2, dtype=dtype)(x)
    x = layers.Concatenate(dtype=dtype)([conv(x, 64, 3, 2, "valid"), pooled])
    for i in range(3, 8):
        x = block(x, 96, ((1, 7), (7, 1)))
        looks.append(look(x, f"mixed{i}"))
    return keras.Model(image, looks, name="mini")
