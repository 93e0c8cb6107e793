"""The studio as a person uses it, in a real Chromium: dreams from beginning to end, and what once went wrong."""

import io
import time

import pytest
from browsing import accessible, drawer, dreamt, given, handed, knob, long, quick, size_of
from PIL import Image
from serving import a_file

import kerasdream

WIDE = [(390, 844), (1440, 900), (2560, 1440)]


def test_a_picture_grows_into_a_dream_that_downloads_with_its_settings(visit, served, small, tmp_path):
    live = served()
    page = visit(live)
    given(page, small)
    page.click("label:has-text('eyes')")
    knob(page, "iterations", 40)
    knob(page, "seed", 7)
    seen = []
    page.on("request", lambda ask: "/preview?" in ask.url and seen.append(ask.url))
    id = dreamt(page)
    assert len(set(seen)) >= 3
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "dream.png")
    dream = Image.open(tmp_path / "dream.png")
    assert dream.size == (384, 256)
    assert dream.tobytes() != Image.open(small).convert("RGB").tobytes()
    settings = kerasdream.settings_of(tmp_path / "dream.png")
    assert (settings["preset"], settings["iterations"], settings["seed"], settings["model"]) == ("eyes", 40, 7, "mini")
    # Another page takes the settings out of the picture, and the gallery is there after a kill.
    live.kill()
    page = visit(served())
    given(page, tmp_path / "dream.png")
    page.wait_for_selector("label.chosen:has-text('eyes')")
    drawer(page, "knobs")
    assert page.input_value("#knob-iterations") == "40"
    assert page.input_value("#knob-seed") == "7"
    page.click("#to-gallery")
    page.wait_for_selector(f"#dreams img[src='/api/jobs/{id}/thumb']")
    page.fill("#search", "mixed9")
    page.wait_for_selector("#none")
    page.fill("#search", "mixed3")
    page.wait_for_selector("#dreams li")


def test_pictures_are_dropped_and_pasted(visit, live):
    page = visit(live)
    handed(page, "#stage", ("one.png", a_file((300, 200))))
    page.wait_for_function("() => document.getElementById('before')?.naturalWidth === 300")
    handed(page, "body", ("two.png", a_file((200, 240))), kind="paste")
    page.wait_for_function("() => document.getElementById('before')?.naturalHeight === 240")
    drawer(page, "knobs")
    handed(page, "#guide-drop", ("guide.png", a_file((64, 64))))
    page.wait_for_selector("#guide-shown")
    assert size_of(page) == (200, 240)
    handed(page, "#stage", ("words.png", b"no picture at all"))
    page.wait_for_selector("#fault")
    assert "picture" in page.inner_text("#fault")
    assert size_of(page) == (200, 240)
    quick(page)
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    assert len(asked.value.post_data_json["guide"]) == 32


def test_a_mistake_stands_beside_its_knob(visit, live):
    page = visit(live)
    knob(page, "step", "-1")
    drawer(page, "looks")
    page.click("#dream")
    page.wait_for_selector("#knob-step-fault:not(:empty)")
    assert "step=-1 is out of range; a number above 0" in page.inner_text("#knob-step-fault")
    knob(page, "step", "0.01")
    knob(page, "seed", "1e+40")
    page.click("#dream")
    page.wait_for_selector("#knob-seed-fault:not(:empty)")
    assert "whole number" in page.inner_text("#knob-seed-fault")


def test_the_limits_beside_a_knob_are_those_of_the_page(visit, live):
    page = visit(live)
    drawer(page, "knobs")
    for knob_ in live.call("/api/schema")["knobs"]:
        if knob_["kind"] in ("int", "float", "ints", "floats"):
            assert "number" in knob_["expected"]
            assert knob_["expected"] in page.inner_text(f"#knob-{knob_['name']}-note")


def test_the_finished_picture_is_not_replaced_by_a_late_preview(visit, live, small):
    def late(route):
        time.sleep(1.5)
        route.continue_()

    page = visit(live, before=lambda page: page.route("**/preview?*", late))
    given(page, small)
    quick(page, 30)
    id = dreamt(page)
    page.wait_for_timeout(3500)
    assert page.get_attribute("#after", "src") == f"/api/jobs/{id}/result"
    assert page.get_attribute("#after", "alt") == "The finished dream"
    assert size_of(page, "#after") == (384, 256)


