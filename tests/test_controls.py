"""Masks, strength, colours, snapshots and noise: what they do to the picture that comes back."""

import keras
import numpy as np
import pytest
from conftest import BACKEND, MOBILENET, needs_mobilenet
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError, InputImageError

FEW = {"iterations": 3, "step": 0.05, "max_loss": None}


def dream(photo, net, **settings):
    return kerasdream.Dreamer("relu1", model=net, **FEW | settings).run(photo)


@pytest.fixture
def left(photo):
    """White on the left, a soft edge, black from column 64 on."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, :56] = 255
    mask[:, 56:64] = np.linspace(230, 10, 8)
    return mask


def test_the_black_of_a_mask_is_untouched_to_the_byte(small_net, photo, left, tmp_path):
    Image.fromarray(left).save(tmp_path / "mask.png")
    for mask in (left, tmp_path / "mask.png", Image.fromarray(left), left / 255):
        image = dream(photo, small_net, mask=mask).image
        assert np.array_equal(image[:, 64:], photo[:, 64:])
        assert np.abs(image[:, :56].astype(int) - photo[:, :56]).mean() > 2
    for kind in (Image.fromarray(photo), photo.astype(np.uint16) * 257, photo / np.float32(255), photo[..., 0]):
        image = np.asarray(dream(kind, small_net, mask=left).image)
        assert np.array_equal(image[:, 64:], np.asarray(kind)[:, 64:])
        assert not np.array_equal(image[:, :56], np.asarray(kind)[:, :56])


def test_a_mask_of_zeros_and_ones_is_one_of_levels(small_net, photo, left):
    hard = (left > 128).astype(np.uint8)
    assert np.array_equal(dream(photo, small_net, mask=hard).image, dream(photo, small_net, mask=hard * 255).image)
    assert not np.array_equal(dream(photo, small_net, mask=hard).image, photo)


def test_a_mask_is_scaled_to_the_picture_but_not_bent(small_net, photo, left):
    small = Image.fromarray(left).resize((64, 48))
    assert np.array_equal(dream(photo, small_net, mask=small).image[:, 72:], photo[:, 72:])
    with pytest.raises(InputImageError, match="mask .* is 96 x 96 pixels and the picture 96 x 128"):
        dream(photo, small_net, mask=left[:, :96])
    with pytest.raises(InputImageError, match="no-mask.png"):
        dream(photo, small_net, mask="no-mask.png")


def test_each_region_follows_its_own_layer(small_net, photo):
    """One step: in each half the change points where that half alone would go; both halves share one scale."""
    hard, floats = np.zeros((96, 128), np.uint8), photo / np.float32(255) * 0.5 + 0.25
    hard[:, :64] = 255
    a, b = kerasdream.Layer("relu0").inside(hard), kerasdream.Layer("relu2").outside(hard)
    settings = {"model": small_net, "num_octave": 1, "iterations": 1, "step": 0.02}
    both, one, other = (kerasdream.Dreamer(o, **settings).run(floats).image - floats for o in (a + b, a, b))
    assert max(np.abs(one[:, 64:]).max(), np.abs(other[:, :64]).max()) < 1e-6
    scales = []
    for half, alone in ((np.s_[:, :64], one), (np.s_[:, 64:], other)):
        scale = (both[half] * alone[half]).sum() / (alone[half] ** 2).sum()
        np.testing.assert_allclose(both[half], scale * alone[half], atol=1e-4)
        scales.append(scale)
    assert sum(scales) == pytest.approx(1.0, rel=1e-3)  # the mean absolute changes of the halves add up to the step
    assert min(scales) > 0.001


def test_the_default_limit_is_for_whole_layers_only(small_net):
    def limit(layers, **settings):
        return kerasdream.Dreamer(layers, model=small_net, **settings).config.max_loss

    assert limit("relu1, relu2=0.5") == 15.0
    for wish in ("relu1:3", "mean(relu1)", "relu1 - relu2", "relu1 + tv()", kerasdream.Layer("relu1").inside([[1.0]])):
        assert limit(wish) is None, wish
    assert limit("relu1:3", max_loss=7) == 7.0
    assert limit("relu1", preset="google2015") is None


def test_strength_blends_with_the_original(small_net, photo):
    whole, half, none = (dream(photo, small_net, strength=s).image.astype(float) for s in (1.0, 0.5, 0.0))
    assert np.array_equal(none, photo)
    inside = (whole > 0) & (whole < 255)
    assert np.abs(half - (whole + photo) / 2)[inside].max() <= 1
    assert np.abs(whole - photo).mean() > 2


def test_colours_are_kept(small_net, photo):
    soft = (photo // 4 + 96).astype(np.uint8)
    image = dream(soft, small_net, keep_color=True, step=0.01).image
    before, after = (np.asarray(Image.fromarray(x).convert("YCbCr"), int) for x in (soft, image))
    assert np.abs(after - before)[..., 1:].max() <= 2
    assert np.abs(after - before)[..., 0].mean() > 1
    changed = dream(soft, small_net, step=0.01).image
    assert np.abs(np.asarray(Image.fromarray(changed).convert("YCbCr"), int) - before)[..., 1:].max() > 5


def test_snapshots_are_kept_after_the_steps_asked_for(small_net, photo):
    result = dream(photo, small_net, snapshots=[2, 5, 9, 40])
    assert [snapshot.step for snapshot in result.snapshots] == [2, 5, 9]
    assert np.array_equal(result.snapshots[-1].image, result.image)
    assert all(snapshot.image.shape == photo.shape for snapshot in result.snapshots)
    changes = [np.abs(snapshot.image.astype(int) - photo).mean() for snapshot in result.snapshots]
    assert changes == sorted(changes)
    assert [snapshot.step for snapshot in dream(photo, small_net, snapshots=4).snapshots] == [4, 8]
    assert dream(photo, small_net).snapshots == []


def test_a_dream_can_be_animated(small_net, photo, tmp_path):
    result = dream(photo, small_net, snapshots=3)
    for ending in ("gif", "webp"):
        with Image.open(result.animate(tmp_path / f"growth.{ending}", seconds=1.0)) as film:
            assert film.n_frames == 4
            film.seek(0)
            assert np.abs(np.asarray(film.convert("RGB"), int) - photo).mean() < 20
            film.seek(3)
            assert np.abs(np.asarray(film.convert("RGB"), int) - result.image).mean() < 20
    with pytest.raises(ConfigError, match="no snapshots; dream with snapshots=2"):
        dream(photo, small_net).animate(tmp_path / "none.gif")


def test_films_of_sixteen_bits_and_floats_keep_their_greys(small_net, photo, tmp_path):
    for name, kind in {
        "16": photo[..., 0].astype(np.uint16) * 257,
        "F": Image.fromarray(photo[..., 0] / np.float32(255)),
    }.items():
        with Image.open(dream(kind, small_net, snapshots=4).animate(tmp_path / f"{name}.gif")) as film:
            assert np.abs(np.asarray(film.convert("L"), int) - photo[..., 0]).mean() < 8


def test_iterations_and_step_may_differ_by_octave(small_net, photo):
    result = dream(photo, small_net, iterations=[1, 2, 4], step=[0.2, 0.1, 0.05])
    assert [len(octave) for octave in result.losses] == [1, 2, 4]
    only = dream(photo, small_net, iterations=[1, 2, 4], step=[0.2, 0.1, 1e-9], detail="none")
    assert np.abs(only.losses[2][-1] / only.losses[2][0] - 1) < 1e-4  # the last octave stands still


@pytest.mark.parametrize("detail", ["kept", "added", "none"])
def test_octaves_above_come_back_in_the_size_of_the_picture(small_net, photo, detail):
    result = dream(photo, small_net, octaves_above=1, octave_scale=1.5, detail=detail)
    assert result.image.shape == photo.shape
    assert len(result.losses) == 3
    assert 2 < np.abs(result.image.astype(int) - photo).mean() < 90


def test_noise_is_a_picture_drawn_from_the_seed(small_net, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = {"model": small_net, **FEW}
    image = kerasdream.dream("noise:80x60", "relu1", seed=3, **settings)
    assert image.size == (80, 60)
    assert np.array_equal(image, kerasdream.dream("noise:80x60", "relu1", seed=3, **settings))
    assert not np.array_equal(image, kerasdream.dream("noise:80x60", "relu1", seed=4, **settings))
    assert kerasdream.Dreamer("relu1", max_pixels=10**6, **settings).run("noise").image.size == (512, 512)
    with pytest.raises(InputImageError, match="noise:9999x9999"):
        kerasdream.dream("noise:9999x9999", "relu1", **settings)


@pytest.mark.skipif(BACKEND == "jax", reason="compiles for two minutes")
@needs_mobilenet
def test_a_class_becomes_what_the_classifier_sees():
    """A clear picture of nothing becomes a tabby, index 281, for the network that was asked; the climb is chaotic."""
    settings = {"step": 0.02, "num_octave": 4, "jitter": 16, "max_loss": None}
    judge = keras.applications.MobileNetV2(weights=None)
    judge.load_weights(MOBILENET)
    sure = []
    for seed in range(3):
        dreamer = kerasdream.Dreamer("class:tabby", model="mobilenet_v2", weights=MOBILENET, seed=seed, **settings)
        image = dreamer.run(kerasdream.sample().resize((448, 300))).image
        seen = np.asarray(image.resize((224, 224)), np.float32)[None] / 127.5 - 1
        scores = judge.predict(seen, verbose=0)[0]
        assert scores.argmax() == 281
        sure.append(float(scores[281]))
    assert np.median(sure) > 0.9
