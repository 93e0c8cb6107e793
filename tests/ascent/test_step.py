"""One step on models whose gradients are known: the contract of every objective, and each control by value."""

import keras
import numpy as np
import pytest
from conftest import BACKEND, traces
from keras import layers, ops

from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.current_backend import current_backend
from kerasdream.ascent.memory import MemoryBudget
from kerasdream.ascent.plan import DreamPlan
from kerasdream.ascent.sampling import StepIndex, draw_transform, sampled_gradient, step_rng
from kerasdream.ascent.stepper import Stepper
from kerasdream.ascent.transforms import Transform
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, LayerError, ModelError
from kerasdream.model.features import Features
from kerasdream.objectives import (
    Caricature,
    Class,
    Content,
    Direction,
    Guide,
    Layer,
    Statistics,
    TotalVariation,
    objective,
    objective_of,
)

STEP = 0.1


def compile_objective(model, wanted, preprocess=None, **settings):
    config = DreamConfig(**{"step": STEP, "max_loss": None} | settings)
    return CompiledObjective(model, preprocess, objective(wanted), config)


def stepper_of(compiled, size, mask=None):
    """The steps of a dream of one size."""
    return Stepper(compiled, DreamPlan(size, size, {0: size}), mask)


def take_step(compiled, image, step_sizes=None, octave=0, original=None, mask=None):
    """One step on a picture: picture after it, losses, mean absolute gradients as numpy arrays."""
    image = np.asarray(image, np.float32)
    step_sizes = np.full(len(image), STEP) if step_sizes is None else step_sizes
    stepper = stepper_of(compiled, image.shape[1:3], mask)
    index = StepIndex(octave, 0)
    before = image if original is None else np.float32(original)
    result = stepper.step(image.copy(), np.asarray(step_sizes, np.float32), index, lambda: before)
    return [ops.convert_to_numpy(part) for part in result]


def gradient_of(stepper, image, rng):
    """The loss and the gradients of a whole picture, in an octave that has begun."""
    inputs = {"weights": stepper.inputs.weights, "terms": stepper.inputs.terms}
    if stepper.inputs.original is not None:
        inputs["original"] = stepper.inputs.original
    draw_transform(stepper.config, rng)
    affordable = stepper.budget.affordable_pixels()
    return sampled_gradient(stepper.compiled, ops.convert_to_tensor(image), inputs, rng, affordable)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


@pytest.fixture
def three():
    """A model of three layers and a softmax: `twice` = 2x, `halves` = x of two channels, scores of three classes."""
    image = keras.Input((None, None, 3))
    twice = layers.Conv2D(3, 1, use_bias=False, name="twice")
    x = twice(image)
    halves = layers.Conv2D(2, 2, 2, use_bias=False, name="halves")
    y = layers.GlobalAveragePooling2D()(halves(x))
    scores = layers.Dense(3, activation="softmax", name="scores")
    model = keras.Model(image, scores(y), name="three")
    twice.kernel.assign(2 * np.eye(3).reshape(1, 1, 3, 3))
    halves.kernel.assign(np.random.default_rng(5).uniform(-1, 1, (2, 2, 3, 2)))
    scores.set_weights([np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]), np.array([0.1, 0.2, 0.3])])
    return model


def test_a_step_follows_the_normalised_gradient(doubling):
    image = noise(1, 6, 7, 3)
    after, loss, slope = take_step(compile_objective(doubling, "twice"), image)
    inside = np.zeros_like(image)
    inside[:, 2:-2, 2:-2] = image[:, 2:-2, 2:-2]
    gradient = 8 * inside / image.size  # of the sum of (2x)², over all elements
    np.testing.assert_allclose(loss, [(4 * inside**2).sum() / image.size], rtol=1e-5)
    np.testing.assert_allclose(slope, [np.abs(gradient).mean()], rtol=1e-5)
    np.testing.assert_allclose(after, image + 0.1 * gradient / np.abs(gradient).mean(), rtol=1e-4, atol=1e-6)


def test_pictures_of_a_batch_do_not_see_each_other(doubling):
    images = noise(3, 8, 8, 3) * np.array([1, 0.01, 5], np.float32).reshape(3, 1, 1, 1)
    for settings in ({}, {"normalize": "std"}, {"gradient_scales": 1}, {"gradient_blur": 1.0}, {"smooth_samples": 2}):
        compiled = compile_objective(doubling, "twice:strong1", **settings)
        together = take_step(compiled, images, [0.1, 0.2, 0.0])
        for i, size in enumerate((0.1, 0.2, 0.0)):
            for got, alone in zip(together, take_step(compiled, images[i : i + 1], [size]), strict=True):
                np.testing.assert_allclose(got[i], alone[0], rtol=1e-4, atol=1e-6)
        assert np.array_equal(together[0][2], images[2])


