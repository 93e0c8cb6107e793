"""*Dream here*: what is shipped, and the page in a real Chromium, held against the library's own numbers."""

import base64
import contextlib
import importlib
import io
import json
import pathlib
import secrets
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import only_tensorflow, psnr, served_folder
from PIL import Image

import kerasdream
from kerasdream.image.metadata import record_of
from kerasdream.model import mini

ROOT = pathlib.Path(__file__).parents[1]
SOURCE = ROOT / "docs" / "dream_here"
sys.path.insert(0, str(ROOT / "scripts"))
build_dream_here = importlib.import_module("build_dream_here")

LOOKS = ["keras", "google2015", "smooth", "strokes", "spirals", "arches", "eyes", "fur", "coral", "webs", "towers"]
DEFAULT = "mixed4 + mixed5*1.5 + mixed6*2 + mixed7*2.5"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The page as it is served: below a path of its own."""
    folder = tmp_path_factory.mktemp("site")
    build_dream_here.build(folder / "some" / "where" / "dream_here")
    return folder


@pytest.fixture(scope="module")
def page_folder(site):
    return site / "some" / "where" / "dream_here"


@pytest.fixture(scope="module")
def address(site):
    with served_folder(site) as address:
        yield f"{address}/some/where/dream_here/"


@pytest.fixture
def visit(browser, address):
    """Open the page; no error on its console, no request to anybody else, none that sends anything."""
    faults, contexts = [], []

    def asked(request):
        if not request.url.startswith((address, "blob:", "data:")) or request.method != "GET":
            faults.append(request.url)

    def opened(width=1440, height=1000, scheme="light"):
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, accept_downloads=True, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", asked)
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="module")
def page(browser, address):
    """One page for tests of the modules by themselves."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()


def a_file(size, format="PNG"):
    """The bytes of the sample picture at a size."""
    file = io.BytesIO()
    kerasdream.sample().resize(size).save(file, format)
    return file.getvalue()


