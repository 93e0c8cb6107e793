"""Each published preset against a plain rendering of its formula, over its first step in every octave."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import psnr

import kerasdream
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.model import mini, zoo
from kerasdream.presets import PRESETS, settings


@pytest.fixture(scope="module")
def network():
    return mini.read()


def gradient_of(network, image, names, loss):
    with tf.GradientTape() as tape:
        tape.watch(image)
        activations = tf.keras.Model(network.inputs, [network.get_layer(name).output for name in names])([image])
        value = loss(activations if isinstance(activations, list) else [activations])
    return tape.gradient(value, image)


def rolled(octave, reach, number=0):
    """The roll that a dream with the seed 0 draws."""
    return np.random.default_rng([0, octave, number]).integers(-reach, reach + 1, 2).tolist()


def back_to_pixels(image):
    return np.clip((image[0].numpy() / 2.0 + 0.5) * 255.0, 0, 255).astype("uint8")


def tutorial(network, pixels):
    """run_deep_dream_with_octaves of the TensorFlow tutorial, with one step and one tile."""
    image = tf.constant(pixels[None].astype("float32") / 127.5 - 1.0)
    base = tf.cast(tf.shape(image)[1:3], tf.float32)
    for octave, n in enumerate(range(-2, 3)):
        image = tf.image.resize(image, tf.cast(base * 1.3**n, tf.int32))
        shift = rolled(octave, 512)
        there = tf.roll(image, shift, axis=[1, 2])
        slope = gradient_of(network, there, ["mixed3", "mixed5"], lambda a: tf.add_n([tf.reduce_mean(x) for x in a]))
        slope = tf.roll(slope, [-side for side in shift], axis=[1, 2])
        slope /= tf.math.reduce_std(slope) + 1e-8
        image = tf.clip_by_value(image + slope * 0.01, -1, 1)
    return back_to_pixels(tf.image.resize(image, pixels.shape[:2]))


def notebook(network, pixels):
    """deepdream() of Google's notebook, with one step: the gradient of half a sum of squares, added detail carried."""
    original = tf.constant(pixels[None].astype("float32") / 127.5 - 1.0)
    height, width = pixels.shape[:2]
    shapes = [(int(height / 1.4**i), int(width / 1.4**i)) for i in (3, 2, 1, 0)]
    detail = None
    for octave, shape in enumerate(shapes):
        base = tf.image.resize(original, shape)
        image = base if detail is None else base + tf.image.resize(detail, shape)
        shift = rolled(octave, 32)
        there = tf.roll(image, shift, axis=[1, 2])
        slope = gradient_of(network, there, ["mixed4"], lambda a: 0.5 * tf.reduce_sum(a[0] ** 2))
        slope = tf.roll(slope, [-side for side in shift], axis=[1, 2])
        image = tf.clip_by_value(image + 1.5 / 127.5 / tf.reduce_mean(tf.abs(slope)) * slope, -1, 1)
        detail = image - base
    return back_to_pixels(image)


def smoothed(network, pixels):
    """pytorch-deepdream, with one of ten steps: three 9 x 9 Gaussians averaged, then zero mean and unit deviation."""
    image = tf.constant(pixels[None].astype("float32") / 127.5 - 1.0)
    height, width = pixels.shape[:2]
    for octave, i in enumerate((3, 2, 1, 0)):
        image = tf.image.resize(image, (int(height / 1.8**i), int(width / 1.8**i)))
        shift = rolled(octave, 32)
        there = tf.roll(image, shift, axis=[1, 2])
        slope = gradient_of(network, there, ["mixed4"], lambda a: mean_square_inside(a[0]))
        slope = tf.roll(slope, [-side for side in shift], axis=[1, 2])
        sigma = (0 + 1) / 1 * 2.0 + 0.5
        places = np.arange(-4, 5)
        kernel = 0
        for width_of in (0.5 * sigma, sigma, 2 * sigma):
            square = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * width_of**2))
            kernel = kernel + square / square.sum() / 3
        padded = tf.pad(slope, [[0, 0], [4, 4], [4, 4], [0, 0]], mode="REFLECT")
        slope = tf.nn.depthwise_conv2d(
            padded, np.repeat(kernel.astype("float32")[..., None, None], 3, 2), [1, 1, 1, 1], "VALID"
        )
        slope = (slope - tf.reduce_mean(slope)) / (tf.math.reduce_std(slope) + 1e-8)
        image = tf.clip_by_value(image + 0.04 * slope, -1, 1)
    return back_to_pixels(image)


def mean_square_inside(a):
    return tf.reduce_sum(a[:, 2:-2, 2:-2] ** 2) / tf.cast(tf.size(a), tf.float32)


@pytest.mark.filterwarnings("ignore:The structure of `inputs`")
@pytest.mark.parametrize(("name", "plain"), [("tensorflow", tutorial), ("google2015", notebook), ("smooth", smoothed)])
def test_a_published_preset_follows_its_formula(network, name, plain):
    pixels = np.asarray(kerasdream.sample().crop((200, 20, 680, 440)))
    wanted = plain(network, pixels)
    # The formulae are of one tile, and what a network sees at the edges of several is another matter.
    dreamer = kerasdream.Dreamer(**settings(name, "mini") | {"model": network, "iterations": 1, "tile": None})
    got = dreamer.run(pixels).image
    assert psnr(got, wanted) > 50
    assert psnr(wanted, pixels) < 45


@pytest.mark.filterwarnings("ignore:The structure of `inputs`")
def test_robust_takes_plain_steps_along_the_gradient_over_its_root_mean_square(network):
    pixels = np.asarray(kerasdream.sample().crop((200, 20, 680, 440)))
    image = tf.constant(pixels[None].astype("float32") / 127.5 - 1.0)
    for _ in range(4):
        slope = gradient_of(network, image, ["mixed5"], lambda a: tf.reduce_mean(a[0]))
        image += 0.005 * slope / tf.sqrt(tf.reduce_mean(slope**2))
    got = kerasdream.Dreamer(**settings("robust", "mini") | {"model": network, "iterations": 4}).run(pixels).image
    assert psnr(got, back_to_pixels(image)) > 50
    assert psnr(back_to_pixels(image), pixels) < 45
    assert settings("robust")["iterations"] == 60


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_whole(name):
    for model in zoo.ZOO:
        DreamConfig(**settings(name, model))
    assert len(PRESETS[name].about) > 10
    if name != "keras":
        assert PRESETS[name].layers.keys() >= {"inception_v3", "mini"}


def test_what_the_user_says_goes_before_the_preset_and_the_preset_before_the_model():
    config = kerasdream.Dreamer(model="mini", preset="google2015", iterations=3).config
    assert (config.preset, config.iterations, config.jitter, config.detail) == ("google2015", 3, 32, "added")
    assert config.max_loss is None
    assert config.layers == kerasdream.objective("norm(mixed4)")
    assert kerasdream.Dreamer("mixed3", model="mini", preset="smooth").config.layers.as_dict() == {"mixed3": 1.0}
    with pytest.raises(ConfigError, match="no preset 'gogle2015'. Did you mean 'google2015'"):
        kerasdream.Dreamer(model="mini", preset="gogle2015")
