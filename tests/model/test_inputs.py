"""What a model of a user's own takes: its channels, and the range that its first layers tell."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kerasdream
from kerasdream.errors import ModelError
from kerasdream.model.inputs import default_preprocess, input_channels, input_range

BYTES, UNIT, SIGNED = (0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)
IMAGENET = {"mean": [0.485, 0.456, 0.406], "variance": [0.229**2, 0.224**2, 0.225**2]}


def starting(*first):
    """A model that begins with these layers or functions, and then has a convolution."""
    x = image = keras.Input((None, None, 3))
    for layer in first:
        x = layer(x)
    return keras.Model(image, layers.Conv2D(4, 3, name="conv")(x), name="net")


def flips():
    return keras.Sequential([keras.Input((None, None, 3)), layers.RandomFlip(), layers.RandomRotation(0.1)])


def adapted(pixels):
    """A Normalization that was adapted to these pixels."""
    layer = layers.Normalization()
    layer.adapt(pixels)
    return layer


PHOTOS = np.random.default_rng(0).beta(2, 2.5, (4, 16, 16, 3)).astype(np.float32)
CASES = {
    "nothing": ([], None),
    "to 0 and 1": ([layers.Rescaling(1 / 255)], BYTES),
    "to -1 and 1": ([layers.Rescaling(1 / 127.5, offset=-1)], BYTES),
    "nearly to -1 and 1": ([layers.Rescaling(1 / 128, offset=-1)], BYTES),
    "from 0 to 1": ([layers.Rescaling(2.0, offset=-1.0)], UNIT),
    "to bytes": ([layers.Rescaling(255)], UNIT),
    "from -1 to bytes": ([layers.Rescaling(127.5, offset=127.5)], SIGNED),
    "by channel": ([layers.Rescaling([1 / 255] * 3, offset=[0.0] * 3)], BYTES),
    "no change, then one": ([layers.Rescaling(1.0), layers.Rescaling(1 / 255)], BYTES),
    "two halves": ([layers.Rescaling(1 / 127.5), layers.Rescaling(1.0, offset=-1.0)], BYTES),
    "after flips": ([flips(), layers.Rescaling(1 / 255)], BYTES),
    "after a layer that pads": ([layers.ZeroPadding2D(), layers.Rescaling(1 / 255)], BYTES),
    "division": ([lambda x: x / 255.0], BYTES),
    "multiplication from the left": ([lambda x: (1 / 255) * x], BYTES),
    "arithmetic": ([lambda x: x / 127.5 - 1.0], BYTES),
    "of mobilenet": ([keras.applications.mobilenet_v2.preprocess_input], BYTES),
    "of vgg": ([keras.applications.vgg16.preprocess_input], BYTES),
    "of densenet": ([keras.applications.densenet.preprocess_input], BYTES),
    "negative": ([lambda x: 1.0 - x], None),
    "an odd scale": ([layers.Rescaling(0.3, offset=7.0)], None),
    "too late": ([layers.Conv2D(3, 1), layers.Rescaling(1 / 255)], None),
    "mean and variance of 0 to 1": ([layers.Normalization(**IMAGENET)], UNIT),
    "mean and variance of bytes": (
        [layers.Normalization(mean=[123.7, 116.3, 103.5], variance=[58.4**2, 57.1**2, 57.4**2])],
        BYTES,
    ),
    "mean and variance of -1 to 1": ([layers.Normalization(mean=[-0.03] * 3, variance=[0.25] * 3)], SIGNED),
    "rescaled, then normalized": ([layers.Rescaling(1.0), layers.Normalization(**IMAGENET)], UNIT),
    "never adapted": ([layers.Normalization()], None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_layers_tell_the_range(name):
    first, wanted = CASES[name]
    assert input_range(starting(*first)) == wanted


def test_an_adapted_normalization_tells_the_range_of_what_it_saw():
    assert input_range(starting(adapted(PHOTOS))) == UNIT
    assert input_range(starting(adapted(PHOTOS * 255))) == BYTES
    assert input_range(starting(adapted(PHOTOS * 2 - 1))) == SIGNED


def test_the_layers_of_an_inner_model_tell_it_too():
    image = keras.Input((None, None, 3))
    inner = starting(layers.Rescaling(1 / 255))
    assert input_range(keras.Model(image, layers.ReLU()(inner(image)))) == BYTES
    branches = keras.Model(image, layers.Add()([layers.Conv2D(3, 1)(image), image]))
    outer = keras.Model(image, layers.Rescaling(1 / 255)(branches(image)))
    assert input_range(outer) is None  # what comes after the branches is no picture


def test_networks_of_keras_tell_what_they_take():
    assert input_range(keras.applications.EfficientNetV2B0(weights=None, include_top=False)) == BYTES
    assert input_range(keras.applications.MobileNetV3Small(weights=None, include_top=False)) == BYTES
    assert input_range(keras.applications.ConvNeXtTiny(weights=None, include_top=False)) == BYTES
    assert input_range(keras.applications.MobileNetV2(weights=None, include_top=False)) is None


@pytest.mark.parametrize(
    ("first", "wanted"),
    [
        ([layers.Rescaling(1 / 255)], [0.0, 51.0, 255.0]),
        ([layers.Rescaling(2.0, offset=-1.0)], [0.0, 0.2, 1.0]),
        ([], None),
        ([layers.Rescaling(127.5, offset=127.5)], None),
    ],
)
def test_pictures_are_brought_to_that_range(first, wanted):
    preprocess = default_preprocess(starting(*first))
    if wanted is None:
        assert preprocess is None  # -1 to 1, as a dream has them
    else:
        pixels = ops.convert_to_tensor(np.array([[[[0.0, 51.0, 255.0]]]], np.float32))
        np.testing.assert_allclose(ops.convert_to_numpy(preprocess(pixels)).ravel(), wanted, atol=1e-5)


def test_a_model_of_one_channel_gets_the_lightness_in_its_range():
    image = keras.Input((None, None, 1))
    pixels = ops.convert_to_tensor(np.array([[[[255.0, 0.0, 0.0], [255.0, 255.0, 255.0]]]], np.float32))
    for model, wanted in (
        (keras.Model(image, layers.Conv2D(2, 1)(image)), [2 * 0.299 - 1, 1.0]),
        (keras.Model(image, layers.Conv2D(2, 1)(layers.Rescaling(1 / 255)(image))), [0.299 * 255, 255.0]),
    ):
        np.testing.assert_allclose(ops.convert_to_numpy(default_preprocess(model)(pixels)).ravel(), wanted, rtol=1e-4)


def test_other_channels_need_a_function():
    image = keras.Input((None, None, 6))
    model = keras.Model(image, layers.Conv2D(2, 1)(image), name="six")
    assert input_channels(model) == 6
    with pytest.raises(ModelError, match="'six' takes pictures of 6 channels; pass preprocess="):
        default_preprocess(model)


@pytest.mark.parametrize("shape", [(3, 32, 32), (3, None, None)])
def test_channels_first_is_told_as_that(shape):
    image = keras.Input(shape)
    pool = layers.MaxPooling2D(data_format="channels_first", name="pool")
    model = keras.Model(image, pool(image), name="net")
    for function in (input_channels, kerasdream.layers):
        with pytest.raises(ModelError, match=r"'net' takes pictures .* with channels first \(see its layer 'pool'\)"):
            function(model)


def test_a_model_that_turns_its_pictures_itself_takes_channels_last():
    image = keras.Input((32, 32, 3))
    turned = layers.Permute((3, 1, 2))(image)
    model = keras.Model(image, layers.MaxPooling2D(data_format="channels_first")(turned))
    assert input_channels(model) == 3


def test_what_takes_no_pictures_is_told():
    words = keras.Model(inputs := keras.Input((7,)), layers.Dense(2)(inputs), name="words")
    with pytest.raises(ModelError, match=r"'words' takes inputs of shape \[\(None, 7\)\]; one input"):
        input_channels(words)
    with pytest.raises(ModelError, match=r"'net' does not know yet which pictures it takes"):
        input_channels(keras.Sequential([layers.Conv2D(4, 3)], name="net"))
