"""A training step of one's own that learns from pictures moved towards what the network sees in them.

python docs/examples/train_step.py
"""

import keras
import tensorflow as tf
from callback import classifier, pictures
from keras import ops

import kerasdream


class Dreaming(keras.Model):
    """A classifier whose training pictures are each a small step into its own dream."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = classifier()

    def call(self, images, training=None):
        return self.inner(images, training=training)

    def train_step(self, data):
        images, labels = data
        _, slopes = kerasdream.gradient(self.inner, images, "relu64")
        images = images + 0.05 * slopes / ops.maximum(ops.mean(ops.abs(slopes)), 1e-6)
        with tf.GradientTape() as tape:
            scores = self(images, training=True)
            loss = self.compute_loss(images, labels, scores)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"entropy": loss} | self.compute_metrics(images, labels, scores)


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    model = Dreaming()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(*pictures(4000, 0), validation_data=pictures(500, 1), epochs=3)
