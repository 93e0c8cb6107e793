"""A picture in tiles is the picture as a whole: its loss, its gradient, its step, with every objective and setting."""

import keras
import numpy as np
import pytest
from conftest import traces
from PIL import Image
from test_step import TERMS, compile_objective, noise, stepper_of, three  # noqa: F401

import kerasdream
from kerasdream.ascent.memory import MAX_TILE, MemoryBudget
from kerasdream.ascent.sampling import StepIndex
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, DreamWarning, OutOfMemoryError
from kerasdream.image import tiles

SIZE = (140, 100)
PARTS = {"tile": 64, "overlap": 32}


def stepped(compiled, image, octave=0, mask=None, original=None):
    """Two steps: pictures, losses, mean absolute gradients."""
    stepper = stepper_of(compiled, image.shape[1:3], mask)
    original = image.copy() if original is None else original
    image, outcomes, sizes = image.copy(), [], np.array([0.1, 0.05, 0.1, 0.1, 0.1], np.float32)
    for number in range(2):
        image, loss, slope = stepper.step(image, sizes[: len(image)], StepIndex(octave, number), lambda: original)
        outcomes += [np.array(image), loss, slope]
    return outcomes


# A class is the mean of what the tiles score; a channel is picked by the mean over tiles that overlap.
ALIKE = [name for name in TERMS if name not in ("class", "sum", "masked", "function", "likeness", "statistics")]


@pytest.mark.parametrize("name", ALIKE)
def test_every_objective_is_the_same_in_tiles(three, name):  # noqa: F811
    image, original = noise(2, *SIZE, 3), noise(2, *SIZE, 3, seed=5)
    image[:, 20:60] *= 0.5
    whole = stepped(compile_objective(three, TERMS[name]), image, original=original)
    parts = stepped(compile_objective(three, TERMS[name], **PARTS), image, original=original)
    for got, wanted in zip(parts, whole, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-3)


