"""The loop over sizes, with steps whose outcome is known."""

import numpy as np
import pytest

from kerasdream.ascent.loop import Climb
from kerasdream.config import DreamConfig
from kerasdream.errors import NonFiniteError
from kerasdream.image.pyramid import resize_rows

SHAPES = [(4, 6), (8, 12)]


def brighter(losses):
    """A step that adds its size to the picture and reports the next of the given losses."""
    given = iter(losses)

    def step(image, sizes, place):
        loss = np.asarray(next(given), np.float32)
        return image + sizes.reshape(-1, 1, 1, 1), loss, np.ones_like(loss)

    return step


def climb(losses, pictures=1, **settings):
    original = np.random.default_rng(0).uniform(-1, 1, (pictures, 8, 12, 3)).astype(np.float32)
    config = DreamConfig(**{"step": 0.5, "iterations": 3, "num_octave": 2} | settings)
    return original, Climb(
        (original + 1) * np.float32(127.5), SHAPES, config, brighter(losses), np.zeros(pictures, bool)
    )


def test_steps_add_up_and_the_detail_comes_back():
    original, way = climb([[1.0]] * 6)
    assert list(way.steps()) == [0, 1, 2, 0, 1, 2]
    # Bilinear resizing keeps a constant, so six steps of 0.5 brighten the original by 3 everywhere.
    np.testing.assert_allclose(way.picture(), original + 3.0, atol=1e-5)
    assert np.array(way.losses).shape == (2, 3, 1)


def test_the_second_octave_starts_from_the_grown_first():
    original, way = climb([[1.0]] * 6)
    small = resize_rows(original, SHAPES[0])
    walk = way.steps()
    for _ in range(4):
        next(walk)
    np.testing.assert_allclose(way.image, resize_rows(small + 1.5, SHAPES[1]) + 0.5, atol=1e-5)


def test_the_picture_can_be_asked_for_at_any_time():
    original, way = climb([[1.0]] * 6)
    walk = way.steps()
    np.testing.assert_allclose(way.picture(), original, atol=1e-5)
    for count in range(1, 7):
        next(walk)
        np.testing.assert_allclose(way.picture(), original + 0.5 * count, atol=1e-5)


def test_the_step_that_passed_max_loss_is_kept_and_ends_the_octave():
    original, way = climb([[1.0], [9.0], [1.0], [1.0], [1.0]], max_loss=8.0)
    assert list(way.steps()) == [0, 1, 0, 1, 2]
    np.testing.assert_allclose(way.picture(), original + 0.5 * 5, atol=1e-5)


def test_max_loss_none_never_ends():
    _, way = climb([[1e30]] * 6, max_loss=None)
    assert len(list(way.steps())) == 6


def test_each_picture_of_a_batch_has_its_own_max_loss():
    original, way = climb([[9.0, 1.0], [9.0, 9.0], [1.0, 1.0], [1.0, 9.0], [1.0, 1.0]], pictures=2, max_loss=8.0)
    assert list(way.steps()) == [0, 1, 0, 1, 2]
    np.testing.assert_allclose(way.picture(), original + np.array([1 + 3, 2 + 2]).reshape(2, 1, 1, 1) * 0.5, atol=1e-5)
    assert np.isnan(way.losses[0][1][0])
    assert np.isnan(way.losses[1][2][1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_stops_at_the_last_finite_picture(bad):
    original, way = climb([[1.0], [1.0], [1.0], [1.0], [bad]])
    with pytest.raises(NonFiniteError, match=r"octave 2 at step 2"):
        list(way.steps())
    np.testing.assert_allclose(way.picture(), original + 4 * 0.5, atol=1e-5)


def test_still_pictures_stay_and_are_not_counted_as_moved():
    original = np.random.default_rng(0).random((2, 8, 12, 3)).astype(np.float32)
    way = Climb(
        (original + 1) * np.float32(127.5),
        SHAPES,
        DreamConfig(iterations=2, num_octave=2),
        brighter([[1.0, np.nan]] * 4),
        np.array([False, True]),
    )
    list(way.steps())
    assert way.moved.tolist() == [True, False]
    np.testing.assert_allclose(way.picture()[1], original[1], atol=1e-6)
