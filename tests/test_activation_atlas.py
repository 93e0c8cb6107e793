"""Maps of activations: where they lie, what cells have in common, what is drawn, and how a map goes on."""

import io
import json
import os
import re
import shutil
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError, InputImageError, LayerError, OutputError
from kerasdream.image import files
from kerasdream.maps import activation_atlas, layout, samples
from kerasdream.maps.cells import cells_from
from kerasdream.maps.direction import CellDirections, whiten
from kerasdream.maps.page import page_of
from kerasdream.objectives.view import ActivationView

FEW = {"size": 32, "steps": 3, "samples": 6, "least": 1, "grid": 3, "verbose": False}


@pytest.fixture
def photographs(tmp_path):
    """Pictures of two kinds: stripes across in red, and stripes down in blue."""
    (folder := tmp_path / "photographs").mkdir()
    for number in range(8):
        stripes = (np.arange(64)[:, None] // (2 + number % 4) % 2 * 200 + np.zeros((64, 64))).astype(np.uint8)
        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels[..., 0 if number < 4 else 2] = stripes if number < 4 else stripes.T
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_cells_in_the_border_are_no_samples():
    plane = np.arange(8 * 9).reshape(8, 9, 1)
    taken = samples.sample_plane(plane, 5, 100, np.random.default_rng(0))
    assert sorted(taken.activations.ravel().tolist()) == sorted(plane[2:-2, 2:-2].ravel().tolist())
    assert set(taken.pictures.tolist()) == {5}
    rows, columns = (taken.places * (8, 9) - 0.5).round().astype(int).T
    np.testing.assert_array_equal(taken.activations[:, 0], plane[rows, columns, 0])
    assert len(samples.sample_plane(plane, 5, 7, np.random.default_rng(0)).activations) == 7


def test_the_map_lays_like_beside_like_whatever_its_strength():
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.eye(4, 6), 50, axis=0) + rng.normal(0, 0.01, (200, 6))
    places = layout.lay_out(kinds * rng.uniform(1, 9, (200, 1)), seed=0)
    assert places.min(0).tolist() == [0, 0]
    assert places.max(0).tolist() == [1, 1]
    assert np.ptp(np.sort(places, axis=0) - np.linspace(0, 1, 200)[:, None]) < 1e-9  # every rank once
    middles = places.reshape(4, 50, 2).mean(1)
    own = np.abs(places.reshape(4, 50, 2) - middles[:, None]).mean()
    apart = np.abs(middles[:, None] - middles[None]).sum(-1)[np.triu_indices(4, 1)]
    assert apart.max() > 3 * own


def test_umap_lays_out_where_it_is_installed(monkeypatch):
    asked = {}

    class UMAP:
        def __init__(self, **settings):
            asked.update(settings)

        def fit_transform(self, activations):
            return activations[:, :2] * 10 - 3

    (fake := types.ModuleType("umap")).UMAP = UMAP
    fake.__spec__ = types.SimpleNamespace(name="umap")
    monkeypatch.setitem(sys.modules, "umap", fake)
    monkeypatch.setattr(layout.importlib.util, "find_spec", lambda name: True)
    values = np.linspace(0, 1, 1001)[:, None] * [1.0, -1.0, 5.0]
    places = layout.lay_out(values, seed=3)
    assert asked == {"n_neighbors": 20, "min_dist": 0.01, "metric": "cosine", "random_state": 3}
    np.testing.assert_allclose(places[500], [0.5, 0.5], atol=1e-9)
    assert (places[0].tolist(), places[-1].tolist()) == ([0, 1], [1, 0])


def test_whitening_is_the_inverse_of_the_mean_product(monkeypatch):
    monkeypatch.setattr("kerasdream.maps.direction.RIDGE", 0.0)
    activations = np.random.default_rng(0).uniform(0, 2, (50, 4)).astype(np.float32)
    directions = activations[:3]
    wanted = directions @ np.linalg.inv(activations.T @ activations / 50)
    np.testing.assert_allclose(whiten(directions, activations), wanted, rtol=1e-3)