SETTINGS = {
    "plain": {},
    "rolled": {"jitter": 40},
    "turned": {"turns": True},
    "both": {"jitter": 9, "turns": True},
    "smooth": {"smooth_samples": 3, "smooth_noise": 0.0},
    "blurred": {"gradient_blur": 2.0},
    "cascade": {"gradient_blur": 1.0, "blur_kind": "cascade"},
    "scales": {"gradient_scales": 2},
    "std": {"normalize": "std"},
    "standard": {"normalize": "standard"},
    "l2": {"normalize": "l2", "clip": True},
    "adam": {"optimizer": "adam"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_the_same_in_tiles(three, name):  # noqa: F811
    image, expression = noise(2, *SIZE, 3), "twice + halves:1"
    for octave in range(3):
        whole = stepped(compile_objective(three, expression, **SETTINGS[name]), image, octave)
        parts = stepped(compile_objective(three, expression, **SETTINGS[name], **PARTS), image, octave)
        for got, wanted in zip(parts, whole, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("more", [{}, {"turns": True}, {"jitter": 70}])
def test_tiles_that_only_touch_share_the_cells(three, more):  # noqa: F811
    """128 is twice 64: the weights of the windows meet at the very edge."""
    image = noise(1, 128, 192, 3)
    objectives = ["twice"] if more else ["twice", "halves:1@3,4", "halves:0@40,60"]
    for expression in objectives:
        for octave in range(3):
            whole = stepped(compile_objective(three, expression, **more), image, octave)
            parts = stepped(compile_objective(three, expression, **more, tile=64, overlap=0), image, octave)
            for got, wanted in zip(parts, whole, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-3)


def test_masks_and_regions_are_the_same_in_tiles(three):  # noqa: F811
    mask = np.zeros(SIZE, np.float32)
    mask[30:90, :70] = 1.0
    halves = np.arange(SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE) / (SIZE[0] * SIZE[1])
    expression = kerasdream.Layer("twice").inside(halves) + kerasdream.Layer("halves").outside(halves)
    for jitter in (0, 25):
        settings = {"mask": mask, "jitter": jitter}
        image = noise(1, *SIZE, 3)
        whole = stepped(compile_objective(three, expression, **settings), image, mask=mask)
        parts = stepped(compile_objective(three, expression, **settings, **PARTS), image, mask=mask)
        for got, wanted in zip(parts, whole, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-3)
        assert np.array_equal(parts[3][0, 90:], image[0, 90:])


def test_a_class_is_the_mean_of_what_the_tiles_score(three):  # noqa: F811
    image = np.full((1, *SIZE, 3), 0.3, np.float32)
    whole, parts = (stepped(compile_objective(three, "class:1", **more), image) for more in ({}, PARTS))
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-4)


def test_a_function_is_the_mean_over_the_tiles(three):  # noqa: F811
    image = np.full((1, *SIZE, 3), 0.3, np.float32)
    whole, parts = (stepped(compile_objective(three, TERMS["function"], **more), image) for more in ({}, PARTS))
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-4)


def test_a_batch_too_large_for_the_memory_goes_through_the_network_in_parts(three):  # noqa: F811
    images = noise(5, *SIZE, 3)
    whole = stepped(compile_objective(three, "twice + halves:strong1"), images)
    compiled = compile_objective(three, "twice + halves:strong1")
    compiled.bytes_per_pixel, gradient, counts = 2e9 / (2.5 * SIZE[0] * SIZE[1]), compiled.gradient, []
    compiled.gradient = lambda image, *rest: (counts.append(image.shape[:3]), gradient(image, *rest))[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerasdream.ascent.memory.ALWAYS_FITS", 1e9)
        parts = stepped(compiled, images)
    assert counts[:3] == [(1 if compiled.backend.STATIC_SHAPES else count, *SIZE) for count in (2, 2, 1)]
    for got, wanted in zip(parts, whole, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-3)


def test_one_trace_serves_all_tiles(three):  # noqa: F811
    compiled = compile_objective(three, "twice", **PARTS)
    for size in ((140, 100), (64, 300)):
        stepped(compiled, noise(1, *size, 3))
    assert compiled.traces == traces(1)
    stepped(compiled, noise(1, 50, 50, 3))  # fits into one tile: a whole picture, whose trace has no windows
    assert compiled.traces == 2 * traces(1)


def test_tiles_come_from_the_memory_that_may_be_used(small_net):
    def tile(memory, shape):
        dreamer = kerasdream.Dreamer("relu2", model=small_net, memory=memory)
        return MemoryBudget(dreamer.compiled).tile_side(shape)

    compiled = kerasdream.Dreamer("relu2", model=small_net).compiled
    # conv0 has 8 numbers a pixel, conv1 12 a quarter of them, conv2 16 a sixteenth.
    assert compiled.bytes_per_pixel == pytest.approx(1.25 * 4 * (8 + 12 / 4 + 16 / 16), rel=0.01)
    assert tile("100MB", (1, 1000, 1000, 3)) is None
    assert tile("10MB", (1, 1000, 1000, 3)) == int((10e6 / compiled.bytes_per_pixel) ** 0.5)
    assert tile("10MB", (1, 300, 300, 3)) is None
    assert tile("10MB", (4, 300, 200, 3)) == 300  # each picture by itself, and whole
    assert tile("100GB", (1, 60000, 60000, 3)) == MAX_TILE
    assert tile("1MB", (1, 60000, 60000, 3)) >= 64


def test_tiles_too_small_for_the_network_are_told(small_net):
    image = keras.Input((None, None, 3))
    deep = keras.Model(image, keras.layers.Conv2D(2, 80, name="deep")(image), name="wide")
    picture = np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8)
    with pytest.raises(ConfigError, match="Tiles of 57 x 38 pixels are too small for this network. Give tile=168 or"):
        kerasdream.dream(picture, "deep", model=deep, tile=64, overlap=8, iterations=1)
    for wrong in ("2", "GB", "-1GB", "0GB", 2, "1e3GB"):
        with pytest.raises(ConfigError, match="memory=.* was given; a size such as '2GB' or '500MB' was expected"):
            DreamConfig(memory=wrong)
    assert DreamConfig(memory="1.5 gb").memory == "1.5 gb"


def test_running_out_of_memory_halves_the_tiles_and_is_told_once(small_net, photo):
    picture = np.asarray(Image.fromarray(photo).resize((520, 300)))
    dreamer = kerasdream.Dreamer("relu1", model=small_net, num_octave=1, iterations=2, max_loss=None, overlap=32)
    gradient, seen = dreamer.compiled.gradient, []

    def short(image, *rest):
        seen.append(max(image.shape[1:3]))
        if seen[-1] > 150:
            raise MemoryError
        return gradient(image, *rest)

    wanted = dreamer.run(picture)
    dreamer.compiled.step = dreamer.compiled.gradient = short
    with pytest.warns(DreamWarning, match="memory ran out; the dream goes on in tiles of 260 pixels") as told:
        result = dreamer.run(picture)
    assert [one.category for one in told].count(DreamWarning) == 1
    assert [side for side in seen if side > 150] == [520, 200]
    np.testing.assert_allclose(result.losses[0], wanted.losses[0], rtol=0.02)
    assert np.abs(result.image.astype(float) - wanted.image).mean() < 1

    dreamer.compiled.step = dreamer.compiled.gradient = lambda *_: (_ for _ in ()).throw(MemoryError)
    with (
        pytest.warns(DreamWarning, match="memory ran out"),
        pytest.raises(OutOfMemoryError, match=r"gradient of a tile of \d+ pixels, about .* MB\. A smaller network"),
    ):
        dreamer.run(picture)


def test_a_dream_on_disk_is_the_dream_in_memory(small_net, photo, monkeypatch):
    settings = {"model": small_net, "iterations": 2, "max_loss": None, "tile": 64, "overlap": 16, "jitter": 5}
    for more in ({}, {"optimizer": "adam"}, {"detail": "added"}, {"gradient_blur": 1.0}):
        wanted = kerasdream.Dreamer("relu1", **settings, **more).run(photo).image
        monkeypatch.setattr(tiles, "MOST_IN_MEMORY", 1000)
        monkeypatch.setattr(tiles, "STRIP_PIXELS", 1000)
        got = kerasdream.Dreamer("relu1", **settings, **more).run(photo).image
        monkeypatch.undo()
        assert np.abs(got.astype(int) - wanted).max() <= 1


@pytest.fixture(scope="module")
def mini_dreams():
    """A picture of 3 x 2 tiles dreamt by mini, whole and in tiles with jitter: their results."""
    picture = np.asarray(kerasdream.sample().resize((1152, 768)))
    settings = {"model": "mini", "num_octave": 1, "iterations": 4, "step": 0.02, "jitter": 32, "max_loss": None}
    return picture, [kerasdream.Dreamer(**settings, tile=tile, overlap=160).run(picture) for tile in (None, 512)]


def test_mini_dreams_a_picture_in_tiles_to_the_same_loss(mini_dreams):
    _, (whole, parts) = mini_dreams
    np.testing.assert_allclose(parts.losses[0], whole.losses[0], rtol=0.03)
    assert whole.losses[0][-1] > 1.5 * whole.losses[0][0]


def test_mini_leaves_no_seams_between_its_tiles(mini_dreams):
    """Along the borders of the tiles, what was dreamt has as much energy as elsewhere, beside a whole dream's."""
    picture, results = mini_dreams
    edges = []
    for result in results:
        change = result.image.astype(float) - picture
        down, across = np.abs(np.diff(change, axis=0)).mean((1, 2)), np.abs(np.diff(change, axis=1)).mean((0, 2))
        for steps, side in ((down, 768), (across, 1152)):
            meet = tiles.tile_spans(side, 512, 160, np.random.default_rng(0))[1:]
            middles = np.concatenate([np.arange(w.start, w.start + 192) for w in meet])
            edges.append(steps[middles].mean() / np.delete(steps, middles).mean())
    for whole, parts in zip(edges[:2], edges[2:], strict=True):
        assert parts == pytest.approx(whole, rel=0.05)
