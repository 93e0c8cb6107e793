"""What a small classifier dreams of while it learns shapes: python docs/examples/callback.py

The pictures are made on the spot: ten classes of 32 x 32 pixels, stripes and blobs of several directions and colours.
"""

import keras
import numpy as np
from keras import layers

import kerasdream


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures from -1 to 1 and their classes: five patterns, each reddish or bluish."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :32] / 32 * 2 * np.pi
    labels = rng.integers(0, 10, count)
    made = np.empty((count, 32, 32, 3), np.float32)
    for picture, label in zip(made, labels, strict=True):
        phase, frequency = rng.uniform(0, 6, 2), rng.uniform(2, 4)
        waves = [
            np.sin(frequency * x + phase[0]),
            np.sin(frequency * y + phase[0]),
            np.sin(frequency * (x + y) / 1.4 + phase[0]),
            np.sin(frequency * x + phase[0]) * np.sin(frequency * y + phase[1]),
            np.cos(frequency * np.hypot(x - phase[0], y - phase[1])),
        ]
        colour = np.array([1.0, 0.2, -0.4] if label % 2 else [-0.4, 0.2, 1.0])
        picture[:] = waves[label // 2][..., None] * colour * 0.7 + rng.normal(0, 0.1, (32, 32, 3))
    return made, labels


def classifier() -> keras.Model:
    """Three convolutions with batch norm and a dense layer."""
    x = image = keras.Input((32, 32, 3))
    for width in (32, 64, 128):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu", name=f"relu{width}")(x)
        x = layers.MaxPooling2D()(x)
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def train(folder: str) -> None:
    """Five epochs, with a dream after each."""
    keras.utils.set_random_seed(0)
    model = classifier()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    steady = {"jitter": 16, "gradient_blur": 1.0, "step": 0.03, "iterations": 30, "max_loss": None}
    dreams = kerasdream.DreamCallback({"noise": "noise:256x256"}, {"relu128": 1.0}, output_dir=folder, **steady)
    model.fit(*pictures(4000, 0), validation_data=pictures(500, 1), epochs=5, callbacks=[dreams])


if __name__ == "__main__":
    train("dreams")
    print("dreams/noise.gif shows what the network learnt to see.")