def test_one_page_queues_several_dreams_and_another_watches_them(visit, live, small):
    page, other = visit(live), visit(live)
    given(page, small)
    long(page)
    page.dblclick("#dream")  # two clicks of one double click are one dream
    page.wait_for_selector("#progress")
    drawer(page, "queue")
    assert page.locator("#queue li").count() == 1
    page.click("#dream")
    page.wait_for_selector("#queue li >> nth=1")
    page.wait_for_selector("#queue li >> nth=1 >> text=/about \\d+ (s|min) left/")
    drawer(other, "queue")
    other.click("#queue li >> nth=1 >> .watch")
    other.wait_for_selector("#status:has-text('Waiting: 1 before this one')")
    other.reload()  # what was watched is taken up again
    other.wait_for_selector("#status:has-text('Waiting: 1 before this one')")
    accessible(page, "a dream that is under way, and one that waits")
    page.click("#cancel")
    other.wait_for_selector("#status:has-text('Size 1')")
    other.wait_for_selector("#after")
    other.click("#cancel")
    other.wait_for_selector("#progress", state="detached", timeout=5000)
    page.wait_for_selector("#queue li", state="detached")


def test_a_dream_is_cancelled_within_a_step_or_stopped_and_kept(visit, live, small):
    page = visit(live)
    given(page, small)
    long(page)
    before = len(live.call("/api/gallery")["dreams"])
    page.click("#dream")
    page.wait_for_selector("#after")
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached", timeout=5000)
    assert page.locator("#after").count() == 0
    assert len(live.call("/api/gallery")["dreams"]) == before
    page.click("#dream")
    page.wait_for_selector("#after")
    page.click("#stop")
    page.wait_for_selector("#finished", timeout=5000)
    kept = live.call("/api/gallery")["dreams"]
    assert len(kept) == before + 1
    assert kept[0]["stopped"]
    page.wait_for_selector(f"#after[src='/api/jobs/{kept[0]['id']}/result']")


@pytest.mark.parametrize(("width", "height"), WIDE)
def test_dream_is_always_in_reach(visit, live, width, height):
    page = visit(live, width, height)
    drawer(page, "knobs")
    page.evaluate("() => { const at = document.getElementById('drawer'); at.scrollTop = at.scrollHeight; }")
    seen = "() => { const b = document.getElementById('dream').getBoundingClientRect();"
    seen += "return document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)?.id; }"
    assert page.evaluate(seen) == "dream"


def test_a_look_keeps_the_knobs_one_has_turned_and_says_so(visit, live):
    page = visit(live)
    knob(page, "iterations", 33)
    drawer(page, "looks")
    page.click("label:has-text('fur')")
    assert "the knob you turned" in page.inner_text("#toast")
    drawer(page, "knobs")
    assert page.input_value("#knob-iterations") == "33"
    page.click("#toast button")
    assert page.input_value("#knob-iterations") == "20"


def test_a_reload_in_mid_dream_shows_the_same_dream_and_settings(visit, live, small):
    page = visit(live)
    given(page, small)
    page.click("label:has-text('coral')")
    long(page)
    page.click("#dream")
    page.wait_for_selector("#after")
    before = page.get_attribute("#before", "src")
    page.reload()
    page.wait_for_selector("#progress")
    page.wait_for_selector("#after")
    assert page.get_attribute("#before", "src") == before
    assert page.locator("label.chosen:has-text('coral')").count() == 1
    drawer(page, "knobs")
    assert page.input_value("#knob-iterations") == "400"
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached")


def test_another_picture_in_mid_dream_has_nothing_of_the_dream_over_it(visit, live, small):
    page = visit(live)
    quick(page, 60)
    page.click("#dream")
    page.wait_for_selector("#after")
    given(page, small)
    assert page.locator("#after").count() == page.locator("#progress").count() == 0
    assert size_of(page) == (384, 256)
    drawer(page, "queue")
    page.wait_for_selector("#queue li", state="detached")  # it ends in the gallery
    assert page.locator("#after").count() == 0
    page.click("#to-gallery")
    page.click("#dreams li:first-child .thumb")
    page.wait_for_selector("#finished")
    assert page.get_attribute("#before", "src") == "/api/pictures/sample"


def test_several_files_and_addresses_that_are_dropped_are_not_ignored(visit, live):
    page = visit(live)
    handed(page, "#stage", ("one.png", a_file((200, 120))), ("two.png", a_file((160, 160))))
    page.wait_for_selector(".tray img >> nth=1")
    accessible(page, "several pictures")
    page.wait_for_function("() => document.getElementById('before')?.naturalWidth === 200")
    page.click(".tray button >> nth=1")
    page.wait_for_function("() => document.getElementById('before')?.naturalWidth === 160")
    quick(page)
    with page.expect_request("**/api/jobs") as first:
        page.click("#dream-all")
    assert first.value.post_data_json["label"] == "one.png"
    page.wait_for_function(
        "async () => (await (await fetch('/api/gallery?search=two.png')).json()).dreams.length === 1"
    )
    handed(page, "#stage", text="https://example.org/cat.jpg")
    page.wait_for_selector("#fault")
    assert "fetches nothing from addresses" in page.inner_text("#fault")


