"""Opacity maps: what is clear, what is opaque, and maps larger than are blurred as they are."""

import numpy as np
import pytest

from kerasdream.image.opacity import opacity


@pytest.mark.parametrize("size", [(60, 90), (700, 1400)])
def test_the_map_is_one_where_it_counted_and_zero_elsewhere(size):
    importance = np.full(size, 0.1)
    height, width = size
    importance[: height // 4, width // 2 : width * 3 // 4] = 1.0
    shown = opacity(importance)
    assert shown.shape == size
    assert shown[height // 8, width * 5 // 8] > 0.99
    assert shown[height * 3 // 4].max() < 1e-6
    assert 0.3 < shown[height // 8, width // 2] < 0.7  # its edge is soft
    assert shown.min() == 0.0
    assert shown.max() == pytest.approx(1.0)


def test_a_map_of_what_is_the_same_everywhere_is_clear():
    assert opacity(np.ones((30, 40))).max() < 1e-6


def test_a_large_map_is_that_of_the_same_picture_smaller():
    y, x = np.mgrid[:96, :128] / 96
    small = np.exp(-((y - 0.3) ** 2 + (x - 0.8) ** 2) / 0.02)
    large = np.repeat(np.repeat(small, 8, 0), 8, 1)
    np.testing.assert_allclose(opacity(large)[4::8, 4::8], opacity(small), atol=0.02)
