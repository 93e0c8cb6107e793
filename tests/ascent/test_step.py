"""One move uphill on models whose gradients are known: the contract of every objective, and each control by value."""

import keras
import numpy as np
import pytest
from conftest import traces
from keras import layers, ops

from kerasdream import ascent
from kerasdream.ascent.engine import Engine
from kerasdream.ascent.loop import Place
from kerasdream.ascent.stride import Stride
from kerasdream.ascent.turns import moved, moved_back
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, LayerError, ModelError
from kerasdream.model.features import Features
from kerasdream.objectives import Class, Content, Direction, Guide, Layer, TotalVariation, objective

STEP = 0.1


def engine_of(model, wish, preprocess=None, **settings):
    config = DreamConfig(**{"step": STEP, "max_loss": None} | settings)
    return Engine(model, preprocess, objective(wish), config)


def taken(engine, image, sizes=None, number=0, octave=0, original=None, mask=None):
    """One step on a picture: moved picture, losses, slopes as numpy arrays."""
    image = np.asarray(image, np.float32)
    size = image.shape[1:3]
    place = Place(octave, number, lambda: image if original is None else np.float32(original))
    sizes = np.full(len(image), STEP) if sizes is None else sizes
    stride = Stride(engine, size, size, mask)
    outcome = stride(image.copy(), np.asarray(sizes, np.float32), place)
    return [ops.convert_to_numpy(part) for part in outcome]


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
    after, loss, slope = taken(engine_of(doubling, "twice"), image)
    inside = np.zeros_like(image)
    inside[:, 2:-2, 2:-2] = image[:, 2:-2, 2:-2]
    gradient = 8 * inside / image.size  # of the sum of (2x)², over all elements
    np.testing.assert_allclose(loss, [(4 * inside**2).sum() / image.size], rtol=1e-5)
    np.testing.assert_allclose(slope, [np.abs(gradient).mean()], rtol=1e-5)
    np.testing.assert_allclose(after, image + 0.1 * gradient / np.abs(gradient).mean(), rtol=1e-4, atol=1e-6)


def test_pictures_of_a_batch_do_not_see_each_other(doubling):
    images = noise(3, 8, 8, 3) * np.array([1, 0.01, 5], np.float32).reshape(3, 1, 1, 1)
    for settings in ({}, {"normalize": "std"}, {"gradient_scales": 1}, {"gradient_blur": 1.0}, {"smooth_samples": 2}):
        engine = engine_of(doubling, "twice:strong1", **settings)
        together = taken(engine, images, [0.1, 0.2, 0.0])
        for i, size in enumerate((0.1, 0.2, 0.0)):
            for got, alone in zip(together, taken(engine, images[i : i + 1], [size]), strict=True):
                np.testing.assert_allclose(got[i], alone[0], rtol=1e-4, atol=1e-6)
        assert np.array_equal(together[0][2], images[2])


def test_a_flat_place_stays(doubling):
    after, loss, slope = taken(engine_of(doubling, "twice"), np.zeros((1, 8, 8, 3)))
    assert not after.any()
    assert (loss.item(), slope.item()) == (0.0, 0.0)


def test_a_tiny_gradient_is_divided_by_the_floor(doubling):
    after, _, slope = taken(engine_of(doubling, "twice"), np.full((1, 5, 5, 3), 1e-7))
    gradient = 8 * 1e-7 / 75
    assert slope.item() < 1e-6
    np.testing.assert_allclose(after[0, 2, 2], 1e-7 + 0.1 * gradient / 1e-6, rtol=1e-4)


def test_preprocessing_is_part_of_the_gradient(doubling):
    image = noise(1, 6, 6, 3)
    _, loss, _ = taken(engine_of(doubling, "twice", lambda pixels: pixels / 100), image)
    wanted = ((2 * (image[:, 2:-2, 2:-2] + 1) * 1.275) ** 2).sum() / image.size
    np.testing.assert_allclose(loss, [wanted], rtol=1e-5)


GUIDE = np.random.default_rng(7).integers(0, 256, (6, 6, 3), np.uint8)
WISHES = {
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
    "away from the content": Layer("twice") - Content("halves"),
    "content": Layer("twice") + 0.1 * Content("halves"),
    "smoothly": Layer("twice") + 0.1 * TotalVariation(),
    "sum": Layer("twice") - 0.5 * Layer("halves", 1) + 2 * Class(0),
    "masked": Layer("twice").inside(np.eye(10)) + Layer("halves").outside(np.eye(10)),
}