def test_again_brings_back_the_picture_the_mask_and_the_settings(visit, live, small):
    page = visit(live)
    given(page, small)
    picture = page.get_attribute("#before", "src")
    quick(page, 3)
    drawer(page, "paint")
    page.click("#tool-mask")
    box = page.locator("#before").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    mask = asked.value.post_data_json["mask"]
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.click("#menu-picture")
    page.click("text=The sample")
    page.wait_for_selector("#before[src='/api/pictures/sample']")
    page.click("#to-gallery")
    page.click("#dreams li:first-child button[aria-label^=Again]")
    page.wait_for_selector(f"#before[src='{picture}']")
    drawer(page, "paint")
    page.wait_for_selector("#undo:enabled")
    drawer(page, "knobs")
    assert page.input_value("#knob-iterations") == "3"
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    kept = [Image.open(io.BytesIO(page.request.get(f"{live.address}/api/pictures/{id}").body())) for id in
            (mask, asked.value.post_data_json["mask"])]  # fmt: skip
    assert [one.size for one in kept] == [(384, 256)] * 2
    places = [(192, 128), (20, 20)]
    assert [[one.convert("L").getpixel(at) > 128 for at in places] for one in kept] == [[True, False]] * 2


def test_the_handle_is_never_half_hidden(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    dreamt(page)
    picture = page.locator("#after").bounding_box()
    for key in ("End", "Home"):
        page.focus("#handle")
        page.keyboard.press(key)
        knob_ = page.locator("#handle span").bounding_box()
        assert knob_["x"] >= picture["x"] - 1
        assert knob_["x"] + knob_["width"] <= picture["x"] + picture["width"] + 1


def test_dream_answers_at_once(visit, live, small):
    page = visit(live, before=lambda page: page.route("**/api/jobs", lambda route: (time.sleep(1), route.continue_())))
    given(page, small)
    quick(page)
    click = "() => { document.getElementById('dream').click(); return new Promise((done) => setTimeout(() =>"
    click += "done(document.getElementById('dream').getAttribute('aria-busy')), 100)); }"
    assert page.evaluate(click) == "true"
    page.wait_for_selector("#finished")


def test_a_phone_has_nothing_over_the_looks_and_no_word_of_pasting(visit, live):
    page = visit(live, 390, 844, touch=True)
    drawer(page, "looks")
    top = page.locator("#drawer").bounding_box()["y"]
    dream = page.locator("#dream").bounding_box()
    assert dream["y"] + dream["height"] <= top
    page.click("#menu-picture")
    assert not page.is_visible("text=paste")


def test_a_wide_screen_is_full(visit, live):
    page = visit(live, 2560, 1440)
    picture = page.locator("#before").bounding_box()
    assert picture["width"] > 0.6 * 2560


def test_times_go_on_and_nothing_is_polled(visit, live, small):
    asked = []

    def before(page):
        page.clock.install()
        page.on("request", lambda ask: asked.append(ask.url))

    page = visit(live, before=before)
    given(page, small)
    quick(page)
    dreamt(page)
    page.click("#to-gallery")
    assert "just now" in page.inner_text("#dreams li:first-child")
    asked.clear()
    page.clock.fast_forward(180_000)
    page.wait_for_selector("#dreams li:first-child:has-text('minutes ago')")
    assert asked == []


def test_deleting_what_is_shown_shows_the_picture_again(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    id = dreamt(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#menu-save")
    page.click("#finished .menu button:has-text('Delete')")
    page.wait_for_selector("#finished", state="detached")
    assert page.locator("#after").count() == 0
    assert id not in [dream["id"] for dream in live.call("/api/gallery")["dreams"]]
    dreamt(page)  # the picture is still there
    assert page.locator("#fault").count() == 0


@pytest.mark.parametrize(("width", "height"), WIDE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_and_everyone_can_use_it(visit, live, width, height, scheme):
    page = visit(live, width, height, scheme)
    accessible(page, "at first")
    light = ("looks", "knobs", "layers", "paint", "sweep", "motion", "family", "queue")
    for name in light if scheme == "light" else ("knobs",):
        drawer(page, name)
        accessible(page, name)
    quick(page)
    dreamt(page)
    page.click("#menu-save")
    accessible(page, "a finished dream, and what to do with it")
    page.keyboard.press("Escape")
    page.click("#to-gallery")
    page.wait_for_selector("#dreams li")
    accessible(page, "gallery")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    accessible(page, "help")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="detached")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.tagName") != "BODY"