def test_a_flat_place_stays(doubling):
    after, loss, slope = take_step(compile_objective(doubling, "twice"), np.zeros((1, 8, 8, 3)))
    assert not after.any()
    assert (loss.item(), slope.item()) == (0.0, 0.0)


def test_a_tiny_gradient_is_divided_by_the_floor(doubling):
    after, _, slope = take_step(compile_objective(doubling, "twice"), np.full((1, 5, 5, 3), 1e-7))
    gradient = 8 * 1e-7 / 75
    assert slope.item() < 1e-6
    np.testing.assert_allclose(after[0, 2, 2], 1e-7 + 0.1 * gradient / 1e-6, rtol=1e-4)


def test_preprocessing_is_part_of_the_gradient(doubling):
    image = noise(1, 6, 6, 3)
    _, loss, _ = take_step(compile_objective(doubling, "twice", lambda pixels: pixels / 100), image)
    wanted = ((2 * (image[:, 2:-2, 2:-2] + 1) * 1.275) ** 2).sum() / image.size
    np.testing.assert_allclose(loss, [wanted], rtol=1e-5)


GUIDE = np.random.default_rng(7).integers(0, 256, (6, 6, 3), np.uint8)
TERMS = {
    "layer": Layer("twice"),
    "channel": Layer("twice", 1),
    "channels": Layer("halves", (1, 0)),
    "neuron": Layer("halves", 1, at=(1, 2)),
    "centre": Layer("halves", 0, at="centre"),
    "strong": Layer("halves", pick="strong1"),
    "weak": Layer("twice", pick="weak2/octave"),
    "mean": Layer("twice", 2, measure="mean"),
    "norm": Layer("twice", measure="norm"),
    "direction": Direction("halves", [1.0, -2.0]),
    "class": Class(1),
    "guide": Guide("twice", GUIDE),
    "cosine": Guide("halves", GUIDE, "cosine"),
    "caricature": Caricature("halves", GUIDE, power=0),
    "likeness": Caricature("halves", GUIDE, power=1.5),
    "statistics": Statistics("twice", [GUIDE, GUIDE[:4]]),
    "away from the content": Layer("twice") - Content("halves"),
    "content": Layer("twice") + 0.1 * Content("halves"),
    "balanced content": Layer("twice") + 0.1 * Content("halves", balanced=True),
    "smoothly": Layer("twice") + 0.1 * TotalVariation(),
    "sum": Layer("twice") - 0.5 * Layer("halves", 1) + 2 * Class(0),
    "function": objective_of(lambda a, b: ops.mean(a**2, (1, 2, 3)) + ops.max(b, (1, 2, 3)), ["twice", "halves"]),
    "masked": Layer("twice").inside(np.eye(10)) + Layer("halves").outside(np.eye(10)),
}


def is_exact(wanted):
    """Whether a term of an objective takes no padded activations."""
    return any(term.exact_shape for term, _ in objective(wanted).terms)


