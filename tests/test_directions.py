"""Found directions: what they tell apart, what they are made of, and how they are kept."""

import numpy as np
import pytest

import kerasdream
from kerasdream.directions import factorize, network_of, shrunk_covariance
from kerasdream.errors import ConfigError, DreamWarning, InputImageError, LayerError, OutputError
from kerasdream.objectives import StoredDirection

SIDE = 96


def drawn(number, stripes):
    """A picture of coloured discs on a plain ground, with or without stripes of any angle, width and colour."""
    rng = np.random.default_rng([number, stripes])
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.ones((SIDE, SIDE, 3)) * rng.uniform(0.2, 0.8, 3)
    for _ in range(rng.integers(1, 4)):
        (a, b), radius = rng.uniform(0, 1, 2), rng.uniform(0.1, 0.3)
        picture[np.hypot(x - a, y - b) < radius] = rng.uniform(0, 1, 3)
    if stripes:
        angle, width = rng.uniform(0, np.pi), rng.uniform(8, 16)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) * width)
        picture[wave > 0] = 0.3 * picture[wave > 0] + 0.7 * rng.uniform(0, 1, 3)
    return picture


def striped_share(picture):
    """How much of a picture's variance has the frequency of the stripes, 8 to 16 waves a side."""
    light = np.asarray(picture, float).mean(-1)
    power = np.abs(np.fft.fft2(light - light.mean())) ** 2
    waves = np.hypot(*np.meshgrid(*[np.fft.fftfreq(n) * SIDE for n in light.shape], indexing="ij"))
    return power[(waves >= 7) & (waves <= 17)].sum() / power.sum()


@pytest.mark.parametrize("whiten", [False, True])
def test_stripes_are_told_from_no_stripes_and_dreamt(whiten, tmp_path):
    sides = [[drawn(number, stripes) for number in range(20)] for stripes in (True, False)]
    found = kerasdream.direction("mixed2", *sides, whiten=whiten, model="mini")
    assert np.linalg.norm(found.vectors[0]) == pytest.approx(1, rel=1e-5)
    network = network_of("mixed2", "mini", None, None, None)

    def score(stripes, number):
        cells = network.picture_activations(kerasdream.Guide("mixed2", drawn(number, stripes)).image, "mixed2")
        return cells.mean(0) @ found.vectors[0]

    others = np.array([[score(stripes, number) for number in range(100, 140)] for stripes in (True, False)])
    threshold = np.median(others)
    accuracy = np.mean([others[0] > threshold, others[1] <= threshold])
    assert accuracy >= 0.95
    start = drawn(1000, False)
    settings = {"model": "mini", "num_octave": 1, "iterations": 20, "step": 0.03, "jitter": 16}
    kept = kerasdream.dream(start, f"direction(mixed2, '{found.save(tmp_path / 'stripes.npz')}')", **settings)
    assert np.array_equal(kept, kerasdream.dream(start, found, **settings))
    assert striped_share(kept) > 2 * striped_share(start)


def test_a_difference_of_means_by_hand(doubling):
    """`twice` is 2x: pictures of plain colours differ by twice their difference."""
    red, grey = (np.full((4, 4, 3), level, np.uint8) * np.uint8([1, 0, 1]) for level in (255, 0))
    found = kerasdream.direction("twice", [red], [grey], model=doubling)
    np.testing.assert_allclose(found.vectors, [[0.5**0.5, 0, 0.5**0.5]], rtol=1e-5)
    assert (found.layer, found.model) == ("twice", "doubling")
    with pytest.raises(ConfigError, match="look the same to 'twice'"):
        kerasdream.direction("twice", [red], [red], model=doubling)
    with pytest.raises(ConfigError, match="No picture was given"):
        kerasdream.direction("twice", [], [red], model=doubling)


def test_whitening_takes_away_what_goes_together():
    deviations = np.array([[3.0, 3.0], [-3.0, -3.0], [1.0, -1.0], [-1.0, 1.0]])
    covariance = shrunk_covariance([deviations])
    np.testing.assert_allclose(covariance, 0.9 * np.array([[5.0, 4.0], [4.0, 5.0]]) + 0.1 * 5 * np.eye(2))


