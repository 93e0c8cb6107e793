"""What each term measures, worked out by hand on activations of a few numbers."""

import numpy as np
import pytest
from keras import ops

from kerasdream.ascent.measure import HEAD, MEASURES, Seen, measure
from kerasdream.errors import ModelError
from kerasdream.objectives import L2, Class, Content, Direction, Guide, Layer, Term, TotalVariation


def seen(a, image=None, original=None):
    a = np.asarray(a, np.float32)
    image = np.zeros((len(a), 4, 4, 3), np.float32) if image is None else np.asarray(image, np.float32)
    return Seen(ops.convert_to_tensor(image), {"a": ops.convert_to_tensor(a)}, original and {"a": np.float32(original)})


def test_the_mean_square_counts_the_inside_over_all_elements():
    a = np.full((2, 7, 6, 4), 3.0)
    a[1] = 1.0
    a[:, :2] = a[:, -2:] = a[:, :, :2] = a[:, :, -2:] = 1000.0  # the border does not count
    inside, everything = 3 * 2 * 4, 7 * 6 * 4
    np.testing.assert_allclose(measure(Layer("a"), seen(a)), [9 * inside / everything, inside / everything], rtol=1e-6)


def test_a_layer_that_is_all_border_shows_nothing():
    assert float(measure(Layer("a"), seen(np.ones((1, 4, 9, 3))))[0]) == 0.0


def test_some_channels_count_among_themselves():
    a = np.zeros((1, 5, 5, 4))
    a[0, 2, 2] = [1, 2, 3, 4]  # the one cell inside, of 25
    assert float(measure(Layer("a", 2), seen(a))[0]) == pytest.approx(9 / 25)
    assert float(measure(Layer("a", (1, 3)), seen(a))[0]) == pytest.approx((4 + 16) / 50)


def test_a_mean_and_half_a_sum_of_squares_have_no_border():
    a = np.arange(8.0).reshape(1, 2, 2, 2)
    assert float(measure(Layer("a", measure="mean"), seen(a))[0]) == 3.5
    assert float(measure(Layer("a", 1, measure="mean"), seen(a))[0]) == 4.0
    assert float(measure(Layer("a", measure="norm"), seen(a))[0]) == 70.0


def test_a_neuron_is_one_number():
    a = np.arange(24.0).reshape(1, 3, 4, 2)
    place = np.array([2, 1], np.int32)
    assert float(measure(Layer("a", 1, at=(2, 1), measure="mean"), seen(a), place)[0]) == a[0, 2, 1, 1] == 19
    assert float(measure(Layer("a", 1, at=(2, 1)), seen(a), place)[0]) == 19**2


def test_picked_channels_are_those_given_for_each_picture():
    a = np.zeros((2, 5, 5, 3))
    a[:, 2, 2] = [1, 2, 3]
    given = ops.convert_to_tensor(np.array([[2, 0], [1, 1]], np.int32))
    np.testing.assert_allclose(measure(Layer("a", pick="strong2"), seen(a), given), [(9 + 1) / 50, (4 + 4) / 50])


def test_a_direction_is_the_mean_along_it():
    a = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    along = ops.convert_to_tensor(np.array([2.0, -1.0], np.float32))
    assert float(measure(Direction("a", {0: 2.0, 1: -1.0}), seen(a), along)[0]) == (0 + 2) / 2


def test_a_class_is_its_score():
    what = Seen(None, {HEAD: ops.convert_to_tensor(np.array([[0.5, -2.0, 7.0]], np.float32))})
    assert float(measure(Class(2), what, np.array(2, np.int32))[0]) == 7.0


def test_a_guide_pulls_each_place_to_its_best_match():
    a = np.array([[[[1.0, 0.0], [0.0, 2.0]]]])
    rows = ops.convert_to_tensor(np.array([[3.0, 0.0], [1.0, 1.0]], np.float32))
    # Products of the first place: 3 and 1; of the second: 0 and 2. Two places, two channels.
    assert float(measure(Guide("a", "g.png"), seen(a), rows)[0]) == pytest.approx((3 + 2) / 2 / 2)
    cosines = 1.0 + np.sqrt(0.5)
    assert float(measure(Guide("a", "g.png", "cosine"), seen(a), rows)[0]) == pytest.approx(cosines / 2, rel=1e-5)


def test_content_is_minus_the_mean_squared_distance():
    a = np.array([[[[1.0, 2.0]]]])
    what = Seen(
        np.zeros((1, 1, 1, 3)),
        {"a": ops.convert_to_tensor(a)},
        {"a": ops.convert_to_tensor(np.array([[[[4.0, 2.0]]]]))},
    )
    assert float(measure(Content("a"), what)[0]) == -4.5


def test_total_variation_and_l2_look_at_the_picture():
    image = np.zeros((1, 2, 2, 1))
    image[0, 0, 0] = 1.0  # of the two differences down, and of the two across, one is 1
    assert float(measure(TotalVariation(), seen(np.zeros((1, 1, 1, 1)), image))[0]) == -1.0
    assert float(measure(L2(), seen(np.zeros((1, 1, 1, 1)), image * 2))[0]) == -1.0


def test_every_term_has_a_measure_and_no_other_has():
    kinds = {kind for kind in Term.__subclasses__() if kind.__name__ != "Inside"}
    assert set(MEASURES) == kinds
    assert float(measure(Layer("a", measure="mean").inside("m.png").terms[0][0], seen(np.ones((1, 1, 1, 1))))[0]) == 1

    class Odd(Term):
        def __str__(self):
            return "odd"

    with pytest.raises(ModelError, match="odd is a Odd; Layer, Direction"):
        measure(Odd(), seen(np.zeros((1, 1, 1, 1))))
