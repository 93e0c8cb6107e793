"""The studio as a person uses it, in a real Chromium."""

import base64
import shutil

import pytest
from PIL import Image
from serving import Served, a_file

import kerasdream

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """One studio for all tests that need none of their own."""
    running = Served(tmp_path_factory.mktemp("studio"))
    yield running
    running.kill()


@pytest.fixture
def visit(browser):
    """Open a page of a studio; no error on its console, no request to anybody else."""
    faults, contexts = [], []

    def said(kind, text):
        # Chromium notes what we refuse in words, and a studio that a test has killed.
        if kind in ("error", "warning") and "status of 400" not in text and "net::ERR_CONNECTION" not in text:
            faults.append(text)

    def opened(studio, width=1440, height=1000, scheme="light"):
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, accept_downloads=True, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda message: said(message.type, message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda ask: ask.url.startswith((studio.address, "blob:", "data:")) or faults.append(ask.url))
        page.goto(studio.address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def knob(page, name, value):
    """Set one knob under More."""
    if page.get_attribute("details", "open") is None:
        page.click("summary")
    page.fill(f"#knob-{name}", str(value))


def given(page, path):
    """Choose a picture file, and wait until the page shows it."""
    before = page.get_attribute("#before", "src")
    page.set_input_files("#file", path)
    page.wait_for_selector(f"#before:not([src='{before}'])")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    kerasdream.sample().resize((384, 256)).save(path)
    return path


def test_a_picture_grows_into_a_dream_that_downloads_with_its_settings(visit, served, photo, tmp_path):
    studio = served()
    page = visit(studio)
    given(page, photo)
    page.click("label:has-text('eyes')")
    knob(page, "iterations", 40)
    knob(page, "seed", 7)
    seen = []
    page.on("request", lambda ask: "/preview?" in ask.url and seen.append(ask.url))
    page.click("#dream")
    page.wait_for_selector("#finished:not([hidden])")
    assert len(set(seen)) >= 3
    id = studio.call("/api/gallery")["dreams"][0]["id"]
    losses = studio.call(f"/api/jobs/{id}")["progress"]["losses"]
    points = page.get_attribute("#curve polyline", "points").split()
    assert len(points) == len(losses) > 3  # each change brought the new ones only
    assert float(points[-1].split(",")[1]) == pytest.approx(58 - 55 * losses[-1] / max(losses), abs=0.01)
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "dream.png")
    dream = Image.open(tmp_path / "dream.png")
    assert dream.size == (384, 256)
    assert dream.tobytes() != Image.open(photo).convert("RGB").tobytes()
    settings = kerasdream.settings_of(tmp_path / "dream.png")
    assert (settings["preset"], settings["iterations"], settings["seed"], settings["model"]) == ("eyes", 40, 7, "mini")
    page.locator("#compare input").fill("50")
    assert page.evaluate("() => document.getElementById('before').style.clipPath") == "inset(0px 50% 0px 0px)"
    # Another page takes the settings out of the picture, and the gallery is there after a kill.
    studio.kill()
    page = visit(served())
    assert page.locator("#dreams li").count() == 1
    given(page, tmp_path / "dream.png")
    page.wait_for_selector("label.chosen:has-text('eyes')")
    assert page.input_value("#knob-iterations") == "40"
    assert page.input_value("#knob-seed") == "7"
    page.fill("#search", "mixed9")
    page.wait_for_selector("#none:not([hidden])")
    page.fill("#search", "mixed3")
    page.wait_for_selector("#dreams li")


def dropped(page, zone, *files):
    """Drag files, as (name, bytes), from the desktop onto a part of the page, and let go there."""
    told = [(name, base64.b64encode(content).decode()) for name, content in files]
    page.evaluate(HANDED, [zone, told, "drop"])


HANDED = """([zone, files, kind]) => {
    const data = new DataTransfer();
    for (const [name, content] of files)
        data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type: "image/png" }));
    const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector(zone).dispatchEvent(event);
}"""


def test_pictures_are_dropped_and_pasted(visit, studio):
    page = visit(studio)
    dropped(page, "#drop", ("one.png", a_file((300, 200))))
    page.wait_for_function("() => document.getElementById('before').naturalWidth === 300")
    told = ["body", [("two.png", base64.b64encode(a_file((200, 240))).decode())], "paste"]
    page.evaluate(HANDED, told)
    page.wait_for_function("() => document.getElementById('before').naturalHeight === 240")
    dropped(page, "#guide-drop", ("guide.png", a_file((64, 64))))
    page.wait_for_selector("#guide-shown:not([hidden])")
    assert page.evaluate("() => document.getElementById('before').naturalHeight") == 240
    dropped(page, "#drop", ("words.png", b"no picture at all"))
    page.wait_for_selector("#fault:not(:empty)")
    assert "picture" in page.inner_text("#fault")
    assert page.evaluate("() => document.getElementById('before').naturalHeight") == 240
    with page.expect_request("**/api/jobs") as asked:
        knob(page, "iterations", 2)
        page.click("#dream")
    assert len(asked.value.post_data_json["guide"]) == 32
    page.wait_for_selector("#finished:not([hidden])")


