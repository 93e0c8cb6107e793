"""Octave sizes and padding, by hand."""

import numpy as np

from kerasdream.image.pyramid import crop, octave_shapes, pad


def test_octaves_end_at_the_picture_and_round_down():
    assert octave_shapes((300, 400), 3, 2.0) == [(75, 100), (150, 200), (300, 400)]
    assert octave_shapes((575, 1024), 3, 1.4) == [(293, 522), (410, 731), (575, 1024)]
    assert octave_shapes((5, 9), 1, 1.4) == [(5, 9)]


def test_padding_reflects_on_both_ends_and_crops_back():
    row = np.arange(4.0).reshape(1, 1, 4, 1)
    padded = pad(row, (8, 8))
    assert padded.shape == (1, 8, 8, 1)
    assert padded[0, 0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]
    assert np.array_equal(crop(padded, (1, 4)), row)


def test_a_picture_that_is_large_enough_is_not_copied():
    pixels = np.zeros((1, 8, 9, 3))
    assert pad(pixels, (8, 8)) is pixels
    assert pad(pixels, (9, 9)).shape == (1, 9, 9, 3)
