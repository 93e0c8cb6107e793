"""Microscopes: what excites a channel and where, what it feeds, how a site goes on, and its pages in a browser."""

import io
import json
import os
import re
import shutil

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError, LayerError, OutputError
from kerasdream.image import files
from kerasdream.microscopes import microscope as microscopes
from kerasdream.microscopes.choice import usual_layers
from kerasdream.microscopes.connections import channel_matrix, connections
from kerasdream.microscopes.photographs import find_exciting, peaks
from kerasdream.microscopes.site import Findings, Neighbour, Photograph, Site, folder_of
from kerasdream.visualization import Visualizer

pytestmark = pytest.mark.filterwarnings("ignore:Nothing was drawn")  # in so few steps
FEW = {"size": 32, "steps": 3, "verbose": False}


def unit(pixels):
    """Pixels from 0 to 1."""
    return pixels / 255.0


@pytest.fixture
def colours():
    """A model whose channels are red, blue and edges from dark to light, each of them 0 where there is nothing."""
    image = keras.Input((None, None, 3))
    model = keras.Model(image, layers.Conv2D(3, (1, 2), padding="same", activation="relu", name="seen")(image))
    kernel = np.zeros((1, 2, 3, 3), np.float32)
    kernel[0, 0, :, 0], kernel[0, 0, :, 1] = (1, -1, -1), (-1, -1, 1)
    kernel[0, :, :, 2] = np.array([[-1], [1]]) / 3
    model.get_layer("seen").set_weights([kernel, np.zeros(3, np.float32)])
    return model


@pytest.fixture
def photographs(tmp_path):
    """Black pictures with a red square each, the later ones brighter; one has a blue square, one nothing."""
    (folder := tmp_path / "photos").mkdir()
    for number in range(4):
        pixels = np.zeros((224, 224, 3), np.uint8)
        pixels[40 + 20 * number :, :][:28, 56:112, 0] = 100 + 40 * number
        Image.fromarray(pixels).save(folder / f"red{number}.png")
    pixels = np.zeros((224, 224, 3), np.uint8)
    pixels[84:140, 140:196, 2] = 250
    Image.fromarray(pixels).save(folder / "blue.png")
    Image.fromarray(np.zeros((224, 224, 3), np.uint8)).save(folder / "dark.png")
    return folder