def test_factors_are_the_parts_that_rows_are_sums_of():
    rng = np.random.default_rng(0)
    parts = np.zeros((3, 12))
    for number in range(3):
        parts[number, 4 * number : 4 * number + 4] = rng.uniform(0.5, 1, 4)
    parts /= np.linalg.norm(parts, axis=1, keepdims=True)
    shares = rng.uniform(size=(200, 3)) * (rng.uniform(size=(200, 3)) < 0.5) * [1, 4, 2]
    found = factorize(shares @ parts, 3, rng)
    np.testing.assert_allclose(found, parts[[1, 2, 0]], atol=0.06)


def test_concepts_of_plain_pictures_are_their_colours(doubling):
    colours = [np.zeros((8, 8, 3), np.uint8) + np.uint8(colour) for colour in ((255, 0, 0), (0, 0, 255))]
    found = kerasdream.concepts("twice", colours, 2, model=doubling, preprocess=lambda pixels: pixels / 255)
    assert len(found) == len(list(found)) == 2
    np.testing.assert_allclose(sorted(found.vectors.tolist()), [[0, 0, 1], [1, 0, 0]], atol=1e-3)
    with pytest.raises(ConfigError, match="0 concepts were asked for"):
        kerasdream.concepts("twice", colours, 0, model=doubling)


def test_a_file_holds_them_and_an_objective_names_one(doubling, tmp_path):
    vectors = np.array([[1.0, 0, 0], [0, 0.6, 0.8]], np.float32)
    found, path = kerasdream.Directions("twice", "doubling", vectors), tmp_path / "parts.npz"
    assert found.save(path) == path
    with pytest.warns(DreamWarning, match=r"parts-2.npz' was written"):
        found.save(path)
    assert found.save(path, overwrite=True) == path
    again = kerasdream.Directions.load(path)
    assert (again.layer, again.model) == ("twice", "doubling")
    assert np.array_equal(again.vectors, vectors)
    assert again[1] == kerasdream.Direction("twice", {1: 0.6000000238418579, 2: 0.800000011920929})
    image, settings = np.random.default_rng(0).uniform(size=(16, 16, 3)), {"model": doubling, "iterations": 2}
    stored = kerasdream.dream(image, StoredDirection("twice", str(path), 1), **settings)
    np.testing.assert_array_equal(stored, kerasdream.dream(image, again[1], **settings))
    with pytest.raises(OutputError, match=r"one of .npz was expected"):
        found.save(tmp_path / "parts.txt")


def test_a_file_that_will_not_do_is_told(doubling, tmp_path):
    kerasdream.Directions("twice", "doubling", np.eye(3, dtype=np.float32)).save(tmp_path / "parts.npz")
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", numbers=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", layer="twice", model="m", vectors=np.array([{}], object))
    np.savez(tmp_path / "nan.npz", layer="twice", model="m", vectors=np.full((1, 3), np.nan, np.float32))
    for text, fault, words in (
        ("twice, none.npz", ConfigError, "There is no file .*none.npz'; a file that Directions.save wrote"),
        ("twice, text.npz", ConfigError, "holds no directions"),
        ("twice, other.npz", ConfigError, "holds no directions"),
        ("twice, pickled.npz", ConfigError, "holds no directions"),
        ("twice, nan.npz", ConfigError, "no rows of finite numbers"),
        ("twice, parts.npz, 3", LayerError, "Direction 3 of .* it holds 3, from 0 on"),
        ("pooled, parts.npz", LayerError, "'twice' of doubling, with 3 channels; 'pooled' with 3 was expected"),
    ):
        layer, file, *number = text.split(", ")
        wanted = f"direction({layer}, '{tmp_path / file}'{''.join(f', {n}' for n in number)})"
        with pytest.raises(fault, match=words):
            kerasdream.dream(np.zeros((16, 16, 3)), wanted, model=doubling)


def test_a_record_names_the_file_and_opens_it_only_when_told(doubling, tmp_path):
    kerasdream.Directions("twice", "doubling", np.eye(3, dtype=np.float32)).save(tmp_path / "parts.npz")
    wanted = StoredDirection("twice", str(tmp_path / "parts.npz"))
    image = np.random.default_rng(0).uniform(size=(16, 16, 3))
    result = kerasdream.Dreamer(wanted, model=doubling, iterations=1).run(image)
    assert result.record()["settings"]["layers"] == {"direction(twice, parts.npz)": 1.0}
    result.save(tmp_path / "dream.png")
    with pytest.raises(InputImageError, match=r"name files: parts.npz. With files=True"):
        kerasdream.settings_of(tmp_path / "dream.png")
    assert kerasdream.settings_of(tmp_path / "dream.png", files=True)["layers"]
