"""The Keras example, rendered plainly here, against kerasdream: same network, same picture, same settings."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import INCEPTION, SKY, needs_inception, psnr
from PIL import Image

import kerasdream
from kerasdream.model import weights

LAYERS = {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}


def example(model, pixels, step=0.01, num_octave=3, octave_scale=1.4, iterations=20, max_loss=15.0):
    """The algorithm of the example, eager and unfolded: (uint8 picture, last loss)."""
    extractor = keras.Model(model.inputs, {name: model.get_layer(name).output for name in LAYERS})

    def loss_of(image):
        features, loss = extractor(image, training=False), tf.zeros(())
        for name, coefficient in LAYERS.items():
            scaling = tf.reduce_prod(tf.cast(tf.shape(features[name]), "float32"))
            loss += coefficient * tf.reduce_sum(tf.square(features[name][:, 2:-2, 2:-2, :])) / scaling
        return loss

    original = tf.constant(pixels[None].astype("float32") / 127.5 - 1.0)
    height, width = pixels.shape[:2]
    shapes = [(int(height / octave_scale**i), int(width / octave_scale**i)) for i in range(num_octave)][::-1]
    shrunk, image, loss = tf.image.resize(original, shapes[0]), original, None
    for shape in shapes:
        image = tf.image.resize(image, shape)
        for _ in range(iterations):
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = loss_of(image)
            gradient = tape.gradient(loss, image)
            gradient /= tf.maximum(tf.reduce_mean(tf.abs(gradient)), 1e-6)
            image += step * gradient
            if loss > max_loss:
                break
        same_size = tf.image.resize(original, shape)
        image += same_size - tf.image.resize(shrunk, shape)
        shrunk = tf.image.resize(original, shape)
    result = (image[0].numpy() / 2.0 + 0.5) * 255.0
    return np.clip(result, 0, 255).astype("uint8"), float(loss)


@pytest.fixture(scope="module")
def inception():
    """InceptionV3 with random weights, unfolded, and a file of them."""
    model = keras.applications.InceptionV3(weights=None, include_top=False)
    weights.randomize(model, 0)
    return model


@pytest.mark.parametrize("size", [(96, 128), (75, 120)])
def test_a_step_per_octave_is_that_of_the_example(inception, photo, size):
    """Random weights; the small octaves show nothing inside the border, and the example leaves them as they are."""
    pixels = np.asarray(Image.fromarray(photo).resize((size[1] * 2, size[0] * 2)))
    wanted, loss = example(inception, pixels, iterations=1, max_loss=1e9)
    result = kerasdream.Dreamer(LAYERS, model=inception, iterations=1, max_loss=None).run(pixels)
    assert psnr(result.image, wanted) > 50
    assert psnr(wanted, pixels) < 45
    assert result.losses[-1][-1] == pytest.approx(loss, rel=1e-3)


@needs_inception
def test_the_default_dream_of_the_sky_starts_like_the_example_to_the_pixel():
    pixels = np.asarray(Image.open(SKY))
    model = keras.applications.InceptionV3(weights=INCEPTION, include_top=False)
    wanted, loss = example(model, pixels, iterations=1)
    result = kerasdream.Dreamer(weights=INCEPTION, iterations=1).run(pixels)
    assert psnr(result.image, wanted) > 50
    assert result.losses[-1][-1] == pytest.approx(loss, rel=1e-3)


@needs_inception
@pytest.mark.slow
def test_twenty_steps_climb_as_high_as_the_example():
    pixels = np.asarray(Image.open(SKY).resize((522, 293)))
    model = keras.applications.InceptionV3(weights=INCEPTION, include_top=False)
    _, loss = example(model, pixels, num_octave=1)
    result = kerasdream.Dreamer(weights=INCEPTION, num_octave=1).run(pixels)
    assert len(result.losses[0]) == 20
    assert result.losses[0][-1] == pytest.approx(loss, rel=0.05)


@needs_inception
@pytest.mark.slow
def test_the_whole_dream_of_the_sky_ends_where_the_example_may_end():
    """Sixty steps are chaotic: a millionth of white, added to the sky, moves the last loss by a quarter."""
    pixels = np.asarray(Image.open(SKY))
    model = keras.applications.InceptionV3(weights=INCEPTION, include_top=False)
    _, loss = example(model, pixels)
    dreamer, ends = kerasdream.Dreamer(weights=INCEPTION), []
    for noise in (0.0, 1e-6, 1e-6):
        millionths = np.random.default_rng(len(ends)).normal(0, noise, pixels.shape)
        result = dreamer.run(np.clip(pixels / 255 + millionths, 0, 1))
        assert [len(octave) for octave in result.losses] == [20, 20, 20]
        ends.append(result.losses[-1][-1])
    assert 0.95 * min(ends) < loss < 1.05 * max(ends)