@pytest.mark.parametrize("name", ["sum", "masked", "content", "strong"])
def test_a_step_in_one_call_is_the_step_in_two(three, name, monkeypatch):
    monkeypatch.setattr(Features, "supports_padding", False)  # with room around pictures JAX has the two calls only
    engine = engine_of(three, WISHES[name], optimizer="adam", gradient_blur=1.0)
    image, calls = noise(2, 10, 10, 3), []
    move, engine.move = engine.move, lambda *given: calls.append(1) or move(*given)
    in_one = taken(engine, image)
    assert not calls
    monkeypatch.setattr(Stride, "straight", False)
    for one, two in zip(in_one, taken(engine, image), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    assert calls
    assert np.abs(in_one[0] - image).max() > 0.01


@pytest.mark.parametrize("name", WISHES)
def test_room_around_a_picture_changes_nothing(three, name, monkeypatch):
    image = noise(2, 10, 10, 3, seed=3)
    outcomes = []
    for room in (False, True):
        monkeypatch.setattr(ascent.backend(), "STATIC", room)
        engine = engine_of(three, WISHES[name], lambda pixels: pixels / 100, smooth_samples=2)
        assert engine.roomy is room
        outcomes.append(taken(engine, image, original=image / 2))
    for plain, roomy in zip(*outcomes, strict=True):
        np.testing.assert_allclose(roomy, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WISHES)
def test_the_contract_of_every_objective(three, name):
    """Its gradient is the slope of its value, its loss rises, and it is traced once."""
    wish, image = objective(WISHES[name]), noise(1, 10, 10, 3, seed=3)
    original = image + noise(1, 10, 10, 3, seed=4) / 4
    engine = engine_of(three, wish)
    place = Place(0, 0, lambda: original)
    stride = Stride(engine, (10, 10), (10, 10), None)
    stride.begin(image.shape, place)
    rng = np.random.default_rng(0)

    def value(x):
        return float(stride.uphill(ops.convert_to_tensor(x), rng)[0][0])

    gradients = [ops.convert_to_numpy(g) for g in stride.uphill(ops.convert_to_tensor(image), rng)[1]]
    for _ in range(3):
        along = rng.standard_normal(image.shape).astype(np.float32)
        rise = (value(image + 1e-3 * along) - value(image - 1e-3 * along)) / 2e-3
        assert rise == pytest.approx(float((sum(gradients) * along).sum()), rel=0.02, abs=2e-3)
    losses, x = [], ops.convert_to_tensor(image)
    for number in range(4):
        x, loss, _ = stride(x, np.array([0.01], np.float32), place._replace(number=number))
        losses.append(float(loss[0]))
    if name != "masked":  # its two regions climb each for itself
        assert losses == sorted(losses), losses
    assert losses[3] > losses[0]
    engine.weights = engine.weights * 2
    taken(engine, noise(2, 20, 20, 3))
    assert engine.traces == 2 * traces(1)  # on TensorFlow the gradient by itself and in a step, on JAX two sizes


@pytest.mark.parametrize("name", WISHES)
def test_twice_the_weight_is_twice_the_loss(three, name):
    image, original = noise(1, 10, 10, 3), noise(1, 10, 10, 3, seed=9)
    once, twice = (taken(engine_of(three, factor * WISHES[name]), image, original=original) for factor in (1, 2))
    np.testing.assert_allclose(twice[1], 2 * once[1], rtol=1e-5)
    np.testing.assert_allclose(twice[0], once[0], atol=1e-4)  # the direction is the same


def test_a_sum_is_the_weighted_sum_of_its_losses(three):
    image = noise(1, 10, 10, 3)
    a, b = (float(taken(engine_of(three, wish), image)[1][0]) for wish in ("twice", "halves:1"))
    both = float(taken(engine_of(three, "twice + 0.5*halves:1"), image)[1][0])
    assert both == pytest.approx(a + 0.5 * b, rel=1e-5)
    assert float(taken(engine_of(three, "3*twice - halves:1"), image)[1][0]) == pytest.approx(3 * a - b, rel=1e-5)


def test_a_class_is_followed_before_the_softmax(three):
    image = noise(1, 4, 4, 3)
    pooled = three.layers[-2].output
    mean = ops.convert_to_numpy(keras.Function(three.inputs, pooled)([image]))
    wanted = mean @ np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]) + [0.1, 0.2, 0.3]
    for number in range(3):
        assert float(taken(engine_of(three, Class(number)), image)[1][0]) == pytest.approx(wanted[0, number], rel=1e-4)