def site_of(folder):
    """All files of a site, by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_photographs_that_excite_a_channel_are_found_with_their_place(colours, photographs):
    paths = sorted(photographs.iterdir())
    compiled = Visualizer(["seen"], model=colours, preprocess=unit, size=32).compiled
    found = find_exciting(compiled, ["seen"], paths, 3, lambda done: None)["seen"]
    named = [[paths[number].stem for number in row] for row in found.pictures[:2]]
    assert named[0] == ["red3", "red2", "red1"]
    np.testing.assert_allclose(found.values[0], np.array([220, 180, 140]) / 255, atol=1e-5)
    np.testing.assert_allclose(found.boxes[0, 0], np.array([56, 100, 112, 128]) / 224, atol=1e-6)
    assert named[1][0] == "blue"
    np.testing.assert_allclose(found.values[1], [250 / 255, 0, 0], atol=1e-5)  # nothing else excites it
    np.testing.assert_allclose(found.boxes[1, 0], np.array([140, 84, 196, 140]) / 224, atol=1e-6)
    left, _, right, _ = found.boxes[2, 0] * 224  # an edge, one column wide
    assert (left, right) == pytest.approx((139, 140))


def test_what_lies_in_the_border_is_not_found():
    plane = np.zeros((9, 9, 1))
    plane[0, 0], plane[4, 4] = 9, 3
    assert peaks(plane, False)[0] == 3
    assert peaks(plane, True) == (9, pytest.approx(np.array([[0, 0, 1, 1]])))
    below = peaks(plane - 10, False)
    np.testing.assert_allclose(below[1][0], np.array([4, 4, 5, 5]) / 9)


def test_a_channel_feeds_what_its_weights_lead_to():
    image = keras.Input((16, 16, 3))
    first = layers.Conv2D(2, 3, name="first")(image)
    other = layers.Conv2D(1, 3, name="other")(image)
    norm = layers.BatchNormalization(epsilon=0.0, name="norm")
    both = layers.Concatenate(name="both")(
        [layers.MaxPooling2D()(layers.ReLU()(norm(first))), layers.MaxPooling2D()(other)]
    )
    hidden = layers.Conv2D(2, 2, use_bias=False, name="hidden")
    last = layers.Conv2D(1, 1, use_bias=False, name="last")
    model = keras.Model(image, last(layers.ReLU()(hidden(both))))
    norm.gamma.assign([2.0, -1.0])
    norm.moving_variance.assign([4.0, 0.25])
    kernel = np.zeros((2, 2, 3, 2), np.float32)
    kernel[:, :, 0, 0], kernel[0, 0, 1, 0], kernel[:, 0, 2, 1] = 0.5, -3.0, (-3.0, -4.0)
    hidden.set_weights([kernel])
    last.set_weights([np.array([10.0, 100.0], np.float32).reshape(1, 1, 2, 1)])
    outputs = {name: model.get_layer(name).output for name in ("first", "other", "hidden", "last")}
    found = {(one.source, one.target): one.weights.tolist() for one in connections(model, outputs)}
    # A window of four halves is 1 long; the norm halves nothing here: 2 / sqrt(4) and -1 / sqrt(0.25).
    assert found == {
        ("first", "hidden"): [[1.0, 0.0], [6.0, 0.0]],
        ("other", "hidden"): [[0.0, -5.0]],
        ("hidden", "last"): [[10.0], [100.0]],
    }
    del outputs["hidden"]  # what lies between is multiplied
    found = {(one.source, one.target): one.weights.tolist() for one in connections(model, outputs)}
    assert found == {("first", "last"): [[10.0], [60.0]], ("other", "last"): [[-500.0]]}
    feeds, fed_by = microscopes.neighbours(connections(model, outputs), "last", 0)
    assert (feeds, [tuple(one) for one in fed_by]) == (
        [],
        [("other", 0, -500.0), ("first", 1, 60.0), ("first", 0, 10.0)],
    )


def test_weights_of_groups_depths_and_dense_layers_lead_to_their_channels():
    grouped, deep = layers.Conv2D(4, 1, groups=2), layers.DepthwiseConv2D(1, depth_multiplier=2)
    grouped.build((None, 8, 8, 4))
    grouped.set_weights([np.arange(1, 9, dtype=np.float32).reshape(1, 1, 2, 4), np.zeros(4)])
    assert channel_matrix(grouped).tolist() == [[1, 2, 0, 0], [5, 6, 0, 0], [0, 0, 3, 4], [0, 0, 7, 8]]
    deep.build((None, 8, 8, 2))
    deep.set_weights([np.array([1, -2, 3, 4], np.float32).reshape(1, 1, 2, 2), np.zeros(4)])
    assert channel_matrix(deep).tolist() == [[1, -2, 0, 0], [0, 0, 3, 4]]
    image = keras.Input((2, 1, 2))
    conv, dense = layers.ReLU(name="conv")(image), layers.Dense(1, name="dense")
    model = keras.Model(image, dense(layers.Flatten()(conv)))
    dense.set_weights([np.array([[1], [10], [2], [20]], np.float32), np.zeros(1)])
    (one,) = connections(model, {"conv": conv, "dense": model.output})
    assert one.weights.tolist() == [[3], [30]]


def test_the_layers_of_a_model_of_ones_own_are_those_with_an_activation(small_net, doubling):
    assert usual_layers(small_net) == ["relu0", "relu1", "relu2"]
    assert usual_layers(doubling) == ["twice", "class"]
    assert usual_layers("mini")[:2] == ["mixed0", "mixed1"]


def test_the_values_of_a_drawing_are_those_of_its_objective(doubling):
    still = {"rate": 1e-9, "transform": False, "size": 32, "steps": 2, "pair": True}
    visualizer = Visualizer(["mean(twice:1)"], model=doubling, preprocess=lambda x: x / 127.5 - 1.0, **still)
    (batch,) = visualizer.batches(False)
    green = np.asarray(batch.pictures[0])[..., 1] / 127.5 - 1.0
    whole = green.sum() / (32 + 2 * visualizer.pad) ** 2
    np.testing.assert_allclose(batch.values, np.full((2, 2), 2 * whole), atol=2e-3)
    assert batch.objectives == [0, 0]


def test_a_channel_as_loud_as_can_be_is_left_as_it_is():
    image = keras.Input((None, None, 3))
    model = keras.Model(
        image, layers.Conv2D(1, 1, activation="relu6", bias_initializer=lambda *_, **__: [99.0], name="full")(image)
    )
    early, late = (kerasdream.visualize("full:0", model=model, size=32, steps=n, verbose=False) for n in (1, 9))
    assert np.array_equal(early, late)  # where a silent one gets louder and louder noise


@pytest.mark.filterwarnings("error")
def test_what_shows_the_opposite_may_sleep():
    image = keras.Input((None, None, 3))
    faint = layers.Conv2D(1, 1, activation="relu", kernel_initializer="ones", name="faint")
    model = keras.Model(image, faint(image))
    faint.bias.assign([-0.4])
    pictures = kerasdream.visualize("mean(faint:0)", model=model, size=32, steps=12, rate=0.3, pair=True, verbose=False)
    more, less = (np.asarray(picture).mean() for picture in pictures)  # and no warning that nothing was drawn
    assert more > 135 > 120 > less


@pytest.fixture
def stopping(monkeypatch):
    """Count the pictures that are drawn, two at once, and be stopped before one of them."""
    counted = {"drawn": 0, "stop": 10**9}
    draw = Visualizer.draw

    def watched(self, drawings, after_step):
        if counted["drawn"] >= counted["stop"]:
            raise KeyboardInterrupt
        counted["drawn"] += len(drawings)
        return draw(self, drawings, after_step)

    monkeypatch.setattr(Visualizer, "draw", watched)
    monkeypatch.setattr("kerasdream.visualization.MAX_PIXELS", 2 * 32**2)
    return counted


def test_a_site_goes_on_where_it_ended(small_net, photographs, tmp_path, stopping):
    wish = {"layers": ["relu0", "relu1"], "channels": [0, 3, 6], "images": photographs, "model": small_net, **FEW}
    first = kerasdream.microscope(output=tmp_path / "whole", **wish)
    assert (first, stopping["drawn"]) == (tmp_path / "whole" / "index.html", 12)
    whole = site_of(tmp_path / "whole")
    assert {"relu0/0003.html", "relu1/0006-opposite.webp", "relu1/index.html", "_site/site.js"} < set(whole)
    stopping.update(drawn=0, stop=8)
    with pytest.raises(KeyboardInterrupt):
        kerasdream.microscope(output=tmp_path / "halves", **wish)
    assert "relu1/index.html" not in site_of(tmp_path / "halves")
    stopping.update(stop=12)
    kerasdream.microscope(output=tmp_path / "halves", **wish)
    assert site_of(tmp_path / "halves") == whole
    kerasdream.microscope(output=tmp_path / "halves", **wish)
    assert stopping["drawn"] == 12


def test_a_folder_of_another_site_is_refused(small_net, photographs, tmp_path):
    wish = {"layers": ["relu1"], "channels": [0], "output": tmp_path / "site", "model": small_net, **FEW}
    kerasdream.microscope(images=photographs, **wish)
    with pytest.raises(OutputError, match=r"0000.webp' was drawn with another seed"):
        kerasdream.microscope(images=photographs, seed=3, **wish)
    os.remove(photographs / "dark.png")
    with pytest.raises(OutputError, match=r"photographs.npz' was made of another pictures"):
        kerasdream.microscope(images=photographs, **wish)


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        ({"channels": [12]}, ConfigError, "channel 12 was asked for; whole numbers from 0 to 11"),
        ({"channels": []}, ConfigError, "No channels were asked for"),
        ({"layers": "relu1"}, ConfigError, "layers='relu1' was given; names of layers"),
        ({"layers": ["relu9"]}, LayerError, "has no layer 'relu9'"),
        ({"answers": 2}, ConfigError, "answers was given; a microscope shows one plain picture"),
        ({"photographs": 0}, ConfigError, "photographs=0 was given"),
        ({"steps": 0}, ConfigError, "steps=0 is out of range"),
    ],
)
def test_what_makes_no_site_says_why_and_writes_nothing(small_net, tmp_path, wish, error, words):
    with pytest.raises(error, match=words):
        kerasdream.microscope(small_net, tmp_path / "site", **{"layers": ["relu1"], **FEW, **wish})
    assert not (tmp_path / "site").exists()


def test_a_page_shows_the_curve_the_photographs_and_the_neighbours(colours, photographs, tmp_path):
    kerasdream.microscope(colours, tmp_path / "site", preprocess=unit, images=photographs, photographs=3, **FEW)
    page = (tmp_path / "site" / "seen" / "0000.html").read_text()
    assert re.findall(r"(\w+)\.png &middot; ([\d.]+)", page) == [
        ("red3", "0.863"),
        ("red2", "0.706"),
        ("red1", "0.549"),
    ]
    assert 'style="left:25.0%;top:44.6%;width:25.0%;height:12.5%"' in page
    losses = kerasdream.record_of(tmp_path / "site" / "seen" / "0000.webp")["losses"][0]
    assert len(losses) == 3
    assert f"the drawing from {losses[0]:.3g} to {losses[-1]:.3g}" in page
    assert page.count("<polyline") == 2
    assert sorted(os.listdir(tmp_path / "site" / "_site" / "photographs")) == [
        f"{number:04d}.jpg"
        for number in (0, 3, 4, 5)  # of the six, those that excite anything
    ]


def test_names_are_escaped(tmp_path):
    assert len({folder_of(name) for name in ("a/b", "a~2f.b", "a b", "a_b", "_site", "~5f.site")}) == 6
    assert all(re.fullmatch(r"[\w.~-]+", folder_of(name)) for name in ("a/b<i>", "../é", "_site", "con:1"))
    layer = "inner/<q>&\"'"
    site = Site(tmp_path, "<net>", {layer: [0]}, {layer: ["</script>"]}, True)
    (tmp_path / folder_of(layer)).mkdir()
    site.write_shared()
    site.write_index()
    shown = [Photograph("_site/photographs/0000.jpg", "<i>.png", 1.0, (0.0, 0.0, 1.0, 1.0))]
    site.write_channel(layer, 0, Findings([[0.0], [None]], shown, [Neighbour("<u>", 1, 0.5)], []))
    pages = (tmp_path / "index.html").read_text() + (tmp_path / folder_of(layer) / "0000.html").read_text()
    for raw in ("<q>", "<net>", "<i>.png", "<u>:1", "</script>:"):
        assert raw not in pages
    assert "&lt;u&gt;:1 <span>+0.50</span>" in pages
    known = json.loads((tmp_path / "_site" / "channels.js").read_text().removeprefix("const CHANNELS = ")[:-2])
    assert known == [{"layer": layer, "folder": folder_of(layer), "numbers": [0], "names": ["</script>"]}]


def test_a_network_of_one_size_and_its_classes_have_pages(tmp_path):
    image = keras.Input((64, 64, 3))
    seen = layers.Conv2D(2, 3, activation="relu", name="seen")(image)
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="end")(layers.Flatten()(seen)))
    kerasdream.microscope(model, tmp_path / "site", steps=2, verbose=False)
    assert files.decode(str(tmp_path / "site" / "seen" / "0001.webp"), None).size == (160, 160)
    assert files.decode(str(tmp_path / "site" / "class" / "0002.webp"), None).size == (48, 48)
    weights = np.asarray(model.get_layer("end").kernel).reshape(-1, 2, 3).sum(0)
    strongest = int(np.abs(weights[:, 2]).argmax())
    page = (tmp_path / "site" / "class" / "0002.html").read_text()
    assert re.search(r'seen/(\d+)\.html"><img', page)[1] == f"{strongest:04d}"
    assert f"<span>{weights[strongest, 2]:+.2f}</span>" in page


def test_the_site_is_walked_through_in_a_browser(colours, photographs, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("there is no Chromium on this machine")
    first = kerasdream.microscope(colours, tmp_path / "site", preprocess=unit, images=photographs, **FEW)
    names = Site(tmp_path / "site", "colours", {"seen": range(3)}, {"seen": ["red", "blue", "edge"]}, True)
    names = Site(names.folder, names.title, {"seen": [0, 1, 2]}, names.names, True)
    names.write_shared()  # as if the layer were of classes
    faults = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda ask: ask.url.startswith(("file:", "data:")) or faults.append(ask.url))
        # A page that is left in the midst of its pictures lets go of them.
        page.on("requestfailed", lambda ask: ask.failure == "net::ERR_ABORTED" or faults.append(ask.url))
        page.goto(first.as_uri())
        page.click("h2 a")
        assert page.locator(".tiles img").count() == 3
        assert page.url.endswith("seen/index.html")
        page.keyboard.press("/")
        page.keyboard.type("blue")
        assert page.locator("#found").inner_text().strip() == "seen:1 blue"
        page.keyboard.press("Enter")
        page.wait_for_url("**/seen/0001.html")
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**/seen/0002.html")
        page.keyboard.press("ArrowRight")  # there is no other
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**/seen/0001.html")
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**/seen/0000.html")
        page.wait_for_selector("html[data-ready]")
        page.fill("#search", "seen 2")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.textContent") == "seen:2 edge"
        page.keyboard.press("Escape")
        assert page.is_hidden("#found")
        page.fill("#search", "nothing like it")
        assert page.inner_text("#found") == "Nothing of that name or number."
        page.fill("#search", "")
        page.locator(".photograph").first.scroll_into_view_if_needed()
        page.wait_for_function("[...document.images].slice(0, 3).every(one => one.complete && one.naturalWidth)")
        shot = Image.open(io.BytesIO(page.locator(".photograph").first.screenshot())).convert("RGB")
        side = shot.width / 224
        red, dimmed = (np.asarray(shot)[int(114 * side), int(x * side)] for x in (84, 20))
        assert red[0] > 200 > 20 > dimmed.max()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert not faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_site(colours, photographs, tmp_path, scheme):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("there is no Chromium on this machine")
    kerasdream.microscope(colours, tmp_path / "site", preprocess=unit, images=photographs, **FEW)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme).new_page()
        for path in ("index.html", "seen/index.html", "seen/0001.html"):
            page.goto((tmp_path / "site" / path).as_uri())
            page.fill("#search", "seen")
            found = axe.Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        browser.close()