@pytest.mark.parametrize("name", ["sum", "masked", "content", "strong", "likeness"])
def test_a_step_in_one_call_is_the_step_in_two(three, name, monkeypatch):
    monkeypatch.setattr(Features, "supports_padding", False)  # with padded pictures JAX has the two calls only
    compiled = compile_objective(three, TERMS[name], optimizer="adam", gradient_blur=1.0)
    image, calls = noise(2, 10, 10, 3), []
    update, compiled.update = compiled.update, lambda *given: calls.append(1) or update(*given)
    in_one = take_step(compiled, image)
    assert not calls
    monkeypatch.setattr(compiled, "pads_to_buckets", True)  # the two calls, but for the padding
    monkeypatch.setattr(compiled, "gradient", lambda *given: compiled.programs.gradient(*given))
    for one, two in zip(in_one, take_step(compiled, image), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    assert calls
    assert np.abs(in_one[0] - image).max() > 0.01


@pytest.mark.parametrize("name", TERMS)
def test_padding_to_a_bucket_changes_nothing(three, name, monkeypatch):
    image = noise(2, 10, 10, 3, seed=3)
    results = []
    for static in (False, True):
        monkeypatch.setattr(current_backend(), "STATIC_SHAPES", static)
        compiled = compile_objective(three, TERMS[name], lambda pixels: pixels / 100, smooth_samples=2)
        assert compiled.pads_to_buckets is (static and not is_exact(TERMS[name]))  # it would see the padding
        results.append(take_step(compiled, image, original=image / 2))
    for plain, padded in zip(*results, strict=True):
        np.testing.assert_allclose(padded, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_the_contract_of_every_objective(three, name):
    """Its gradient is the slope of its value, its loss rises, and it is traced once."""
    wanted, image = objective(TERMS[name]), noise(1, 10, 10, 3, seed=3)
    original = image + noise(1, 10, 10, 3, seed=4) / 4
    compiled = compile_objective(three, wanted)
    stepper = stepper_of(compiled, (10, 10))
    stepper.begin_octave(image.shape, StepIndex(0, 0), lambda: original)
    rng = np.random.default_rng(0)

    def value(x):
        return float(gradient_of(stepper, x, rng)[0][0])

    gradients = [ops.convert_to_numpy(g) for g in gradient_of(stepper, image, rng)[1]]
    for _ in range(3):
        along = rng.standard_normal(image.shape).astype(np.float32)
        rise = (value(image + 1e-3 * along) - value(image - 1e-3 * along)) / 2e-3
        assert rise == pytest.approx(float((sum(gradients) * along).sum()), rel=0.02, abs=2e-3)
    losses, x = [], ops.convert_to_tensor(image)
    for number in range(4):
        x, loss, _ = stepper.step(x, np.array([0.01], np.float32), StepIndex(0, number), lambda: original)
        losses.append(float(loss[0]))
    if name != "masked":  # its two regions rise each for itself
        assert losses == sorted(losses), losses
    assert losses[3] > losses[0]
    compiled.term_weights = compiled.term_weights * 2
    take_step(compiled, noise(2, 20, 20, 3))
    if compiled.has_relative_weights:  # it takes the gradient by itself only
        assert compiled.traces == traces(2)
        return
    # On TensorFlow the gradient by itself and in a step; on JAX two sizes, and unpadded ones in a step, too.
    assert compiled.traces == 2 * traces(1) + (BACKEND == "jax" and is_exact(wanted))


@pytest.mark.parametrize("name", [name for name in TERMS if name != "balanced content"])  # whose weight is relative
def test_twice_the_weight_is_twice_the_loss(three, name):
    image, original = noise(1, 10, 10, 3), noise(1, 10, 10, 3, seed=9)
    once, twice = (
        take_step(compile_objective(three, factor * TERMS[name]), image, original=original) for factor in (1, 2)
    )
    np.testing.assert_allclose(twice[1], 2 * once[1], rtol=1e-5)
    np.testing.assert_allclose(twice[0], once[0], atol=1e-4)  # the direction is the same


def test_a_sum_is_the_weighted_sum_of_its_losses(three):
    image = noise(1, 10, 10, 3)
    a, b = (float(take_step(compile_objective(three, wanted), image)[1][0]) for wanted in ("twice", "halves:1"))
    both = float(take_step(compile_objective(three, "twice + 0.5*halves:1"), image)[1][0])
    assert both == pytest.approx(a + 0.5 * b, rel=1e-5)
    assert float(take_step(compile_objective(three, "3*twice - halves:1"), image)[1][0]) == pytest.approx(
        3 * a - b, rel=1e-5
    )


def test_a_class_is_followed_before_the_softmax(three):
    image = noise(1, 4, 4, 3)
    pooled = three.layers[-2].output
    mean = ops.convert_to_numpy(keras.Function(three.inputs, pooled)([image]))
    wanted = mean @ np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]) + [0.1, 0.2, 0.3]
    for number in range(3):
        assert float(take_step(compile_objective(three, Class(number)), image)[1][0]) == pytest.approx(
            wanted[0, number], rel=1e-4
        )


def test_a_neuron_keeps_its_place_in_smaller_octaves(three):
    stepper = stepper_of(compile_objective(three, "halves:1@3,4"), (12, 12))
    for side, cell in ((12, [3, 4]), (8, [2, 2]), (4, [1, 1])):
        stepper.begin_octave((1, side, side, 3), StepIndex(0, 0), lambda: None)
        assert stepper.inputs.terms["0"].tolist() == cell
    with pytest.raises(LayerError, match=r"neuron halves:1@6,0 lies outside: 'halves' has 6 x 6 cells"):
        take_step(compile_objective(three, "halves:1@6,0"), np.zeros((1, 12, 12, 3)))


