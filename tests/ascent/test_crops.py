"""Crops: what they show, their gradient, and dreams at any size on networks of one size."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from test_step import GUIDE, TERMS, compile_objective, gradient_of, noise, stepper_of, take_step, three  # noqa: F401

import kerasdream
from kerasdream.ascent.crops import crop, draw_crops, resampling, whole_crop
from kerasdream.ascent.memory import MemoryBudget
from kerasdream.ascent.sampling import StepIndex
from kerasdream.errors import ConfigError, ModelError


@pytest.fixture
def vit():
    """A small vision transformer: 4 x 4 patches of 8 pixels, two blocks of attention, five classes."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(24, 8, 8, name="patches")(image)
    x = layers.Reshape((16, 24), name="tokens")(x)
    x = x + layers.Embedding(16, 24)(ops.arange(16))
    for number in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 12)(y, y)])
        y = layers.Dense(48, activation="gelu", name=f"gelu{number}")(layers.LayerNormalization()(x))
        x = layers.Add(name=f"block{number}")([x, layers.Dense(24)(y)])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(image, layers.Dense(5, name="scores")(x), name="vit")


@pytest.mark.parametrize("box", [(3, 5, 40, 31), (0, 0, 48, 36), (10, 20, 17, 25)])
def test_a_crop_is_pillows_antialiased_one(box):
    picture = noise(36, 48)
    wanted = Image.fromarray(picture).resize((12, 10), Image.Resampling.BILINEAR, box=box)
    left, top, right, bottom = box
    rows, columns = resampling(36, top, bottom - top, 10), resampling(48, left, right - left, 12)
    inside = slice(1, -1)  # at its edges Pillow looks at the box alone, as if the picture ended there
    got = ops.convert_to_numpy(crop(picture[None, :, :, None], (rows[None], columns[None])))[0, 0, :, :, 0]
    np.testing.assert_allclose(got[inside, inside], np.asarray(wanted)[inside, inside], atol=1e-5)


def test_crops_lie_inside_repeat_and_cover_the_picture():
    for picture, side, count in (((300, 200), (64, 64), 12), ((60, 90), (224, 224), 4), ((512, 512), (224, 160), 8)):
        rows, columns = draw_crops(np.random.default_rng(5), count, picture, side)
        assert rows.shape == (count, side[0], picture[0])
        assert columns.shape == (count, side[1], picture[1])
        np.testing.assert_allclose(rows.sum(-1), 1, rtol=1e-5)
        np.testing.assert_allclose(columns.sum(-1), 1, rtol=1e-5)
        again = draw_crops(np.random.default_rng(5), count, picture, side)
        assert np.array_equal(rows, again[0])
        seen = np.einsum("krh,ksw->hw", rows, columns) > 0
        assert seen.mean() > 0.8, (picture, seen.mean())
    rows, columns = draw_crops(np.random.default_rng(5), 50, (400, 400), (100, 100))
    lengths = (rows > 1e-3).any(1).sum(-1)
    assert lengths.min() >= 50
    assert lengths.max() > 300
    assert (
        np.array_equal(lengths, (columns > 1e-3).any(1).sum(-1))
        or np.abs(lengths - (columns > 1e-3).any(1).sum(-1)).max() <= 3
    )


def test_loss_and_gradient_are_the_mean_over_the_crops_by_hand(doubling):
    """`norm` of `twice` is half the sum of (2x)², of each crop."""
    image = noise(2, 20, 30, 3)
    compiled = compile_objective(doubling, "norm(twice)", crops=3)
    assert compiled.side == (224, 224)
    stepper = stepper_of(compiled, (20, 30))
    stepper.begin_octave(image.shape, StepIndex(0, 0), lambda: image)
    loss, gradients = gradient_of(stepper, image, np.random.default_rng(3))
    rows, columns = draw_crops(np.random.default_rng(3), 3, (20, 30), (224, 224))
    seen = np.einsum("krh,nhwc,ksw->nkrsc", rows, image, columns, optimize=True)
    np.testing.assert_allclose(loss, (2 * seen**2).sum((2, 3, 4)).mean(1), rtol=1e-4)
    wanted = np.einsum("krh,nkrsc,ksw->nhwc", rows, 4 * seen / 3, columns, optimize=True)
    np.testing.assert_allclose(gradients[0], wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", [n for n in TERMS if n not in ("neuron", "centre", "caricature", "likeness")])
def test_the_gradient_of_every_objective_is_the_slope_of_its_value(three, name, monkeypatch):  # noqa: F811
    monkeypatch.setattr("kerasdream.ascent.compiled.CROP_SIDE", 12)
    image = noise(1, 14, 14, 3, seed=3)
    original = image + noise(1, 14, 14, 3, seed=4) / 4
    stepper = stepper_of(compile_objective(three, TERMS[name], crops=3), (14, 14))
    stepper.begin_octave(image.shape, StepIndex(0, 0), lambda: original)

    def value(x):
        return float(gradient_of(stepper, x, np.random.default_rng(7))[0][0])

    gradients = [ops.convert_to_numpy(g) for g in gradient_of(stepper, image, np.random.default_rng(7))[1]]
    rng = np.random.default_rng(1)
    small = 1e-4 if name == "cosine" else 1e-3  # it bends sharply where activations are nearly zero
    for _ in range(3):
        along = rng.standard_normal(image.shape).astype(np.float32)
        rise = (value(image + small * along) - value(image - small * along)) / (2 * small)
        assert rise == pytest.approx(float((sum(gradients) * along).sum()), rel=0.02, abs=2e-3)


def test_as_many_crops_as_memory_affords_go_together(three, monkeypatch):  # noqa: F811
    image, results = noise(1, 40, 50, 3), []
    stepper = stepper_of(compile_objective(three, "halves", crops=5), (40, 50))
    stepper.begin_octave(image.shape, StepIndex(0, 0), lambda: image)
    for affordable in (10**9, 2 * 224**2):
        monkeypatch.setattr(MemoryBudget, "affordable_pixels", lambda self, count=affordable: count)
        loss, gradients = gradient_of(stepper, image, np.random.default_rng(2))
        results.append([ops.convert_to_numpy(one) for one in (loss, gradients[0])])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-7)


