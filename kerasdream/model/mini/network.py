"""The architecture of mini: what InceptionV3 shows at mixed0 … mixed7, estimated at a fifth of the work."""

from typing import Any

import keras
from keras import layers, ops

CHANNELS = {"mixed0": 256, "mixed1": 288, "mixed2": 288} | {f"mixed{i}": 768 for i in range(3, 8)}

# mini looks no further than a little past black and white: what a dream has driven beyond has no gradient any more, so
# no number of steps can blow it up.
LIMIT = 1.2


def network(caps: dict[str, float] | None = None, dtype: str | None = None) -> keras.Model:
    """mini without its weights: RGB in [-1, 1] in, activations `mixed0` … `mixed7` out.

    Every output lies on InceptionV3's own grid and is bounded by `caps`, the largest activation that its teacher
    showed there.

    >>> network().get_layer("mixed4").output.shape
    (None, None, None, 768)
    """
    caps = caps or {}

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
        """The output `name`: a linear head, then a ReLU with a ceiling."""
        x = layers.ReLU(dtype=dtype)(x)
        head = layers.Conv2D(CHANNELS[name], 1, kernel_initializer="glorot_normal", name=f"{name}_head", dtype=dtype)(x)
        return layers.ReLU(max_value=caps.get(name), name=name, dtype=dtype)(head)

    image = keras.Input((None, None, 3), name="image")
    # 3, 5 and 5 pixels with stride 2 end on the grid of InceptionV3's seven stem layers: 75 -> 37 -> 17 -> 7.
    x = conv(ops.clip(image, -LIMIT, LIMIT), 16, 3, 2, "valid")
    x = conv(x, 32, 5, 2, "valid")
    x = conv(x, 128, 5, 2, "valid")
    looks = []
    for i in range(3):
        x = block(x, 32, (3, 3))
        looks.append(look(x, f"mixed{i}"))
    x = layers.ReLU(dtype=dtype)(x)
    # The pooled half carries smooth shapes past the strided kernel, against its grid.
    pooled = layers.AveragePooling2D(3, 2, dtype=dtype)(x)
    x = layers.Concatenate(dtype=dtype)([conv(x, 64, 3, 2, "valid"), pooled])
    for i in range(3, 8):
        x = block(x, 96, ((1, 7), (7, 1)))
        looks.append(look(x, f"mixed{i}"))
    return keras.Model(image, looks, name="mini")
