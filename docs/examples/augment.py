"""A dataset of which a tenth is dreamt anew in every epoch: python docs/examples/augment.py"""

import keras
import numpy as np
import tensorflow as tf
from callback import classifier, pictures

import kerasdream

if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    images, labels = pictures(2000, 0)
    data = tf.data.Dataset.from_tensor_slices((np.uint8((images.clip(-1, 1) + 1) * 127.5), labels)).batch(50)
    data = kerasdream.augment(data, "mixed0", share=0.1, iterations=3, num_octave=1, step=0.05)
    data = data.map(lambda image, label: (tf.cast(image, tf.float32) / 127.5 - 1.0, label)).prefetch(2)
    model = classifier()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(data, epochs=2)