def test_who_waits_sees_how_many_are_before(visit, studio):
    first, second = visit(studio), visit(studio)
    for page in (first, second):
        knob(page, "iterations", 400)
        knob(page, "max_loss", "")
        page.click("#dream")
        page.wait_for_selector("#progress:not([hidden])")
    second.wait_for_selector("#status:has-text('Waiting: 1 before this one')")
    second.reload()  # a waiting dream is taken up again
    second.wait_for_selector("#status:has-text('Waiting: 1 before this one')")
    first.click("#cancel")
    second.wait_for_selector("#status:has-text('Size 1')")
    second.click("#cancel")
    second.wait_for_selector("#progress[hidden]", state="attached")


def test_a_dream_is_cancelled_within_a_step(visit, studio):
    page = visit(studio)
    before = page.locator("#dreams li").count()
    knob(page, "iterations", 400)
    knob(page, "max_loss", "")
    page.click("#dream")
    page.wait_for_selector("#after:not([hidden])")
    page.click("#cancel")
    page.wait_for_selector("#progress[hidden]", state="attached", timeout=5000)
    assert page.is_enabled("#dream")
    assert page.locator("#dreams li").count() == before


def test_another_picture_may_be_shown_while_a_dream_runs(visit, studio, photo):
    page = visit(studio)
    before = page.locator("#dreams li").count()
    knob(page, "iterations", 20)
    page.click("#dream")
    page.wait_for_selector("#after:not([hidden])")
    given(page, photo)
    assert page.is_hidden("#after")
    page.wait_for_selector(f"#dreams li >> nth={before}")  # it ends in the gallery
    page.wait_for_selector("#dream:enabled")
    assert page.is_hidden("#after")
    page.click("#dreams li:first-child .thumb")
    page.wait_for_selector("#finished:not([hidden])")


def test_one_dream_a_click_seen_from_other_pages_too(visit, studio, photo):
    page, other = visit(studio), visit(studio)
    given(page, photo)
    dropped(page, "#guide-drop", ("guide.png", a_file((64, 64))))
    page.wait_for_selector("#guide-shown:not([hidden])")
    knob(page, "iterations", 400)
    page.dblclick("#dream")
    other.wait_for_selector("#queue li")
    assert other.locator("#queue li").count() == 1
    assert other.is_hidden("#progress")
    other.click("#queue button")
    page.wait_for_selector("#dream:enabled")
    # Dream, delete, dream again: the picture is still there.
    knob(page, "iterations", 2)
    page.on("dialog", lambda dialog: dialog.accept())
    before = page.locator("#dreams li").count()
    for _ in range(2):
        page.click("#dream")
        page.wait_for_selector("#finished:not([hidden])")
        page.wait_for_function(f"() => document.querySelectorAll('#dreams li').length === {before + 1}")
        page.click("#guide-clear") if page.is_visible("#guide-clear") else None
        page.click("#dreams li:first-child .thumb")
        page.wait_for_selector("#guide-shown:not([hidden])")
        page.hover("#dreams li:first-child")
        page.click("#dreams li:first-child button:has-text('Delete')")
        page.wait_for_selector("#finished[hidden]", state="attached")
    assert page.inner_text("#fault") == ""


def test_a_mistake_stands_beside_its_knob(visit, studio):
    page = visit(studio)
    knob(page, "step", "-1")
    page.click("#dream")
    page.wait_for_selector("#knob-step-fault:not(:empty)")
    assert "step=-1 is out of range; a number above 0" in page.inner_text("#knob-step-fault")


def test_a_mask_is_painted_and_dreamt_with(visit, studio, photo):
    page = visit(studio)
    given(page, photo)
    page.click("#paint")
    box = page.locator("#mask").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 30)
    page.mouse.up()
    knob(page, "iterations", 3)
    page.click("#dream")
    page.wait_for_selector("#finished:not([hidden])")
    with page.expect_download() as download:
        page.click("#download")
    dream = Image.open(download.value.path()).convert("RGB")
    right = (192, 0, 384, 256)
    assert dream.crop(right).tobytes() == Image.open(photo).convert("RGB").crop(right).tobytes()
    assert dream.tobytes() != Image.open(photo).convert("RGB").tobytes()


@pytest.mark.parametrize(("width", "height", "scheme"), [(390, 844, "light"), (1440, 1000, "dark")])
def test_it_fits_the_screen_and_everyone_can_use_it(visit, studio, width, height, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(studio, width, height, scheme)
    page.click("summary")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.tagName") != "BODY"
