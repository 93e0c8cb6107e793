"""The loss, worked out by hand."""

import numpy as np
from keras import ops

from kerasdream.ascent.objective import energy, loss


def test_energy_counts_the_inside_over_all_elements():
    a = np.full((2, 7, 6, 4), 3.0, np.float32)
    a[1] = 1.0
    a[:, :2] = a[:, -2:] = a[:, :, :2] = a[:, :, -2:] = 1000.0  # the border does not count
    inside, everything = 3 * 2 * 4, 7 * 6 * 4
    np.testing.assert_allclose(
        energy(ops.convert_to_tensor(a)), [9 * inside / everything, inside / everything], rtol=1e-6
    )


def test_a_layer_that_is_all_border_has_no_energy():
    assert float(energy(ops.ones((1, 4, 9, 3)))[0]) == 0.0


def test_each_weight_reaches_its_own_layer_only():
    a, b = ops.full((1, 5, 5, 1), 2.0), ops.full((1, 5, 5, 1), 4.0)  # energies 4/25 and 16/25
    np.testing.assert_allclose(loss({"a": a, "b": b}, np.array([1.0, 0.5], np.float32)), [(4 + 8) / 25], rtol=1e-6)
    np.testing.assert_allclose(loss({"a": a, "b": b}, np.array([3.0, -1.0], np.float32)), [(12 - 16) / 25], rtol=1e-6)
