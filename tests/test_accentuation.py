"""Where a dream counts: the opacity map, the dream shown through it, and accentuated pictures."""

import json

import keras
import numpy as np
import pytest
from conftest import psnr
from PIL import Image, ImageDraw

import kerasdream
from kerasdream.ascent.importance import Importance
from kerasdream.errors import ConfigError
from kerasdream.image.opacity import opacity


@pytest.fixture
def left_eye():
    """A model that reads one place: `seen` is 1 x the left of the picture, and nothing of the rest."""

    @keras.saving.register_keras_serializable("tests")
    class LeftQuarter(keras.layers.Layer):
        def call(self, x):
            columns = keras.ops.arange(keras.ops.shape(x)[2])
            return x * keras.ops.cast(columns < keras.ops.shape(x)[2] // 4, x.dtype)[:, None]

    image = keras.Input((None, None, 3))
    return keras.Model(image, LeftQuarter(name="seen")(image), name="left")


def run(image, model, layers="norm(seen)", **settings):
    settings = {"iterations": 3, "num_octave": 2, "opacity": True, "max_loss": None} | settings
    return kerasdream.Dreamer(layers, model=model, **settings).run(image, verbose=False)


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adam"}, {"octaves_above": 1}, {"crops": 4}])
def test_the_map_shows_the_place_that_the_network_reads(left_eye, photo, settings):
    result = run(photo, left_eye, **settings)
    assert result.opacity.shape == (96, 128)
    assert result.opacity.dtype == np.float32
    if "crops" in settings:  # the left of each crop: all but the right of the picture
        assert result.opacity[:, :40].mean() > 3 * result.opacity[:, -40:].mean()
    else:
        assert result.opacity[:, :26].mean() > 0.5
        assert result.opacity[:, 44:].max() < 1e-3


def test_the_map_is_the_same_in_tiles(small_net, photo):
    whole, parts = (run(photo, small_net, "norm(relu1)", iterations=2, **more).opacity for more in ({}, {"tile": 64}))
    assert whole.std() > 0.1
    np.testing.assert_allclose(parts, whole, atol=0.03)


def test_each_step_counts_as_one_and_a_mask_keeps_out(doubling):
    """Of half the sum of (2x)² the gradient is 4x."""
    image, mask = np.random.default_rng(0).uniform(-1, 1, (2, 8, 10, 3)).astype(np.float32), np.ones((8, 10, 1))
    mask[:, :5] = 0
    sums = Importance(2, (8, 10))
    for factor in (1.0, 7.0):
        sums.add(factor * image, factor * np.abs(image).mean((1, 2, 3)), np.float32([0.1, 0.0]), mask)
    wanted = 2 * np.abs(image[0]).mean(-1) / np.abs(image[0]).mean() * mask[..., 0]
    np.testing.assert_allclose(sums.total[0, ..., 0], wanted, rtol=1e-5)
    assert not sums.total[1].any()
    sums.resize((16, 20))
    assert sums.total[0].mean() == pytest.approx(wanted.mean(), rel=0.05)
    pixels = ((image[:1] + 1) / 2).astype(np.float32)
    result = run(pixels, doubling, "norm(twice)", num_octave=1, iterations=1)
    np.testing.assert_allclose(result.opacity[0], opacity(np.abs(image[0]).sum(-1)), atol=1e-3)


def test_pictures_of_a_batch_have_maps_of_their_own(left_eye, photo):
    plain = np.full_like(photo, 99)
    with pytest.warns(kerasdream.DreamWarning, match="1 of 3 pictures came back unchanged"):
        result = run(np.stack([photo, plain, photo[::-1]]), left_eye)
    assert result.opacity.shape == (3, 96, 128)
    assert not result.opacity[1].any()
    for number, picture in ((0, photo), (2, photo[::-1])):
        np.testing.assert_allclose(result.opacity[number], run(picture, left_eye).opacity, atol=1e-5)
    shown = result.through_opacity().image
    assert shown.shape == result.image.shape
    assert np.array_equal(shown[1], plain)


def test_the_dream_is_the_same_with_and_without_the_map(small_net, photo):
    for settings in ({}, {"jitter": 8}, {"tile": 64}):
        with_map = run(photo, small_net, "relu2", **settings)
        without = run(photo, small_net, "relu2", opacity=False, **settings)
        assert without.opacity is None
        assert np.abs(np.float32(with_map.image) - without.image).max() <= 1


@pytest.mark.parametrize("kind", ["array", "floats", "pillow", "tensor", "grey"])
def test_the_dream_is_shown_through_the_map(left_eye, photo, kind):
    image = {
        "array": photo,
        "floats": np.float32(photo / 255),
        "pillow": Image.fromarray(np.dstack([photo, photo[..., 0]])),
        "tensor": keras.ops.convert_to_tensor(photo / 255, "float32"),
        "grey": photo[..., 0],
    }[kind]
    result = run(image, left_eye, step=0.05)
    shown = result.through_opacity()
    assert type(shown.image) is type(result.image)
    before, dreamt, after = (np.asarray(one, np.float64) for one in (image, result.image, shown.image))
    dim = result.opacity[..., None] if before.ndim == 3 else result.opacity
    levels = 1 if kind in ("array", "pillow", "grey") else 1e-5
    np.testing.assert_allclose(after, before + dim * (dreamt - before), atol=1.001 * levels)
    assert np.abs(after - before)[:, :20].max() > 5 * levels
    assert np.abs(after - before)[:, 44:].max() <= levels


def test_a_dream_without_a_map_says_how_to_get_one(left_eye, photo):
    with pytest.raises(ConfigError, match="The dream kept no opacity map; dream with opacity=True"):
        run(photo, left_eye, opacity=False).through_opacity()


def test_the_knob_is_recorded_and_the_blend_saved(left_eye, photo, tmp_path):
    result = run(photo, left_eye)
    assert result.record()["settings"]["opacity"] is True
    json.dumps(result.record())
    saved = result.through_opacity().save(tmp_path / "through.png")
    assert np.array_equal(np.asarray(Image.open(saved)), result.through_opacity().image)
    assert kerasdream.record_of(saved)["settings"]["opacity"] is True


def drawn_eye(place, side=224, radius=32):
    """An eye at a place on grainy ground, and which pixels are its box."""
    rng = np.random.default_rng(0)
    ground = np.array([120, 130, 110]) + rng.normal(0, 6, (side, side, 1))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize((4 * side, 4 * side))
    draw, (row, column) = ImageDraw.Draw(picture), place
    for share, color in ((1, (235, 230, 220)), (0.62, (150, 95, 40)), (0.34, (15, 12, 10))):
        low, high = 4 * np.array([column, row]) - 4 * share * radius, 4 * np.array([column, row]) + 4 * share * radius
        draw.ellipse([*low, *high], fill=color)
    box = np.zeros((side, side), bool)
    box[row - radius : row + radius, column - radius : column + radius] = True
    return picture.resize((side, side), Image.Resampling.LANCZOS), box


def channel_of(picture, box, layer):
    """The channel that the box excites most, and hardly anything else."""
    compiled = kerasdream.Dreamer(layer, model="mini").compiled
    seen = keras.ops.convert_to_numpy(compiled.activations(np.float32(picture)[None] / 127.5 - 1)[layer])[0]
    centers = [np.int32((np.arange(cells) + 0.5) * len(box) / cells) for cells in seen.shape[:2]]
    inside = box[np.ix_(*centers)]
    means = seen[inside].mean(0)
    return int(np.argmax(means * (means > 0.5) / (np.quantile(seen[~inside], 0.99, axis=0) + 0.1)))


@pytest.mark.parametrize("place", [(60, 60), (150, 80), (110, 170)])
def test_an_accentuated_object_is_where_it_is_and_the_rest_is_kept(place):
    picture, box = drawn_eye(place)
    channel = channel_of(picture, box, "mixed4")
    layers = f"mixed4:{channel} + content(mixed3, balanced)"
    dreamer = kerasdream.Dreamer(layers, model="mini", preset="accentuate", step=0.01, crops=6, iterations=16)
    result = dreamer.run(picture, verbose=False)
    assert result.opacity[box].mean() > 3 * result.opacity[~box].mean()
    before, after = np.asarray(picture), np.asarray(result.image)
    assert psnr(before[~box], after[~box]) > 18
    assert psnr(before[box], after[box]) < psnr(before[~box], after[~box]) - 3
    assert result.losses[0][-1] > result.losses[0][0]