def test_the_strongest_channels_are_chosen_once_or_in_every_octave(doubling):
    first, later = np.zeros((2, 6, 6, 3), np.float32), np.zeros((2, 6, 6, 3), np.float32)
    first[0, ..., 1], first[1, ..., 2], first[:, ..., 0] = 3.0, 3.0, 1.0
    later[..., 0] = 5.0
    for text, wanted in (
        ("strong2", [[1, 0], [2, 0]]),
        ("weak1", [[2], [1]]),
        ("strong1/octave", [[0], [0]]),
    ):
        stepper = stepper_of(compile_objective(doubling, f"twice:{text}"), (6, 6))
        stepper.begin_octave(first.shape, StepIndex(0, 0), lambda: first)
        stepper.begin_octave(later.shape, StepIndex(1, 0), lambda: later)
        assert stepper.inputs.terms["0"].tolist() == wanted


def test_what_the_network_does_not_have_is_told(three, doubling):
    for wanted, words in (
        ("twice:3", "Channel 3 of 'twice' was asked for; it has 3, 0 to 2"),
        ("twice:strong4", "Channel 3 of 'twice'"),
        ("direction(halves, 5=1)", "Channel 5 of 'halves'"),
        ("twyce:1", "no layer 'twyce'. Did you mean 'twice'"),
        ("class:3", "class 3 was asked for; the model has 3, 0 to 2"),
        ("class:tabby", "has 3 classes without names"),
        ("tv()", "No layer of the network is followed"),
    ):
        with pytest.raises(LayerError, match=words):
            compile_objective(three, wanted)
    with pytest.raises(ConfigError, match="twice:1@0,0 has its place, and turns=True would move it"):
        compile_objective(three, "twice:1@0,0", turns=True)
    headless = keras.Model(doubling.inputs, doubling.get_layer("twice").output, name="headless")
    with pytest.raises(ModelError, match="'headless' ends in .*a class needs one output"):
        compile_objective(headless, "class:1")


def test_rolls_and_flips_are_inverted():
    image = noise(2, 5, 8, 3)
    for flips in range(8):
        transform = Transform((2, -3), flips)
        there = transform.apply(ops.convert_to_tensor(image))
        assert np.array_equal(transform.invert(there), image)
        assert there.shape[1:3] == ((8, 5) if flips >= 4 else (5, 8))
    assert len({ops.convert_to_numpy(Transform(flips=flips).apply(image)).tobytes() for flips in range(8)}) == 8


