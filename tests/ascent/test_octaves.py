"""The loop over octaves, with steps whose outcome is known."""

import numpy as np
import pytest

from kerasdream.ascent.octaves import OctaveLoop
from kerasdream.ascent.plan import DreamPlan
from kerasdream.ascent.stepper import StepResult
from kerasdream.config import DreamConfig
from kerasdream.errors import NonFiniteError
from kerasdream.image.pyramid import resize_rows

SHAPES = [(4, 6), (8, 12)]
PLAN = DreamPlan((8, 12), (8, 12), dict(enumerate(SHAPES)))


def brighter(losses):
    """A step that adds its size to the picture and reports the next of the given losses."""
    given = iter(losses)

    def step(image, sizes, index, original):
        loss = np.asarray(next(given), np.float32)
        return StepResult(image + sizes.reshape(-1, 1, 1, 1), loss, np.ones_like(loss))

    return step


def loop_of(losses, pictures=1, **settings):
    original = np.random.default_rng(0).uniform(-1, 1, (pictures, 8, 12, 3)).astype(np.float32)
    config = DreamConfig(**{"step": 0.5, "iterations": 3, "num_octave": 2} | settings)
    pixels, frozen = (original + 1) * np.float32(127.5), np.zeros(pictures, bool)
    return original, OctaveLoop(pixels, PLAN, config, brighter(losses), frozen)


def test_steps_add_up_and_the_detail_comes_back():
    original, loop = loop_of([[1.0]] * 6)
    assert list(loop.steps()) == [0, 1, 2, 0, 1, 2]
    # Bilinear resizing keeps a constant, so six steps of 0.5 brighten the original by 3 everywhere.
    np.testing.assert_allclose(loop.picture(), original + 3.0, atol=1e-5)
    assert np.array(loop.losses).shape == (2, 3, 1)


def test_the_second_octave_starts_from_the_grown_first():
    original, loop = loop_of([[1.0]] * 6)
    small = resize_rows(original, SHAPES[0])
    walk = loop.steps()
    for _ in range(4):
        next(walk)
    np.testing.assert_allclose(loop.image, resize_rows(small + 1.5, SHAPES[1]) + 0.5, atol=1e-5)


def test_the_picture_can_be_asked_for_at_any_time():
    original, loop = loop_of([[1.0]] * 6)
    walk = loop.steps()
    np.testing.assert_allclose(loop.picture(), original, atol=1e-5)
    for count in range(1, 7):
        next(walk)
        np.testing.assert_allclose(loop.picture(), original + 0.5 * count, atol=1e-5)


def test_the_step_that_passed_max_loss_is_kept_and_ends_the_octave():
    original, loop = loop_of([[1.0], [9.0], [1.0], [1.0], [1.0]], max_loss=8.0)
    assert list(loop.steps()) == [0, 1, 0, 1, 2]
    np.testing.assert_allclose(loop.picture(), original + 0.5 * 5, atol=1e-5)


def test_max_loss_none_never_ends():
    _, loop = loop_of([[1e30]] * 6, max_loss=None)
    assert len(list(loop.steps())) == 6


def test_each_picture_of_a_batch_has_its_own_max_loss():
    original, loop = loop_of([[9.0, 1.0], [9.0, 9.0], [1.0, 1.0], [1.0, 9.0], [1.0, 1.0]], pictures=2, max_loss=8.0)
    assert list(loop.steps()) == [0, 1, 0, 1, 2]
    np.testing.assert_allclose(loop.picture(), original + np.array([1 + 3, 2 + 2]).reshape(2, 1, 1, 1) * 0.5, atol=1e-5)
    assert np.isnan(loop.losses[0][1][0])
    assert np.isnan(loop.losses[1][2][1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_stops_at_the_last_finite_picture(bad):
    original, loop = loop_of([[1.0], [1.0], [1.0], [1.0], [bad]])
    with pytest.raises(NonFiniteError, match=r"octave 2 at step 2"):
        list(loop.steps())
    np.testing.assert_allclose(loop.picture(), original + 4 * 0.5, atol=1e-5)


def test_frozen_pictures_stay_and_are_not_counted_as_changed():
    original = np.random.default_rng(0).random((2, 8, 12, 3)).astype(np.float32)
    loop = OctaveLoop(
        (original + 1) * np.float32(127.5),
        PLAN,
        DreamConfig(iterations=2, num_octave=2),
        brighter([[1.0, np.nan]] * 4),
        np.array([False, True]),
    )
    list(loop.steps())
    assert loop.changed.tolist() == [True, False]
    np.testing.assert_allclose(loop.picture()[1], original[1], atol=1e-6)
