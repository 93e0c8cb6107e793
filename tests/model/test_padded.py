"""Pictures in a larger size show what they show by themselves, whatever lies around them."""

import keras
import numpy as np
import pytest
from conftest import BACKEND
from keras import layers, ops

from kerasdream.model.features import Features
from kerasdream.model.padded import bucket_shape


def test_the_classes_of_size_are_few_and_not_much_larger():
    assert bucket_shape((288, 513)) == (320, 640)
    assert bucket_shape((32, 1)) == (32, 32)
    assert bucket_shape((1024, 1025)) == (1024, 1280)
    for side in range(1, 4096):
        assert side <= bucket_shape((side, side))[0] < max(side + 32, 1.25 * side + 1)
    assert len({bucket_shape((side, side)) for side in range(1, 4097)}) < 30


NETS = {
    "valid": lambda x: layers.Conv2D(5, 3, strides=2)(layers.Conv2D(4, 5)(x)),
    "same": lambda x: layers.Conv2D(4, 5, padding="same", activation="relu")(layers.Conv2D(4, 4, padding="same")(x)),
    "dilated": lambda x: layers.Conv2D(4, 3, padding="same", dilation_rate=3)(layers.Conv2D(4, 1)(x)),
    "strided": lambda x: layers.Conv2D(5, 3, 2, "same")(layers.Conv2D(4, 3, 2, "same")(layers.Conv2D(4, 3)(x))),
    "strided far": lambda x: layers.Conv2D(5, 7, 4, "same")(layers.DepthwiseConv2D(2, 3, "same")(x)),
    "separable": lambda x: layers.SeparableConv2D(4, 3, padding="same")(layers.Conv2D(2, 2, 3, "same")(x)),
    "pools": lambda x: layers.MaxPooling2D(2)(layers.AveragePooling2D(3, 1, "same")(layers.Conv2D(4, 3)(x))),
    # below zero, where a zero outside would win
    "strided pools": lambda x: layers.MaxPooling2D(3, 2, "same")(
        layers.Rescaling(1.0, -3.0)(layers.AveragePooling2D(3, 2, "same")(x))
    ),
    "padded": lambda x: layers.Conv2D(4, 3, 2)(layers.ZeroPadding2D(((0, 1), (2, 3)))(layers.Conv2D(4, 1)(x))),
    "normed": lambda x: layers.Conv2D(3, 3, padding="same")(layers.BatchNormalization()(layers.Conv2D(4, 3)(x))),
    "branches": lambda x: layers.Concatenate()([layers.Conv2D(4, 3, padding="same")(x), layers.Rescaling(2.0, 1.0)(x)]),
    "excited": lambda x: layers.Multiply()(
        [x, layers.Dense(3, "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))]
    ),
    "classes": lambda x: layers.Dense(7)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(x))),
    "inner": lambda x: keras.Sequential([layers.Conv2D(4, 3, 2, "same"), layers.ReLU(), layers.MaxPooling2D(2)])(x),
}


@pytest.mark.parametrize("name", NETS)
def test_what_lies_around_a_picture_is_not_seen(name):
    if name == "strided pools" and BACKEND == "torch":
        pytest.skip("Keras repeats the edge there before it pools")
    rng = np.random.default_rng(1)
    image = keras.Input((None, None, 3))
    shown = NETS[name](image)
    model = keras.Model(image, shown)
    for variable in model.variables:
        if "seed" not in variable.path:
            variable.assign(rng.uniform(0.2, 1.2, variable.shape) * rng.choice((1, 1, -1)))
    features = Features(
        model, [] if name == "classes" else [model.layers[-1].name], "head" if name == "classes" else None
    )
    assert features.supports_padding
    for size in ((29, 40), (30, 37), (31, 33), (32, 64), (48, 35)):
        picture = rng.normal(size=(2, *size, 3)).astype(np.float32)
        inside = rng.normal(size=(2, *bucket_shape(size), 3)).astype(np.float32)
        inside[:, : size[0], : size[1]] = picture
        weights = features.weights(include_rest=True)
        wanted = features(ops.convert_to_tensor(picture), weights)
        got, sizes = features.call_padded(ops.convert_to_tensor(inside), weights, ops.convert_to_tensor(size, "int32"))
        for key, one in wanted.items():
            one, other = ops.convert_to_numpy(one), ops.convert_to_numpy(got[key])
            if one.ndim == 4:
                assert tuple(map(int, sizes[key])) == one.shape[1:3]
                other = other[:, : one.shape[1], : one.shape[2]]
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)


def test_a_layer_that_is_not_known_is_told():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, layers.UpSampling2D(2, name="up")(image))
    assert not Features(model, ["up"]).supports_padding


def test_a_layer_of_ones_own_is_not_taken_for_what_it_is_made_of():
    class Own(layers.Conv2D):
        def call(self, x):
            return ops.flip(super().call(x), axis=1)

    image = keras.Input((None, None, 3))
    assert not Features(keras.Model(image, Own(2, 3, name="own")(image)), ["own"]).supports_padding
