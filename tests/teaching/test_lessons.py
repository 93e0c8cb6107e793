"""Batches, the pictures of nothing in them, and how pictures are changed."""

import pathlib

import numpy as np
import pytest
from conftest import only_tensorflow
from discs_and_bars import bars, class_of, disc

from kerasdream.teaching import augmentation, background
from kerasdream.teaching.config import TeachConfig
from kerasdream.teaching.lessons import Lessons
from kerasdream.teaching.picture import Picture

pytestmark = only_tensorflow


@pytest.fixture(scope="module")
def lessons():
    return Lessons([class_of("bars", bars), class_of("discs", disc)], TeachConfig(side=96, batch=10))


def test_a_batch_depends_on_seed_and_step_alone(lessons):
    pixels, labels = lessons.batch(3)
    again, _ = lessons.batch(3)
    np.testing.assert_array_equal(pixels, again)
    assert np.abs(pixels - lessons.batch(4)[0]).mean() > 10
    assert pixels.shape == (10, 96, 96, 3)
    assert labels.shape == (10,)


def test_classes_come_equally_often_and_the_background_in_a_third(lessons):
    counts = np.bincount(np.concatenate([lessons.batch(step)[1] for step in range(6)]))
    assert counts.tolist() == [21, 21, 18]


def test_one_class_is_half_of_the_batches():
    alone = Lessons([class_of("discs", disc)], TeachConfig(side=96, batch=10), flat=True)
    assert alone.names == ["discs", "background"]
    assert alone.flat
    assert np.bincount(alone.batch(0)[1]).tolist() == [5, 5]


def test_held_out_pictures_are_never_learnt(lessons):
    assert [len(one) for one in lessons.pictures] == [8, 8]
    assert np.bincount(lessons.held_out_labels).tolist() == [2, 2, 4]
    learnt = {picture.square(96).tobytes() for one in lessons.pictures for picture in one}
    assert not learnt & {square.tobytes() for square in lessons.held_out}


def test_a_users_own_background_is_one_class_with_that_which_is_made():
    own = Lessons([class_of("background", bars), class_of("discs", disc)], TeachConfig(side=96, batch=10))
    assert own.names == ["background", "discs"]
    assert own.background == 0


def test_crops_stay_inside_the_mirrored_picture():
    rng = np.random.default_rng(0)
    white = Picture.of(disc(0).point(lambda _: 255), pathlib.Path(), 96)
    assert all(augmentation.crop(white, 96, rng).min() == 255 for _ in range(50))


def test_pictures_without_phase_keep_their_colours_and_lose_their_edges():
    picture = np.asarray(disc(0), np.float32)
    apart = background.without_phase(picture, np.random.default_rng(0))
    np.testing.assert_allclose(apart.std((0, 1)), picture.std((0, 1)), rtol=0.1)
    assert abs(np.corrcoef(apart[..., 0].ravel(), picture[..., 0].ravel())[0, 1]) < 0.5


def test_shuffled_pictures_keep_every_pixel():
    picture = np.asarray(disc(0), np.float32)
    mixed = background.shuffled(picture, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(mixed, axis=None), np.sort(picture, axis=None))
    assert np.abs(mixed - picture).mean() > 10
