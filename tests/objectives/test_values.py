"""The value of each kind of term, worked out by hand on activations of a few numbers."""

import numpy as np
import pytest
from keras import ops

from kerasdream.errors import ConfigError
from kerasdream.objectives import (
    L2,
    ActivationView,
    Caricature,
    Class,
    Content,
    Direction,
    Guide,
    Layer,
    Statistics,
    TotalVariation,
    objective_of,
    weighted_sum,
)
from kerasdream.objectives.view import SCORES


def value(term, view, given=None):
    return term.value(view, given)


def view_of(a, image=None):
    a = np.asarray(a, np.float32)
    image = np.zeros((len(a), 4, 4, 3), np.float32) if image is None else np.asarray(image, np.float32)
    return ActivationView(ops.convert_to_tensor(image), {"a": ops.convert_to_tensor(a)})


def test_the_mean_square_counts_the_inside_over_all_elements():
    a = np.full((2, 7, 6, 4), 3.0)
    a[1] = 1.0
    a[:, :2] = a[:, -2:] = a[:, :, :2] = a[:, :, -2:] = 1000.0  # the border does not count
    inside, everything = 3 * 2 * 4, 7 * 6 * 4
    np.testing.assert_allclose(value(Layer("a"), view_of(a)), [9 * inside / everything, inside / everything], rtol=1e-6)


def test_a_layer_that_is_all_border_shows_nothing():
    assert float(value(Layer("a"), view_of(np.ones((1, 4, 9, 3))))[0]) == 0.0


def test_some_channels_count_among_themselves():
    a = np.zeros((1, 5, 5, 4))
    a[0, 2, 2] = [1, 2, 3, 4]  # the one cell inside, of 25
    assert float(value(Layer("a", 2), view_of(a))[0]) == pytest.approx(9 / 25)
    assert float(value(Layer("a", (1, 3)), view_of(a))[0]) == pytest.approx((4 + 16) / 50)


def test_a_mean_and_half_a_sum_of_squares_have_no_border():
    a = np.arange(8.0).reshape(1, 2, 2, 2)
    assert float(value(Layer("a", measure="mean"), view_of(a))[0]) == 3.5
    assert float(value(Layer("a", 1, measure="mean"), view_of(a))[0]) == 4.0
    assert float(value(Layer("a", measure="norm"), view_of(a))[0]) == 70.0


def test_a_neuron_is_one_number():
    a = np.arange(24.0).reshape(1, 3, 4, 2)
    place = np.array([2, 1], np.int32)
    assert float(value(Layer("a", 1, at=(2, 1), measure="mean"), view_of(a), place)[0]) == a[0, 2, 1, 1] == 19
    assert float(value(Layer("a", 1, at=(2, 1)), view_of(a), place)[0]) == 19**2


def test_picked_channels_are_those_given_for_each_picture():
    a = np.zeros((2, 5, 5, 3))
    a[:, 2, 2] = [1, 2, 3]
    given = ops.convert_to_tensor(np.array([[2, 0], [1, 1]], np.int32))
    np.testing.assert_allclose(value(Layer("a", pick="strong2"), view_of(a), given), [(9 + 1) / 50, (4 + 4) / 50])


def test_a_direction_is_the_mean_along_it():
    a = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    along = ops.convert_to_tensor(np.array([2.0, -1.0], np.float32))
    assert float(value(Direction("a", {0: 2.0, 1: -1.0}), view_of(a), along)[0]) == (0 + 2) / 2


def test_a_class_is_its_score():
    what = ActivationView(None, {SCORES: ops.convert_to_tensor(np.array([[0.5, -2.0, 7.0]], np.float32))})
    assert float(value(Class(2), what, np.array(2, np.int32))[0]) == 7.0


def test_a_guide_pulls_each_place_to_its_best_match():
    a = np.array([[[[1.0, 0.0], [0.0, 2.0]]]])
    rows = ops.convert_to_tensor(np.array([[3.0, 0.0], [1.0, 1.0]], np.float32))
    # Products of the first place: 3 and 1; of the second: 0 and 2. Two places, two channels.
    assert float(value(Guide("a", "g.png"), view_of(a), rows)[0]) == pytest.approx((3 + 2) / 2 / 2)
    cosines = 1.0 + np.sqrt(0.5)
    assert float(value(Guide("a", "g.png", "cosine"), view_of(a), rows)[0]) == pytest.approx(cosines / 2, rel=1e-5)


def test_a_caricature_is_one_where_the_activations_are_the_pictures():
    wanted = np.array([[[1.0, 0.0], [0.0, 2.0]]])  # 1 x 2 cells of two channels, of mean square 2.5
    given = np.float32(wanted / 2.5)
    a = np.stack([wanted, 3 * wanted, wanted[..., ::-1], [[[1.0, 2.0], [0.0, 0.0]]]])
    np.testing.assert_allclose(value(Caricature("a", "p", 0), view_of(a), given), [1, 3, 0, 0.2], atol=1e-6)
    cosine = 1 / 5  # of (1, 2, 0, 0) and (1, 0, 0, 2)
    for power in (1, 2):
        got = value(Caricature("a", "p", power), view_of(a), given)
        np.testing.assert_allclose(got, [1, 3, 0, 0.2 * cosine**power], rtol=1e-5, atol=1e-6)
    little = np.array([[[[0.1, 5.0], [0.0, 0.0]]]])  # a cosine below 0.1 counts as 0.1
    got = value(Caricature("a", "p", 2), view_of(little), given)
    np.testing.assert_allclose(got, [0.1 / 5 * 0.01], rtol=1e-5)


