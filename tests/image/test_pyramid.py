"""Octave sizes and padding, by hand."""

import numpy as np
import tensorflow as tf

from kerasdream.image.pyramid import crop_center, octave_shapes, pad_reflect, resize_rows


def test_octaves_end_at_the_picture_and_round_down():
    assert octave_shapes((300, 400), 3, 2.0) == [(75, 100), (150, 200), (300, 400)]
    assert octave_shapes((575, 1024), 3, 1.4) == [(293, 522), (410, 731), (575, 1024)]
    assert octave_shapes((5, 9), 1, 1.4) == [(5, 9)]


def test_padding_reflects_on_both_ends_and_crops_back():
    row = np.arange(4.0).reshape(1, 1, 4, 1)
    padded = pad_reflect(row, (8, 8))
    assert padded.shape == (1, 8, 8, 1)
    assert padded[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]
    assert np.array_equal(crop_center(padded, (1, 4)), row)


def test_a_picture_that_is_large_enough_is_not_copied():
    pixels = np.zeros((1, 8, 9, 3))
    assert pad_reflect(pixels, (8, 8)) is pixels
    assert pad_reflect(pixels, (9, 9)).shape == (1, 9, 9, 3)


def test_resizing_is_that_of_the_example():
    row = np.array([0.0, 10.0], np.float32).reshape(1, 1, 2, 1)
    assert resize_rows(row, (1, 4))[0, 0, :, 0].tolist() == [0.0, 2.5, 7.5, 10.0]
    assert resize_rows(np.arange(8).reshape(1, 1, 8, 1), (1, 2)).ravel().tolist() == [1.5, 5.5]
    pictures = np.random.default_rng(0).integers(0, 256, (2, 31, 47, 3), np.uint8)
    for shape in ((31, 47), (17, 60), (62, 20), (31, 46)):
        whole = resize_rows(pictures, shape)
        np.testing.assert_allclose(whole, tf.image.resize(pictures, shape), atol=1e-3)
        assert np.array_equal(resize_rows(pictures, shape, slice(5, 9)), whole[:, 5:9])
        assert whole.dtype == np.float32