def test_each_picture_follows_its_own_direction_in_all_cells():
    plane = np.zeros((2, 1, 2, 2), np.float32)
    plane[0, 0], plane[1, 0] = [(3, 4), (6, 8)], [(3, -4), (0, 2)]
    term = CellDirections("layer", np.array([[2, 0], [0, 7]], np.float32))
    network = types.SimpleNamespace(channel_count=lambda layer: 2)
    value = term.value(ActivationView(None, {"layer": ops.convert_to_tensor(plane)}), term.constant(network))
    np.testing.assert_allclose(ops.convert_to_numpy(value), [4.5 * 0.6**2, (-4 * 0.1**2 + 2) / 2], rtol=1e-4)
    with pytest.raises(LayerError, match="'layer' has 3 channels; directions of 2 were given"):
        term.constant(types.SimpleNamespace(channel_count=lambda layer: 3))


def test_cells_with_few_activations_are_left_out_and_means_are_theirs(monkeypatch):
    activations = np.array([[1.0, 0], [3, 0], [0, 2], [5, 5]], np.float32)
    places = np.array([[0.1, 0.1], [0.2, 0.2], [0.9, 0.1], [0.3, 0.4]])
    monkeypatch.setattr("kerasdream.maps.cells.lay_out", lambda *_: places)
    monkeypatch.setattr("kerasdream.maps.cells.whiten", lambda means, _: means)
    found = cells_from(samples.Samples(activations, np.array([4, 5, 6, 7]), places), 2, 1, 0)
    assert found.places.tolist() == [[0, 0]]
    assert found.counts.tolist() == [3]
    np.testing.assert_allclose(found.directions, [[3, 5 / 3]], rtol=1e-6)
    assert found.pictures.tolist() == [7]
    assert found.points.tolist() == [[0.3, 0.4]]
    with pytest.raises(ConfigError, match="No cell of a map of 2 x 2 has more than 9 of the 4 activations"):
        cells_from(samples.Samples(activations, np.arange(4), places), 2, 9, 0)


def test_the_map_parts_the_kinds_and_draws_what_each_cell_has(small_net, photographs, tmp_path):
    settings = FEW | {"steps": 40, "rate": 0.1, "size": 48}
    output = tmp_path / "map"
    atlas = kerasdream.activation_atlas(photographs, "relu1", model=small_net, output=output, **settings)
    assert atlas.size == (144, 144)
    cells = dict(np.load(output / "cells.npz"))
    look = keras.Function(small_net.inputs, small_net.get_layer("relu1").output)
    drawn = [Image.open(output / "cells" / f"{row:02d}-{column:02d}.png") for row, column in cells["places"]]
    shown = ops.convert_to_numpy(look([np.stack([np.asarray(d, np.float32) for d in drawn]) / 127.5 - 1]))
    mean = shown.mean((1, 2))
    unit = cells["directions"] / np.linalg.norm(cells["directions"], axis=1, keepdims=True)
    along = mean @ unit.T / np.linalg.norm(mean, axis=1, keepdims=True)
    assert np.mean(along.argmax(0) == np.arange(len(unit))) >= 0.5  # chance: one in nine
    first = cells["pictures"] < 4  # which kind is most typical of each cell
    assert 0 < first.mean() < 1