def test_statistics_compare_sorted_activations_wherever_they_are():
    ramp = np.arange(256.0)[:, None] * np.ones(2) / 256  # what is wanted: evenly spread from 0 to 1
    spread = (np.array([3.0, 0.0, 2.0, 1.0]) + 0.5) / 4 - 0.5 / 256
    a = np.stack([np.stack([spread, spread[::-1]], -1).reshape(2, 2, 2), np.zeros((2, 2, 2))])
    got = value(Statistics("a", "p"), view_of(a), np.float32(ramp))
    squares = np.mean(np.sort(spread) ** 2)
    np.testing.assert_allclose(got, [0.0, -squares / np.mean(ramp**2)], atol=1e-6)
    assert float(value(Statistics("a", "p"), view_of(a[:1] * 2), np.float32(ramp))[0]) == pytest.approx(
        -squares / np.mean(ramp**2), rel=1e-5
    )


def test_statistics_are_the_mean_of_those_of_the_pictures():
    class Network:
        def channel_count(self, layer):
            return 1

        def picture_activations(self, picture, layer):
            return {"a.png": np.float32([[4], [0]]), "b.png": np.float32([[2], [2], [2]])}[picture]

    wanted = Statistics("a", ("a.png", "b.png")).constant(Network())
    assert wanted.shape == (256, 1)
    np.testing.assert_allclose(wanted[[0, 255], 0], [1.0, 3.0])
    assert (np.diff(wanted[:, 0]) >= 0).all()
    np.testing.assert_allclose(wanted.mean(), 2.0, rtol=1e-5)


def test_content_is_minus_the_mean_squared_distance():
    a = np.array([[[[1.0, 2.0]]]])
    what = ActivationView(
        np.zeros((1, 1, 1, 3)),
        {"a": ops.convert_to_tensor(a)},
        {"a": ops.convert_to_tensor(np.array([[[[4.0, 2.0]]]]))},
    )
    assert float(value(Content("a"), what)[0]) == -4.5


def test_balanced_content_is_minus_the_mean_distance_of_the_cells():
    before = np.zeros((1, 2, 2, 2), np.float32)
    after = before.copy()
    after[0, 0, 0], after[0, 1, 1] = (3.0, 4.0), (0.0, 2.0)
    what = ActivationView(
        np.zeros((1, 2, 2, 3)), {"a": ops.convert_to_tensor(after)}, {"a": ops.convert_to_tensor(before)}
    )
    wanted = -(np.sqrt((9 + 16) / 2) + np.sqrt(4 / 2)) / 4
    assert float(value(Content("a", balanced=True), what)[0]) == pytest.approx(wanted, rel=1e-5)


def test_total_variation_and_l2_look_at_the_picture():
    image = np.zeros((1, 2, 2, 1))
    image[0, 0, 0] = 1.0  # of the two differences down, and of the two across, one is 1
    assert float(value(TotalVariation(), view_of(np.zeros((1, 1, 1, 1)), image))[0]) == -1.0
    assert float(value(L2(), view_of(np.zeros((1, 1, 1, 1)), image * 2))[0]) == -1.0


def test_a_weighted_sum_takes_each_term_with_its_weight_and_input():
    view = view_of(np.array([[[[1.0, 2.0]]], [[[3.0, 5.0]]]]))
    terms = [(0, Layer("a", 0, measure="mean")), (3, Direction("a", {1: 1.0}))]
    weights = {n: ops.convert_to_tensor(np.float32(row)) for n, row in {0: [1.0, 2.0], 3: [10.0, -1.0]}.items()}
    inputs = {"3": ops.convert_to_tensor(np.array([0.0, 1.0], np.float32))}
    np.testing.assert_allclose(weighted_sum(terms, weights, view, inputs), [1 + 20, 6 - 5])


def test_a_function_gets_its_layers_in_order_and_gives_one_number_a_picture():
    view = ActivationView(
        None,
        {"a": ops.convert_to_tensor(np.full((2, 1, 1, 1), 3.0)), "b": ops.convert_to_tensor(np.ones((2, 2, 2, 1)))},
    )
    ((term, _),) = objective_of(lambda a, b: a[:, 0, 0, 0] - ops.sum(b, (1, 2, 3)), ["a", "b"]).terms
    np.testing.assert_allclose(value(term, view), [3 - 4, 3 - 4])
    for wrong, words in ((ops.mean, r"a tensor of shape \(\)"), (lambda a: 3, "returned 3"), (lambda a: a, "shape")):
        ((term, _),) = objective_of(wrong, "a").terms
        with pytest.raises(ConfigError, match=f"{words}.*one number for each picture"):
            value(term, view)