def test_a_network_of_one_size_dreams_at_any_size(vit):
    picture = np.uint8(127 + 60 * noise(72, 100, 3))
    with pytest.raises(ModelError, match="takes one size only. Dream in crops, with crops=8"):
        kerasdream.dream(picture, "class:2", model=vit, num_octave=1)
    settings = {"model": vit, "crops": 6, "num_octave": 2, "iterations": 5, "step": 0.02}
    for wanted in ("class:2", "gelu1:7", "block0", "block1:strong3", kerasdream.Guide("block0", GUIDE)):
        result = kerasdream.Dreamer(wanted, **settings).run(picture)
        assert [len(octave) for octave in result.losses] == [5, 5]
        assert result.image.shape == picture.shape
        assert (result.image != picture).mean() > 0.5
    scores = [
        ops.convert_to_numpy(vit(crop(np.float32(one)[None] / 127.5 - 1, whole_crop((72, 100), (32, 32)))[:, 0]))[0, 2]
        for one in (picture, kerasdream.dream(picture, "class:2", **settings))
    ]
    assert scores[1] > scores[0]


def test_crops_repeat_and_follow_the_seed(vit):
    picture = np.uint8(127 + 60 * noise(40, 50, 3))
    settings = {"model": vit, "crops": 4, "num_octave": 1, "iterations": 2}
    a, b, c = (kerasdream.dream(picture, "block1", seed=seed, **settings) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_the_grid_of_patches_does_not_show(vit):
    """Its share of the dream's variance: the waves that repeat with each patch of 8 pixels."""
    picture = np.uint8(127 + 20 * noise(32, 32, 3))
    settings = {"model": vit, "num_octave": 1, "iterations": 30, "step": 0.02}

    def grid_share(**more):
        change = np.float32(kerasdream.dream(picture, "block1", **settings, **more)) - picture
        power = (np.abs(np.fft.fft2(change, axes=(0, 1))) ** 2).sum(-1)
        power[0, 0] = 0
        return power[::4, ::4].sum() / power.sum()  # of 32 pixels, every fourth frequency has a period within 8

    assert grid_share(crops=8) < 0.5 * grid_share()


def test_what_does_not_go_with_crops_is_told(three, vit):  # noqa: F811
    with pytest.raises(ConfigError, match="halves:1@1,2 has its place, and crops=4 would move it"):
        compile_objective(three, TERMS["neuron"], crops=4)
    with pytest.raises(ConfigError, match="crops=4 was given with smooth_samples=2; one of them was expected"):
        kerasdream.DreamConfig(crops=4, smooth_samples=2)
    with pytest.raises(ConfigError, match="crops=-1"):
        kerasdream.DreamConfig(crops=-1)


def test_vision_transformers_of_keras_hub_dream_at_any_size():
    hub = pytest.importorskip("keras_hub", reason="KerasHub is not installed")
    size = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "image_shape": (32, 32, 3)}
    vit = hub.models.ViTBackbone(mlp_dim=32, **size)
    dino = hub.models.DINOV2Backbone(intermediate_dim=32, position_embedding_shape=(32, 32), **size)
    for backbone, layer in ((vit, "vit_encoder"), (dino, "encoder")):
        settings = {"model": backbone, "iterations": 20, "num_octave": 1, "step": 0.05, "max_loss": None, "crops": 3}
        result = kerasdream.Dreamer(f"{layer}:3", **settings).run(np.uint8(127 + 60 * noise(50, 70, 3)))
        assert result.image.shape == (50, 70, 3)
        assert result.losses[0][-5:].mean() > result.losses[0][:5].mean()