def test_a_neuron_keeps_its_place_in_smaller_octaves(three):
    engine = engine_of(three, "halves:1@3,4")
    stride = Stride(engine, (12, 12), (12, 12), None)
    for side, cell in ((12, [3, 4]), (8, [2, 2]), (4, [1, 1])):
        stride.begin((1, side, side, 3), Place(0, 0, lambda: None))
        assert stride.given["0"].tolist() == cell
    with pytest.raises(LayerError, match=r"neuron halves:1@6,0 lies outside: 'halves' has 6 x 6 cells"):
        taken(engine_of(three, "halves:1@6,0"), np.zeros((1, 12, 12, 3)))


def test_the_strongest_channels_are_chosen_once_or_in_every_octave(doubling):
    first, later = np.zeros((2, 6, 6, 3), np.float32), np.zeros((2, 6, 6, 3), np.float32)
    first[0, ..., 1], first[1, ..., 2], first[:, ..., 0] = 3.0, 3.0, 1.0
    later[..., 0] = 5.0
    for text, wanted in (
        ("strong2", [[1, 0], [2, 0]]),
        ("weak1", [[2], [1]]),
        ("strong1/octave", [[0], [0]]),
    ):
        stride = Stride(engine_of(doubling, f"twice:{text}"), (6, 6), (6, 6), None)
        stride.begin(first.shape, Place(0, 0, lambda: first))
        stride.begin(later.shape, Place(1, 0, lambda: later))
        assert stride.given["0"].tolist() == wanted


def test_what_the_network_does_not_have_is_told(three, doubling):
    for wish, words in (
        ("twice:3", "Channel 3 of 'twice' was asked for; it has 3, 0 to 2"),
        ("twice:strong4", "Channel 3 of 'twice'"),
        ("direction(halves, 5=1)", "Channel 5 of 'halves'"),
        ("twyce:1", "no layer 'twyce'. Did you mean 'twice'"),
        ("class:3", "class 3 was asked for; the model has 3, 0 to 2"),
        ("class:tabby", "has 3 classes without names"),
        ("tv()", "No layer of the network is followed"),
    ):
        with pytest.raises(LayerError, match=words):
            engine_of(three, wish)
    with pytest.raises(ConfigError, match="neuron twice:1@0,0 has its place, and turns=True would move it"):
        engine_of(three, "twice:1@0,0", turns=True)
    headless = keras.Model(doubling.inputs, doubling.get_layer("twice").output, name="headless")
    with pytest.raises(ModelError, match="'headless' ends in .*a class needs one output"):
        engine_of(headless, "class:1")


def test_a_roll_and_a_turn_are_undone(three):
    image = noise(2, 5, 8, 3)
    for turn in range(8):
        there = moved(ops.convert_to_tensor(image), (2, -3), turn)
        assert np.array_equal(moved_back(there, (2, -3), turn), image)
        assert there.shape[1:3] == ((8, 5) if turn >= 4 else (5, 8))
    assert len({ops.convert_to_numpy(moved(image, (0, 0), turn)).tobytes() for turn in range(8)}) == 8


