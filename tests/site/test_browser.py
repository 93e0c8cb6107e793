"""The built site as a reader meets it, in a real Chromium: the front page, search, every page on a phone and a desk."""

import os
import pathlib

import pytest
from conftest import served_folder

ROOT = pathlib.Path(__file__).parents[2]
SITE = pathlib.Path(os.environ.get("KERASDREAM_SITE", ROOT / "build" / "site"))
pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built: .ci/site builds it")
NARROW, WIDE = 390, 1440


@pytest.fixture(scope="module")
def address():
    with served_folder(SITE) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open a page of the site; no error on its console, no request to anybody else."""
    faults, contexts = [], []

    def opened(name="index.html", width=WIDE, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda said: said.type == "error" and faults.append(f"{name}: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
        page.on("request", lambda ask: ask.url.startswith((address, "blob:", "data:")) or faults.append(ask.url))
        page.goto(f"{address}/{name}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def overflow(page):
    """How many pixels a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_front_page_shows_before_and_after(visit, width):
    page = visit(width=width)
    sizes = page.eval_on_selector_all(".compare img", "all => all.map(one => [one.naturalWidth, one.clientWidth])")
    assert [natural for natural, _ in sizes] == [1152, 1152]
    assert sizes[0][1] == sizes[1][1] > 300
    line = "getComputedStyle(document.querySelector('.compare')).getPropertyValue('--at')"
    before = float(page.evaluate(line).rstrip("%"))
    page.focus(".compare input")
    page.keyboard.press("End")
    assert float(page.evaluate(line).rstrip("%")) > 90 > before
    box = page.locator(".compare input").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 50)
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    assert 20 < float(page.evaluate(line).rstrip("%")) < 30
    assert overflow(page) == 0


def test_the_front_page_leads_to_dream_here(visit):
    page = visit()
    page.click("a.door:has-text('Dream here')")
    page.wait_for_url("**/dream_here.html")
    assert page.inner_text("h1").startswith("Dream here")


def test_light_and_dark_are_what_the_reader_has_set(visit):
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    assert min(visit(scheme="light").evaluate(shade)) > 240
    assert max(visit(scheme="dark").evaluate(shade)) < 40


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("jitter", "Why jitter"),
        ("octave_scale", "The knobs"),
        ("WeightsError", "Errors"),
        ("layer_settings", "The Keras example"),
        ("memory runs out", "Troubleshooting"),
    ],
)
def test_search_finds(visit, words, wanted):
    page = visit()
    page.fill(".sidebar-search", words)
    page.press(".sidebar-search", "Enter")
    page.wait_for_selector("#search-results ul.search li")
    page.wait_for_function("!document.querySelector('#search-results h2').textContent.includes('Searching')")
    titles = page.eval_on_selector_all("#search-results ul.search li > a", "all => all.map(one => one.textContent)")
    assert any(wanted in title for title in titles[:8]), titles


def test_a_phone_has_the_menu(visit):
    page = visit(width=NARROW)
    assert not page.locator(".sidebar-tree").is_visible() or page.locator(".sidebar-drawer").bounding_box()["x"] < 0
    page.click("label[for=__navigation].nav-overlay-icon")
    page.click(".sidebar-tree a:has-text('Reference')")
    page.wait_for_url("**/reference/index.html")


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_page_is_wider_than_its_window(visit, address, width):
    page = visit(width=width)
    wide = {}
    names = [
        str(path.relative_to(SITE)) for path in sorted(SITE.rglob("*.html")) if (path.stem != "study_inception_v3")
    ]
    assert len(names) > 40
    for name in names:
        page.goto(f"{address}/{name}", wait_until="load")
        if overflow(page) > 0:
            wide[name] = overflow(page)
    assert not wide
