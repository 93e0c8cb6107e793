"""The numbers behind a picture from noise, against numpy's own Fourier transform."""

import numpy as np
import pytest
from keras import ops

from kerasdream.ascent import parameterization
from kerasdream.ascent.current_backend import current_backend
from kerasdream.visual_config import METHODS


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_spectrum_falls_with_the_frequency():
    magnitude = parameterization.natural_magnitude(8)
    assert magnitude[0, 0] == 8 * 8  # as the lowest frequency, one wave over the whole picture
    assert magnitude[0, 1] == magnitude[1, 0] == pytest.approx(8 * 8)
    assert magnitude[0, 4] == pytest.approx(8 / 0.5)
    assert magnitude[2, 2] == pytest.approx(8 / np.hypot(0.25, 0.25))


def test_a_fourier_picture_is_the_inverse_transform_in_natural_colours():
    rng = np.random.default_rng(0)
    numbers, magnitude = (
        parameterization.initial_parameters("fourier", 2, 16, rng),
        parameterization.natural_magnitude(16),
    )
    waves = np.fft.ifft2((numbers[0] + 1j * numbers[1]) * magnitude).real / 4
    wanted = 2 * sigmoid(np.moveaxis(waves, 1, -1) @ parameterization.COLOR_BASIS.T) - 1
    got = ops.convert_to_numpy(
        parameterization.render("fourier", ops.convert_to_tensor(numbers), ops.convert_to_tensor(magnitude))
    )
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    assert np.linalg.norm(parameterization.COLOR_BASIS, axis=0).max() == pytest.approx(1.0)


def test_maco_moves_phases_only():
    numbers, magnitude = (
        parameterization.initial_parameters("maco", 1, 16, np.random.default_rng(1)),
        parameterization.natural_magnitude(16),
    )
    waves = np.moveaxis(np.fft.ifft2(np.exp(1j * numbers[0]) * magnitude).real, 1, -1)
    wanted = 2 * sigmoid((waves - waves.mean()) / waves.std() @ parameterization.COLOR_BASIS.T) - 1
    got = ops.convert_to_numpy(parameterization.render("maco", numbers, ops.convert_to_tensor(magnitude)))
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    assert got.std() > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_its_gradient_is_the_slope_of_its_value(method):
    numbers, magnitude = (
        parameterization.initial_parameters(method, 1, 8, np.random.default_rng(2)),
        parameterization.natural_magnitude(8),
    )
    along = np.random.default_rng(3).normal(size=numbers.shape).astype(np.float32)

    def value(x):
        seen = parameterization.pad_grey(
            parameterization.render(method, ops.convert_to_tensor(x), ops.convert_to_tensor(magnitude)), 12
        )
        return ops.sum(ops.square(seen), axis=(1, 2, 3))

    gradient = ops.convert_to_numpy(current_backend().gradient(value, ops.convert_to_tensor(numbers))[1])
    rise = float(value(numbers + 1e-2 * along)[0] - value(numbers - 1e-2 * along)[0]) / 2e-2
    assert rise == pytest.approx(float((gradient * along).sum()), rel=0.05, abs=1e-3)


def test_transformations_stay_within_their_reach():
    rows = parameterization.random_affine(200, 100, "fourier", np.random.default_rng(5))
    scale = np.hypot(rows[:, 0], rows[:, 3])
    assert 0.9 < scale.min() < 0.92
    assert 1.08 < scale.max() < 1.12
    angle = np.degrees(np.arctan2(rows[:, 3], rows[:, 0]))
    assert 8 < np.abs(angle).max() < 10
    middle = np.array([49.5, 49.5, 1.0])
    moved = rows[:, :6].reshape(-1, 2, 3) @ middle - 49.5
    assert 8 < np.abs(moved).max() < 12
    crops = parameterization.random_affine(200, 100, "maco", np.random.default_rng(6))
    corners = crops[:, [0, 4]] * 99 + crops[:, [2, 5]]
    assert crops[:, [2, 5]].min() > -0.6
    assert corners.max() < 99.6
    assert crops[:, 0].min() < 0.3


def test_no_transformation_leaves_the_picture():
    image = np.random.default_rng(7).normal(size=(1, 9, 9, 3)).astype(np.float32)
    same = np.array([[1, 0, 0, 0, 1, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(parameterization.affine_transform(image, same), image, atol=1e-6)
    aside = np.array([[1, 0, 2, 0, 1, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(parameterization.affine_transform(image, aside)[:, :, :7], image[:, :, 2:], atol=1e-6)
    assert not ops.convert_to_numpy(parameterization.affine_transform(image, aside))[:, :, 7:].any()