@pytest.mark.parametrize("settings", [{"jitter": 5}, {"turns": True}, {"jitter": 3, "turns": True}])
def test_jitter_leaves_the_result_of_a_shift_invariant_objective(doubling, settings):
    image = noise(1, 9, 7, 3)
    still = taken(engine_of(doubling, "norm(twice)"), image)
    for number in range(4):
        shaken = taken(engine_of(doubling, "norm(twice)", **settings), image, number=0, octave=number)
        np.testing.assert_allclose(shaken[0], still[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(shaken[1], still[1], rtol=1e-5)


def test_jitter_comes_from_seed_octave_and_step(doubling):
    def rolls(**settings):
        stride = Stride(engine_of(doubling, "twice", jitter=8, **settings), (6, 6), (6, 6), None)
        return [
            stride.drawn(np.random.default_rng([settings.get("seed", 0), octave, number]))
            for octave in range(3)
            for number in range(3)
        ]

    assert rolls() == rolls()
    assert len(set(rolls())) > 5
    assert rolls() != rolls(seed=1)
    assert all(abs(side) <= 8 for shift, _ in rolls() for side in shift)


def test_smoothing_without_noise_is_no_smoothing(three):
    image = noise(2, 10, 12, 3)
    for wish in ("twice + halves:1", "halves:strong1", "twice + content(halves)", "class:1"):
        plain = taken(engine_of(three, wish), image, original=image / 2)
        smooth = taken(engine_of(three, wish, smooth_samples=3, smooth_noise=0.0), image, original=image / 2)
        for got, wanted in zip(smooth, plain, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


def test_smoothing_is_the_mean_over_noisy_copies_however_many_fit_at_once(three, monkeypatch):
    image = noise(1, 10, 10, 3)
    engine = engine_of(three, "halves", smooth_samples=5, smooth_noise=0.3)
    place = Place(1, 2, lambda: image)
    stride = Stride(engine, (10, 10), (10, 10), None)
    stride.begin(image.shape, place)
    rng = np.random.default_rng(11)
    copies = [image + np.float32(0.3) * rng.standard_normal((1, 10, 10, 3), np.float32) for _ in range(5)]
    plain = Stride(engine_of(three, "halves"), (10, 10), (10, 10), None)
    plain.begin(image.shape, place)
    each = [plain.uphill(ops.convert_to_tensor(copy), rng) for copy in copies]
    for at_once in (4_000_000, 250):  # all five, and two at a time
        monkeypatch.setattr(stride, "affordable", lambda count=at_once: count)
        loss, gradients = stride.uphill(ops.convert_to_tensor(image), np.random.default_rng(11))
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
        after = taken(engine_of(doubling, "norm(twice)", normalize=kind), image)[0]
        np.testing.assert_allclose(after, image + STEP * wanted, rtol=1e-4, atol=1e-5)


def test_clipping_keeps_the_range(doubling):
    image = noise(1, 6, 6, 3)
    free = taken(engine_of(doubling, "norm(twice)", step=1.0), image, [1.0])[0]
    assert np.abs(free).max() > 1.5
    clipped = taken(engine_of(doubling, "norm(twice)", clip=True), image, [1.0])[0]
    np.testing.assert_allclose(clipped, np.clip(free, -1, 1), atol=1e-6)


def test_adam_by_hand(doubling):
    """Its first step is the sign of the gradient, its second follows the formula."""
    image = noise(1, 6, 6, 3)
    engine = engine_of(doubling, "norm(twice)", optimizer="adam")
    stride = Stride(engine, (6, 6), (6, 6), None)
    place = Place(0, 0, ops.convert_to_tensor(image))
    x, sizes = ops.convert_to_tensor(image), np.array([STEP], np.float32)
    mean = spread = 0.0
    wanted = image.astype(float)
    for time in (1, 2):
        gradient = wanted / np.abs(wanted).mean()
        mean, spread = 0.9 * mean + 0.1 * gradient, 0.999 * spread + 0.001 * gradient**2
        wanted = wanted + STEP * (mean / (1 - 0.9**time)) / (np.sqrt(spread / (1 - 0.999**time)) + 1e-8)
        x, _, _ = stride(x, sizes, place._replace(number=time - 1))
        np.testing.assert_allclose(x, wanted, rtol=1e-3, atol=1e-4)
        if time == 1:
            np.testing.assert_allclose(x, image + STEP * np.sign(image), atol=1e-4)


def test_masks_move_their_own_region(doubling):
    image = noise(1, 6, 8, 3)
    left = np.zeros((6, 8))
    left[:, :4] = 1.0
    engine = engine_of(doubling, Layer("twice", 0, measure="norm").inside(left))
    after = taken(engine, image)[0]
    changed = (after != image)[0]
    assert changed[:, :4, 0].all()
    assert not changed[:, 4:].any()
    assert not changed[..., 1:].any()
    both = Layer("twice", 0, measure="norm").inside(left) + Layer("twice", 1, measure="norm").outside(left)
    changed = (taken(engine_of(doubling, both), image)[0] != image)[0]
    assert changed[:, :4, 0].all()
    assert changed[:, 4:, 1].all()
    assert not changed[:, 4:, 0].any()
    assert not changed[:, :4, 1].any()


def test_a_mask_scales_the_step(doubling):
    image, mask = noise(1, 6, 8, 3), np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)
    free = taken(engine_of(doubling, "norm(twice)"), image)[0]
    config_mask = np.round(mask * 255).astype(np.uint8)
    masked = taken(engine_of(doubling, "norm(twice)", mask=config_mask), image, mask=mask)[0]
    np.testing.assert_allclose(masked, image + mask[..., None] * (free - image), atol=1e-5)


def test_another_framework_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ModelError, match="Keras runs on numpy; kerasdream needs tensorflow.*KERAS_BACKEND=tensorflow"):
        ascent.backend()