def test_a_map_goes_on_where_it_ended(small_net, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(activation_atlas, "TOGETHER", 3)
    settings = FEW | {"model": small_net, "output": tmp_path / "map"}
    whole = kerasdream.activation_atlas(photographs, "relu1", **settings)
    kept = sorted((tmp_path / "map" / "cells").iterdir())
    assert len(kept) > 3
    assert {"atlas.png", "atlas.html", "photographs.png", "cells.npz", "cells"} == set(os.listdir(tmp_path / "map"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    kept[0].unlink()
    monkeypatch.setattr(activation_atlas, "take_samples", None)  # what the pictures show is kept, too
    again = kerasdream.activation_atlas(photographs, "relu1", **settings)
    assert np.array_equal(again, whole)
    anew = [path for path in kept if path.stat().st_mtime_ns != times[path]]
    assert anew == kept[:3]
    alone = kerasdream.activation_atlas(photographs, "relu1", **settings | {"output": tmp_path / "map"})
    assert np.array_equal(alone, whole)


def test_other_pictures_and_settings_are_told(small_net, photographs, tmp_path):
    settings = FEW | {"model": small_net, "output": tmp_path / "map"}
    kerasdream.activation_atlas(photographs, "relu1", **settings)
    with pytest.raises(OutputError, match=r"cells.npz' was made of another grid, seed. Name another folder"):
        kerasdream.activation_atlas(photographs, "relu1", **settings | {"grid": 2, "seed": 3})
    with pytest.raises(OutputError, match=r"png' was drawn with another size"):
        kerasdream.activation_atlas(photographs, "relu1", **settings | {"size": 40})
    (photographs / "7.png").unlink()
    with pytest.raises(OutputError, match=r"cells.npz' was made of another pictures"):
        kerasdream.activation_atlas(photographs, "relu1", **settings)
    (tmp_path / "map" / "cells.npz").write_bytes(b"PK")
    with pytest.raises(OutputError, match=r"cells.npz' is damaged"):
        kerasdream.activation_atlas(photographs, "relu1", **settings)


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"grid": 0}, ConfigError, "grid=0 was given; a whole number from 1"),
        ({"samples": 1.5}, ConfigError, "samples=1.5 was given"),
        ({"grid": 900, "size": 80}, ConfigError, "grid=900 of size=80 makes a picture of 72000 pixels"),
        ({"steps": 0}, ConfigError, "steps=0 is out of range"),
        ({"least": 1000}, ConfigError, "has more than 1000 of the 48 activations"),
        ({"pictures": "nowhere"}, InputImageError, "There is no picture or folder 'nowhere'"),
    ],
)
def test_what_makes_no_map_says_why(small_net, photographs, more, error, words):
    given = {"pictures": photographs, **FEW, **more}
    with pytest.raises(error, match=words):
        kerasdream.activation_atlas(given.pop("pictures"), "relu1", model=small_net, **given)


def test_the_page_holds_all_it_needs_and_escapes_names(small_net, photographs, tmp_path):
    os.rename(photographs / "0.png", photographs / "<script>0.png")
    kerasdream.activation_atlas(photographs, "relu1", model=small_net, output=tmp_path / "map", **FEW)
    page = (tmp_path / "map" / "atlas.html").read_text()
    assert not re.search(r"(src|href)=[\"']?http", page)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert data["drawn"].startswith("data:image/jpeg;base64,")
    assert len(data["labels"]) == 3
    assert re.fullmatch(r"\d+ places, most like one in \S+\.png", next(t for row in data["labels"] for t in row if t))
    assert files.decode(str(tmp_path / "map" / "photographs.png"), None).size == (96, 96)


def test_the_page_zooms_and_names_cells_in_a_browser(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("there is no Chromium on this machine")
    squares = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue")]
    page_file = tmp_path / "atlas.html"
    page_file.write_bytes(page_of(*squares, [["one </script>", "two"], ["", "four"]], "mixed4"))
    faults = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 400, "height": 451})
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda ask: ask.url.startswith(("file:", "data:")) or faults.append(ask.url))
        page.goto(page_file.as_uri())
        page.wait_for_function("document.getElementById('map').style.transform")
        label, shift = page.locator("#label"), "document.getElementById('map').style.transform"
        assert (page.title(), label.inner_text()) == ("mixed4", "mixed4")
        page.mouse.move(50, 50)
        assert label.inner_text() == "one </script>"
        page.mouse.move(350, 350)
        assert label.inner_text() == "four"
        before = page.evaluate(shift)
        page.mouse.wheel(0, -300)
        page.wait_for_function(f"{shift} !== {json.dumps(before)}")
        page.locator("#view").press("0")
        assert page.evaluate(shift) == before
        page.locator("#view").press("ArrowUp")
        assert label.inner_text() == "two"
        page.locator("#blend").fill("1")
        pixel = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))[200, 300]
        assert pixel[2] > 240 > 20 > pixel[0]
        browser.close()
    assert not faults
