"""The gallery and the sliders as a person uses them, in a real Chromium."""

import os
import pathlib

import pytest

import kerasdream

ROOT = pathlib.Path(__file__).parents[2]
SITE = pathlib.Path(os.environ.get("KERASDREAM_SITE", ROOT / "build" / "site"))
pytestmark = pytest.mark.skipif(not (SITE / "gallery").exists(), reason="the site is not built: .ci/site builds it")


@pytest.fixture(params=[390, 1440])
def visit(browser, request):
    """Open a page of the site; nothing on its console, nothing wider than the window."""
    faults, contexts = [], []

    def opened(address):
        context = browser.new_context(viewport={"width": request.param, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        path, _, mark = address.partition("#")
        page.goto((SITE / path).as_uri() + (f"#{mark}" if mark else ""))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def shown(page):
    return page.locator(".dream:visible")


def test_filters_choose_kinds_and_networks(visit):
    page = visit("gallery/index.html")
    every = shown(page).count()
    assert every >= 40
    page.click(".dream-filters button[value=journey]")
    journeys = shown(page).evaluate_all("cards => cards.map(card => card.dataset.kind)")
    assert 3 <= len(journeys) < every
    assert set(journeys) == {"journey"}
    page.click(".dream-filters button[value=mini]")
    both = shown(page).evaluate_all("cards => cards.map(card => card.dataset.kind + card.dataset.network)")
    assert set(both) == {"journeymini"}
    assert len(both) < len(journeys)
    page.click(".dream-filters button[value=mini]")
    page.click(".dream-filters button[value=journey]")
    assert shown(page).count() == every


def test_a_dream_opens_with_its_code_and_downloads(visit, tmp_path):
    page = visit("gallery/index.html")
    page.click(".dream[href='#look_fur_castle']")
    dialog = page.locator("dialog#look_fur_castle")
    assert dialog.is_visible()
    assert 'preset="fur"' in dialog.locator(".highlight").first.inner_text()
    link = dialog.locator("a:has-text('Download the dream')")
    target = (SITE / "gallery" / link.get_attribute("href")).resolve()
    assert kerasdream.settings_of(target)["preset"] == "fur"
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_an_address_opens_its_dream(visit):
    page = visit("gallery/index.html#mask_balloon")
    page.wait_for_selector("dialog#mask_balloon[open]")
    page.click("dialog#mask_balloon .dream-close")
    page.locator("dialog#mask_balloon").wait_for(state="hidden")


def test_pictures_load_when_they_come_into_sight(visit):
    page = visit("gallery/index.html")
    loads = page.locator(".dream img").evaluate_all("images => images.map(image => image.loading)")
    assert set(loads) == {"lazy"}


def test_the_sliders_show_another_picture(visit):
    page = visit("guides/sliders.html")
    image = page.locator(".sliders img")
    before = image.get_attribute("src")
    page.locator(".sliders input[name=layers]").fill("2")
    assert image.get_attribute("src") == before.replace("mixed4", "mixed2")
    page.wait_for_function("document.querySelector('.sliders img').complete")
    assert image.evaluate("image => image.naturalWidth") == 288
    assert "--layers=mixed2" in page.locator(".sliders > code").inner_text()


def test_every_place_of_the_sliders_has_its_picture(visit):
    page = visit("guides/sliders.html")
    data = page.locator(".sliders").evaluate("box => ({...box.dataset})")
    names = [
        f"{layer}-{step}-{octaves}.webp"
        for layer in data["layers"].split()
        for step in data["steps"].split()
        for octaves in data["octaves"].split()
    ]
    assert len(names) == 72
    assert not [name for name in names if not (SITE / "_downloads" / "knobs" / name).exists()]
