"""Blur and Laplacian normalization, against what is known of them."""

import numpy as np
import pytest
from keras import ops

from kerasdream.ascent.gradient_filters import (
    BINOMIAL,
    blur,
    convolve_separable,
    gaussian,
    gaussian_kernels,
    laplacian_normalize,
)


def pulse(side=21):
    image = np.zeros((1, side, side, 2), np.float32)
    image[0, side // 2, side // 2, 0] = 1.0
    return image


def test_a_gaussian_has_the_sum_one_and_its_width():
    for sigma in (0.3, 1.0, 2.5):
        row = gaussian_kernels(sigma, "gaussian")[0]
        places = np.arange(len(row)) - len(row) // 2
        assert row.sum() == pytest.approx(1.0)
        assert np.array_equal(row, row[::-1])
        if sigma >= 1:
            assert np.sqrt((row * places**2).sum()) == pytest.approx(sigma, rel=0.02)
    assert gaussian(0.0, 1).tolist() == [0, 1, 0]


def test_a_pulse_becomes_the_kernel():
    rows = [ops.convert_to_tensor(row) for row in gaussian_kernels(1.5, "gaussian")]
    shown = ops.convert_to_numpy(blur(pulse(), rows))
    row = gaussian_kernels(1.5, "gaussian")[0]
    np.testing.assert_allclose(shown[0, 5:16, 5:16, 0], np.outer(row, row), atol=1e-7)
    assert not shown[..., 1].any()


def test_the_cascade_is_the_mean_of_three_in_nine_pixels():
    rows = gaussian_kernels(2.0, "cascade")
    assert [len(row) for row in rows] == [9, 9, 9]
    shown = ops.convert_to_numpy(blur(pulse(), [ops.convert_to_tensor(row) for row in rows]))
    places = np.arange(-4, 5)
    wanted = 0
    for sigma in (1.0, 2.0, 4.0):
        square = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * sigma**2))
        wanted = wanted + square / square.sum() / 3
    np.testing.assert_allclose(shown[0, 6:15, 6:15, 0], wanted, atol=1e-6)


def test_a_plain_gradient_stays_plain_up_to_the_edge():
    plain = np.full((2, 5, 4, 3), 7.0, np.float32)
    np.testing.assert_allclose(blur(plain, [gaussian(3.0, 9)]), plain, rtol=1e-5)


def test_every_other_cell_is_taken_with_a_stride():
    image = np.random.default_rng(0).normal(size=(1, 9, 8, 3)).astype(np.float32)
    whole = ops.convert_to_numpy(convolve_separable(image, BINOMIAL))
    np.testing.assert_allclose(convolve_separable(image, BINOMIAL, stride=2), whole[:, ::2, ::2], atol=1e-6)


def normalized(gradient, levels):
    return ops.convert_to_numpy(laplacian_normalize(ops.convert_to_tensor(gradient), levels))


@pytest.mark.parametrize("size", [(16, 16), (13, 22), (5, 7)])
def test_normalization_changes_nothing_once_the_scales_are_equal(size):
    gradient = np.random.default_rng(1).normal(size=(1, *size, 3)).astype(np.float32)
    for _ in range(150):
        gradient = normalized(gradient, 2)
    np.testing.assert_allclose(normalized(gradient, 2), gradient, atol=0.02)
    assert gradient.std() > 0.5


def test_normalization_lifts_what_is_faint():
    """A broad wave a thousand times fainter than the grain over it comes out as strong."""
    y, x = np.mgrid[:64, :64]
    grain = ((-1.0) ** (x + y))[None, ..., None] * np.ones(3)
    wave = 1e-3 * np.sin(2 * np.pi * x / 64)[None, ..., None] * np.ones(3)

    def share(gradient):
        return float(np.abs((gradient * wave).sum()) / np.linalg.norm(gradient) / np.linalg.norm(wave))

    before = (grain + wave).astype(np.float32)
    assert share(before) < 0.05
    assert share(normalized(before, 4)) > 0.2


def test_no_levels_only_set_the_strength():
    gradient = np.random.default_rng(3).normal(0, 5, (2, 8, 8, 3)).astype(np.float32)
    wanted = gradient / np.sqrt((gradient**2).mean((1, 2, 3), keepdims=True))
    np.testing.assert_allclose(normalized(gradient, 0), wanted, rtol=1e-5)


@pytest.mark.parametrize(("size", "sigma"), [((70, 200), 1.0), ((40, 31), 20.0), ((512, 768), 20.0)])
def test_a_blur_of_any_width_is_that_of_its_formula(size, sigma):
    """With 121 taps at 512 x 768, TensorFlow's own convolution ends the process."""
    images = np.random.default_rng(0).normal(size=(1, *size, 3)).astype(np.float32)
    (row,) = gaussian_kernels(sigma, "gaussian")
    expected = images.astype(float)
    for axis in (1, 2):
        side, reach = size[axis - 1], len(row) // 2
        period = 2 * (side - 1)
        places = np.arange(-reach, side + reach) % period
        padded = np.take(expected, np.minimum(places, period - places), axis=axis)
        expected = sum(w * np.take(padded, np.arange(i, i + side), axis=axis) for i, w in enumerate(row))
    shown = ops.convert_to_numpy(convolve_separable(ops.convert_to_tensor(images), ops.convert_to_tensor(row)))
    np.testing.assert_allclose(shown, expected, atol=2e-5)