def given(page, picture):
    """Choose a picture, and wait until the page shows it."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    page.set_input_files("#file", {"name": "my lake.png", "mimeType": "image/png", "buffer": file.getvalue()})
    says(page, f"{picture.width} × {picture.height} pixels.")


def says(page, text):
    page.wait_for_function("text => document.getElementById('status').textContent.includes(text)", arg=text)


def dreamt(page, path, look, **knobs):
    """Dream with a look, and download the picture."""
    page.click(f"#wall label:has-text('{look}')")
    page.locator("details").evaluate("details => { details.open = true; }")
    for name, value in knobs.items():
        page.fill(f"[name={name}]", str(value))
    page.click("#dream")
    page.wait_for_selector("body.dreamt #save[download]")
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == f"my lake-{look}.png"
    download.value.save_as(path)
    return np.asarray(Image.open(path))


# What is shipped


def test_it_is_small(page_folder):
    code = sum(path.stat().st_size for path in page_folder.iterdir() if path.suffix in (".js", ".wasm"))
    assert code <= 40_000
    weights = sum(path.stat().st_size for path in page_folder.glob("*.bin"))
    assert weights <= 7_500_000
    looks = json.loads((page_folder / "looks.json").read_text())["looks"]
    assert [look["name"] for look in looks] == LOOKS
    assert max(look["bytes"] for look in looks) == weights
    assert f"{weights / 1e6:.1f} MB" in (SOURCE / "index.html").read_text()
    assert f"{(page_folder / 'net.wasm').stat().st_size / 1e3:.0f} kB" in (SOURCE / "index.html").read_text()


def test_it_is_made_the_same_each_time(page_folder, tmp_path):
    mini.read(names=["mixed0"])  # Keras numbers what is made after this otherwise
    build_dream_here.build(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in page_folder.iterdir()
    }


def test_looks_are_those_of_the_library(page_folder):
    for look in json.loads((page_folder / "looks.json").read_text())["looks"]:
        config = kerasdream.Dreamer(model="mini", preset=look["name"]).config
        assert look["settings"] == config.as_dict()
        assert {term["layer"] for term in look["terms"]} == set(config.layers.layers())


def test_the_module_is_what_its_source_compiles_to(tmp_path):
    """The command stands at the head of the source."""
    command = (SOURCE / "net.ts").read_text().split("npx ")[1].split("\n")[0]
    if shutil.which("npx") is None:
        pytest.skip("there is no npx on this machine")
    line = ["npx", "--yes", *command.replace("net.wasm", str(tmp_path / "net.wasm")).split()]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(line, cwd=SOURCE, capture_output=True, text=True, timeout=120)
        if "ERROR TS" in done.stderr or "ERROR AS" in done.stderr:
            pytest.fail(done.stderr)
    if not (tmp_path / "net.wasm").exists():
        pytest.skip("AssemblyScript cannot be had on this machine: the module was not compared with its source")
    assert (tmp_path / "net.wasm").read_bytes() == (SOURCE / "net.wasm").read_bytes()


# The modules by themselves

GRADIENT = """async ([file, height, width, terms]) => {
    const { Network } = await import("./network.js");
    window.network ??= await Network.open(location.href);
    await window.network.load(window.network.depth(terms));
    const picture = new Float32Array(await (await fetch(file)).arrayBuffer());
    const { loss, gradient } = window.network.program({ height, width }, terms).gradient(picture);
    const bytes = new Uint8Array(gradient.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return { loss, gradient: btoa(text), memory: window.network.code.memory.buffer.byteLength };
}"""


def in_the_browser(page, folder, image, text):
    """The loss and the gradient that the page finds for a picture from -1 to 1."""
    file = folder / f"{secrets.token_hex(8)}.f32"  # a name of its own: browsers remember what an address had
    file.write_bytes(image.tobytes())
    objective = kerasdream.DreamConfig(layers=text).layers
    terms = build_dream_here.browser_terms(kerasdream.DreamConfig(layers=objective))
    found = page.evaluate(GRADIENT, [file.name, *image.shape[:2], terms])
    file.unlink()
    gradient = np.frombuffer(base64.b64decode(found["gradient"]), np.float32).reshape(image.shape)
    return found["loss"], gradient, found["memory"]


@only_tensorflow
@pytest.mark.parametrize("size", [(256, 192), (301, 227)])
@pytest.mark.parametrize("text", [DEFAULT, "norm(mixed4)", "mean(mixed3) - 0.3*mixed5:3,7,7"])
def test_the_gradient_is_kerass(page, page_folder, size, text):
    image = np.asarray(kerasdream.sample().resize(size), np.float32) / 127.5 - 1
    loss, gradient, memory = in_the_browser(page, page_folder, image, text)
    losses, gradients = kerasdream.gradient(mini.read(), image[None], text)
    assert loss == pytest.approx(float(losses[0]), rel=1e-6)
    expected = np.asarray(gradients)[0].ravel().astype(float)
    got = gradient.ravel().astype(float)
    assert got @ expected / np.linalg.norm(got) / np.linalg.norm(expected) >= 0.99999
    assert np.linalg.norm(got) == pytest.approx(np.linalg.norm(expected), rel=1e-4)
    assert memory < 60e6


def test_random_rolls_are_numpys(page):
    asked = [[seed, octave, step, reach] for seed in (0, 7, 2**32 - 1) for octave in (0, 3) for step in (0, 9, 399)
             for reach in (1, 48, 4096)]  # fmt: skip
    drawn = page.evaluate(
        "async (asked) => (await import('./random.js').then(({ drawRoll }) => asked.map((one) => drawRoll(...one))))",
        asked,
    )
    expected = [np.random.default_rng(seeds).integers(-reach, reach + 1, 2).tolist() for *seeds, reach in asked]
    assert drawn == expected


# The page


@only_tensorflow
@pytest.mark.parametrize("look", ["keras", "google2015", "smooth", "arches", "fur", "coral", "towers"])
def test_a_saved_dream_is_dreamt_again_by_the_library(visit, photo, tmp_path, look):
    """Each of these does something that the others do not."""
    page, picture = visit(), Image.fromarray(photo).resize((256, 192))
    given(page, picture)
    dream = dreamt(page, tmp_path / "dream.png", look, iterations=1, num_octave=3, seed=3)
    settings = kerasdream.settings_of(tmp_path / "dream.png")
    assert (settings["preset"], settings["iterations"], settings["seed"]) == (look, 1, 3)
    result = kerasdream.Dreamer(**settings).run(picture)
    assert psnr(dream, result.image) >= 50
    assert psnr(dream, picture) < 40
    record = record_of(tmp_path / "dream.png")
    assert record["source"] == "my lake.png"
    assert [len(octave) for octave in record["losses"]] == [1, 1, 1]
    np.testing.assert_allclose(np.ravel(record["losses"]), np.ravel(result.losses), rtol=1e-3)


@only_tensorflow
def test_a_narrow_picture_is_padded_as_in_the_library(visit, tmp_path):
    page, picture = visit(), kerasdream.sample().resize((200, 31))
    given(page, picture)
    dream = dreamt(page, tmp_path / "dream.png", "eyes", iterations=1, num_octave=2)
    result = kerasdream.Dreamer(**kerasdream.settings_of(tmp_path / "dream.png")).run(picture)
    assert psnr(dream, result.image) >= 50
    assert psnr(dream, picture) < 40


def test_the_weights_come_when_asked_for_and_no_deeper_than_needed(visit, tmp_path):
    page = visit()
    fetched = []
    page.on("request", lambda ask: ask.url.endswith(".bin") and fetched.append(ask.url.rsplit("/")[-1]))
    given(page, kerasdream.sample().resize((160, 128)))
    page.click("#wall label:has-text('arches')")
    assert not fetched
    assert page.inner_text("#about").endswith("Fetches 0.9 MB.")
    dreamt(page, tmp_path / "arches.png", "arches", iterations=1, num_octave=1)
    assert fetched == ["mixed0.bin", "mixed1.bin", "mixed2.bin"]
    assert page.inner_text("#about") == "Arches and scales."
    dreamt(page, tmp_path / "eyes.png", "eyes", iterations=1, num_octave=1)
    assert fetched[3:] == ["mixed3.bin"]


def test_a_dream_is_watched_and_stopped(visit, tmp_path):
    page = visit()
    given(page, kerasdream.sample().resize((160, 128)))
    page.click("#wall label:has-text('strokes')")
    page.locator("details").evaluate("details => { details.open = true; }")
    page.fill("[name=iterations]", "400")
    before = page.evaluate("() => document.getElementById('picture').toDataURL()")
    page.click("#dream")
    page.wait_for_selector("text=/step ([3-9]|\\d\\d+) of 400: loss \\d/")
    page.wait_for_function("before => document.getElementById('picture').toDataURL() !== before", arg=before)
    assert page.is_visible("#curve")
    assert page.is_disabled("#file")
    page.click("#dream:has-text('Stop')")
    page.wait_for_selector("body.dreamt #save[download]")
    with page.expect_download() as download:
        page.click("#save")
    losses = record_of(download.value.path())["losses"]
    assert 3 <= len(losses[-1]) < 400
    assert min(losses[-1]) > 0
    # The original is shown while asked for.
    after = page.evaluate("() => document.getElementById('picture').toDataURL()")
    page.click("#original")
    assert page.evaluate("() => document.getElementById('picture').toDataURL()") == before
    page.click("#original")
    assert page.evaluate("() => document.getElementById('picture').toDataURL()") == after


HANDED = """([content, name, kind]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type: "image/png" }));
    const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.getElementById("stage").dispatchEvent(event);
}"""


def test_pictures_are_dropped_and_pasted_and_made_smaller(visit):
    page = visit()
    page.evaluate(HANDED, [base64.b64encode(a_file((300, 200))).decode(), "one.png", "drop"])
    says(page, "300 × 200 pixels.")
    page.evaluate(HANDED, [base64.b64encode(a_file((900, 1200))).decode(), "two.png", "paste"])
    says(page, "384 × 512 pixels.")
    page.evaluate(HANDED, [base64.b64encode(b"no picture").decode(), "three.txt", "drop"])
    says(page, "three.txt is no picture")
    assert page.evaluate("() => document.getElementById('picture').width") == 384


def test_a_plain_picture_says_that_nothing_was_dreamt(visit):
    page = visit()
    given(page, Image.new("RGB", (160, 128), "teal"))
    page.click("#dream")
    says(page, "Nothing was dreamt")
    assert not page.is_visible("#save")


def test_a_fault_is_told(visit, page_folder):
    page = visit()
    moved = (page_folder / "mixed0.bin").rename(page_folder / "elsewhere")
    try:
        page.route("**/mixed0.bin", lambda route: route.fulfill(status=503))
        page.click("#dream")
        says(page, "mixed0.bin answered 503.")
        assert page.inner_text("#dream") == "Dream"
    finally:
        moved.rename(page_folder / "mixed0.bin")


@pytest.mark.parametrize(("width", "height", "scheme"), [(390, 844, "light"), (390, 844, "dark"), (1440, 1000, "dark")])
def test_it_fits_the_screen_and_everyone_can_use_it(visit, width, height, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(width, height, scheme)
    page.click("summary")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