@pytest.mark.parametrize("settings", [{"jitter": 5}, {"turns": True}, {"jitter": 3, "turns": True}])
def test_jitter_leaves_the_result_of_a_shift_invariant_objective(doubling, settings):
    image = noise(1, 9, 7, 3)
    still = take_step(compile_objective(doubling, "norm(twice)"), image)
    for number in range(4):
        shaken = take_step(compile_objective(doubling, "norm(twice)", **settings), image, octave=number)
        np.testing.assert_allclose(shaken[0], still[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(shaken[1], still[1], rtol=1e-5)


def test_jitter_comes_from_seed_octave_and_step():
    def rolls(**settings):
        config = DreamConfig(jitter=8, **settings)
        return [
            draw_transform(config, step_rng(config, StepIndex(octave, step)))
            for octave in range(3)
            for step in range(3)
        ]

    assert rolls() == rolls()
    assert len(set(rolls())) > 5
    assert rolls() != rolls(seed=1)
    assert all(abs(side) <= 8 for transform in rolls() for side in transform.roll)


def test_smoothing_without_noise_is_no_smoothing(three):
    image = noise(2, 10, 12, 3)
    for wanted in ("twice + halves:1", "halves:strong1", "twice + content(halves)", "class:1"):
        plain = take_step(compile_objective(three, wanted), image, original=image / 2)
        smooth = take_step(
            compile_objective(three, wanted, smooth_samples=3, smooth_noise=0.0), image, original=image / 2
        )
        for got, wanted in zip(smooth, plain, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


def test_smoothing_is_the_mean_over_noisy_copies_however_many_fit_at_once(three, monkeypatch):
    image = noise(1, 10, 10, 3)
    stepper = stepper_of(compile_objective(three, "halves", smooth_samples=5, smooth_noise=0.3), (10, 10))
    stepper.begin_octave(image.shape, StepIndex(1, 2), lambda: image)
    rng = np.random.default_rng(11)
    copies = [image + np.float32(0.3) * rng.standard_normal((1, 10, 10, 3), np.float32) for _ in range(5)]
    plain = stepper_of(compile_objective(three, "halves"), (10, 10))
    plain.begin_octave(image.shape, StepIndex(1, 2), lambda: image)
    each = [gradient_of(plain, copy, rng) for copy in copies]
    for affordable in (4_000_000, 250):  # all five, and two at a time
        monkeypatch.setattr(MemoryBudget, "affordable_pixels", lambda self, count=affordable: count)
        loss, gradients = gradient_of(stepper, image, np.random.default_rng(11))
        np.testing.assert_allclose(loss, np.mean([one for one, _ in each], 0), rtol=1e-4)
        np.testing.assert_allclose(gradients[0], np.mean([g[0] for _, g in each], 0), rtol=1e-3, atol=1e-7)


def test_each_normalisation_by_its_formula(doubling):
    image = noise(1, 6, 6, 3)
    gradient = 4 * image  # of half the sum of (2x)²
    for kind, wanted in {
        "mean": gradient / np.abs(gradient).mean(),
        "std": gradient / (gradient.std() + 1e-8),
        "standard": (gradient - gradient.mean()) / (gradient.std() + 1e-8),
        "l2": gradient / np.sqrt((gradient**2).mean()),
    }.items():
        after = take_step(compile_objective(doubling, "norm(twice)", normalize=kind), image)[0]
        np.testing.assert_allclose(after, image + STEP * wanted, rtol=1e-4, atol=1e-5)


def test_clipping_keeps_the_range(doubling):
    image = noise(1, 6, 6, 3)
    free = take_step(compile_objective(doubling, "norm(twice)", step=1.0), image, [1.0])[0]
    assert np.abs(free).max() > 1.5
    clipped = take_step(compile_objective(doubling, "norm(twice)", clip=True), image, [1.0])[0]
    np.testing.assert_allclose(clipped, np.clip(free, -1, 1), atol=1e-6)


def test_adam_by_hand(doubling):
    """Its first step is the sign of the gradient, its second follows the formula."""
    image = noise(1, 6, 6, 3)
    stepper = stepper_of(compile_objective(doubling, "norm(twice)", optimizer="adam"), (6, 6))
    x, sizes = ops.convert_to_tensor(image), np.array([STEP], np.float32)
    mean = spread = 0.0
    wanted = image.astype(float)
    for time in (1, 2):
        gradient = wanted / np.abs(wanted).mean()
        mean, spread = 0.9 * mean + 0.1 * gradient, 0.999 * spread + 0.001 * gradient**2
        wanted = wanted + STEP * (mean / (1 - 0.9**time)) / (np.sqrt(spread / (1 - 0.999**time)) + 1e-8)
        x, _, _ = stepper.step(x, sizes, StepIndex(0, time - 1), lambda: image)
        np.testing.assert_allclose(x, wanted, rtol=1e-3, atol=1e-4)
        if time == 1:
            np.testing.assert_allclose(x, image + STEP * np.sign(image), atol=1e-4)


def test_masks_move_their_own_region(doubling):
    image = noise(1, 6, 8, 3)
    left = np.zeros((6, 8))
    left[:, :4] = 1.0
    compiled = compile_objective(doubling, Layer("twice", 0, measure="norm").inside(left))
    after = take_step(compiled, image)[0]
    changed = (after != image)[0]
    assert changed[:, :4, 0].all()
    assert not changed[:, 4:].any()
    assert not changed[..., 1:].any()
    both = Layer("twice", 0, measure="norm").inside(left) + Layer("twice", 1, measure="norm").outside(left)
    changed = (take_step(compile_objective(doubling, both), image)[0] != image)[0]
    assert changed[:, :4, 0].all()
    assert changed[:, 4:, 1].all()
    assert not changed[:, 4:, 0].any()
    assert not changed[:, :4, 1].any()


def test_a_mask_scales_the_step(doubling):
    image, mask = noise(1, 6, 8, 3), np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)
    free = take_step(compile_objective(doubling, "norm(twice)"), image)[0]
    config_mask = np.round(mask * 255).astype(np.uint8)
    masked = take_step(compile_objective(doubling, "norm(twice)", mask=config_mask), image, mask=mask)[0]
    np.testing.assert_allclose(masked, image + mask[..., None] * (free - image), atol=1e-5)


def test_another_framework_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ModelError, match="Keras runs on numpy; kerasdream needs tensorflow.*KERAS_BACKEND=tensorflow"):
        current_backend()
