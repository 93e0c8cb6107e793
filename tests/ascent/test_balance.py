"""Relative weights: the gradient of a content as strong as that of what it holds back."""

import numpy as np
import pytest
from keras import ops
from test_step import compile_objective, noise, stepper_of, three  # noqa: F401

from kerasdream.ascent.balance import NOISE, balance
from kerasdream.ascent.sampling import StepIndex
from kerasdream.errors import ConfigError
from kerasdream.objectives import Content, Layer, objective

BALANCED = Layer("twice", measure="norm") + 0.5 * Content("twice", balanced=True)


def test_a_relative_weight_is_the_ratio_of_the_gradients():
    terms = [Layer("a"), Content("a", balanced=True), Layer("b"), Content("b", balanced=True)]
    weights = np.repeat(np.float32([[1.0], [0.5], [2.0], [3.0]]), 2, 1)
    strengths = np.float32([[1.0, 2.0], [4.0, 8.0], [3.0, 1.0], [5.0, 0.0]])

    def strength_of(given):
        return (given * strengths).sum(0)

    balanced = balance(terms, weights, strength_of)
    np.testing.assert_allclose(balanced[[0, 2]], weights[[0, 2]])
    np.testing.assert_allclose(balanced[1], [0.5 * 7 / 4, 0.5 * 4 / 8])
    np.testing.assert_allclose(balanced[3], [3 * 7 / 5, 0.0])  # no slope, no weight


def weights_of(compiled, originals, octave=0):
    stepper = stepper_of(compiled, originals.shape[1:3])
    stepper.step(originals.copy(), np.full(len(originals), 0.1, np.float32), StepIndex(octave, 0), lambda: originals)
    return stepper.inputs.weights


def test_beta_by_hand(doubling):
    """Of half the sum of (2x)² the gradient is 4x; of the distance of a cell 2 (x - x0) / |x - x0| / √3."""
    originals = noise(2, 12, 14, 3) * np.float32([1.0, 0.3]).reshape(2, 1, 1, 1)
    weights = weights_of(compile_objective(doubling, BALANCED), originals)
    added = NOISE * np.random.default_rng([0, 0, 0, 1]).standard_normal(originals.shape, np.float32)
    slope = 2 * added / np.linalg.norm(added, axis=-1, keepdims=True) / 3**0.5 / (12 * 14)
    wanted = np.abs(4 * (originals + added)).mean((1, 2, 3)) / np.abs(slope).mean((1, 2, 3))
    np.testing.assert_allclose(weights, [[1.0, 1.0], 0.5 * wanted], rtol=1e-4)
    assert not np.allclose(weights_of(compile_objective(doubling, BALANCED, seed=1), originals), weights, rtol=1e-4)
    alone = weights_of(compile_objective(doubling, BALANCED), originals[:1])
    np.testing.assert_allclose(alone[:, 0], weights[:, 0], rtol=1e-4)


@pytest.mark.parametrize("name", ["plain", "masked"])
def test_beta_is_the_same_in_tiles(three, name):  # noqa: F811
    mask = np.linspace(0, 1, 140)[:, None] * np.ones((1, 100))
    terms = {
        "plain": objective("twice + content(halves, balanced)"),
        "masked": Layer("twice").inside(mask) + Content("halves", balanced=True).outside(mask),
    }
    originals = noise(2, 140, 100, 3)
    whole = weights_of(compile_objective(three, terms[name]), originals)
    parts = weights_of(compile_objective(three, terms[name], tile=64, overlap=32), originals)
    np.testing.assert_allclose(parts, whole, rtol=2e-3)
    assert whole[1].min() > 0.1


def test_the_gradients_are_as_strong_as_asked_for_in_crops(three, monkeypatch):  # noqa: F811
    """Both pictures are seen in the same crops: at the original itself the distance is 0."""
    monkeypatch.setattr("kerasdream.ascent.compiled.CROP_SIDE", 12)
    image = noise(1, 20, 30, 3)
    stepper = stepper_of(compile_objective(three, "twice + 2*content(halves, balanced)", crops=3), (20, 30))
    stepper.begin_octave(image.shape, StepIndex(0, 0), lambda: image)
    found, strength = stepper.inputs.weights, stepper.strength_at(image, StepIndex(0, 0))
    twice, content = (strength(found * np.float32(chosen)[:, None]) for chosen in ([1, 0], [0, 1]))
    np.testing.assert_allclose(content, 2 * twice, rtol=1e-4)
    only = found * np.float32([[0], [1]])
    loss, gradients = stepper.whole_gradient(ops.convert_to_tensor(image), only, np.random.default_rng(4))
    assert float(loss[0]) == 0.0
    assert not ops.convert_to_numpy(gradients[0]).any()


def test_a_balance_needs_two_sides(three):  # noqa: F811
    with pytest.raises(ConfigError, match=r"content\(halves, balanced\) is balanced against the other terms"):
        compile_objective(three, "content(halves, balanced)")
    with pytest.raises(ConfigError, match="'balanced' before this was expected"):
        objective("content(halves, balances)")
