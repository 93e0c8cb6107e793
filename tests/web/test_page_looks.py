"""The studio's page: looks, plain sliders, channels as pictures, what is kept and shared, the first visit."""

import time

import pytest
from browsing import downloaded, drawer, dreamt, given, knob, quick
from conftest import INCEPTION, needs_inception
from serving import Served

from kerasdream.web.settings import looks_on_wall


def test_the_looks_are_dreamt_on_ones_own_picture(visit, live, small):
    page = visit(live)
    given(page, small)
    picture = page.get_attribute("#before", "src").split("/")[-1]
    page.wait_for_function("() => document.querySelectorAll('#wall img[data-own]').length > 1")
    sources = page.evaluate(
        "() => [...document.querySelectorAll('#wall img[data-own]')].map((one) => one.getAttribute('src'))"
    )
    assert all(source.startswith(f"/api/wall/{picture}/mini/") for source in sources)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#wall img')].every((one) => one.complete && one.naturalWidth)"
    )
    assert page.locator("#wall label").count() == len(looks_on_wall())


def test_four_plain_sliders_turn_the_knobs(visit, live):
    page = visit(live)
    page.click("label:has-text('eyes')")
    drawer(page, "knobs")
    assert page.locator("#simple input").count() == 4
    step = float(page.input_value("#knob-step"))
    page.focus("#simple-strength")
    page.keyboard.press("End")
    assert float(page.input_value("#knob-step")) == pytest.approx(3 * step)
    page.focus("#simple-scale")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#knob-num_octave") == "5"
    page.focus("#simple-depth")
    page.keyboard.press("Home")
    assert page.input_value("#layers input[aria-label='Layer 1']") == "mixed0"
    with page.expect_request("**/api/jobs") as asked:
        page.click("#dream")
    settings = asked.value.post_data_json["settings"]
    assert settings["layers"] == {"mixed0": 1}
    assert settings["num_octave"] == 5
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached")
    page.click("#reset")
    assert float(page.input_value("#knob-step")) == step


def test_knobs_are_searched(visit, live):
    page = visit(live)
    drawer(page, "knobs")
    many = page.locator(".knob").count()
    page.fill("#knob-search", "roll")
    page.wait_for_selector("#knob-jitter")
    assert page.locator(".knob").count() == 1 < many
    page.fill("#knob-search", "no such knob")
    assert page.locator(".knob").count() == 0
    assert "No knob" in page.inner_text("#knobs")


def test_layers_and_channels_are_clicked_and_mixed_with_weights(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    drawer(page, "layers")
    page.click("#atlas .whole:has-text('mixed2')")
    page.wait_for_selector("#atlas .tiles .tile img", timeout=400_000)  # after the wall
    tile = page.locator("#atlas .tiles .tile:has(img)").first
    title = tile.get_attribute("title")
    tile.click()
    channel = title.split("(")[-1].rstrip(")")
    page.fill(f"#layers input[aria-label='Weight of {channel}, as a slider']", "2.5")
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    assert asked.value.post_data_json["settings"]["layers"] == {"mixed2": 1, channel: 2.5}
    page.click(f"#atlas .tile[title='{title}']")  # once more: it goes out of the mix
    page.click("#atlas .whole:has-text('mixed2')")
    drawer(page, "knobs")
    assert page.input_value("#layers input[aria-label='Layer 1']") == "mixed4"


def test_a_pointer_shows_what_the_network_sees_there(visit, live, small):
    page = visit(live)
    given(page, small)
    page.click("#tool-touch")
    box = page.locator("#before").bounding_box()
    with page.expect_request("**/api/seen") as asked:
        page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    place = asked.value.post_data_json
    assert (place["x"], place["y"]) == pytest.approx((0.75, 0.5), abs=0.01)
    page.wait_for_selector("#seen .tile")
    title = page.locator("#seen .tile").first.get_attribute("title")
    page.locator("#seen .tile").first.click()
    channel = title.split("(")[-1].rstrip(")")
    assert page.input_value("#layers input[aria-label='Layer 1']") == channel


def test_a_look_of_ones_own_is_kept_chosen_and_forgotten(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page, 3)
    page.click("label:has-text('fur')") if page.is_visible("#wall") else None
    dreamt(page)
    page.on("dialog", lambda dialog: dialog.accept("My <b>own</b>"))
    page.click("#menu-save")
    page.click("text=Keep as a look of mine")
    drawer(page, "looks")
    page.wait_for_selector(".own-looks img")
    assert "My <b>own</b>" in page.inner_text(".own-looks")
    other = visit(live)
    other.click(".own-looks .tile")
    drawer(other, "knobs")
    assert other.input_value("#knob-iterations") == "3"
    drawer(other, "looks")
    other.click(".own-looks button[aria-label^=Forget]")
    other.wait_for_selector(".own-looks", state="detached")
    assert live.call("/api/looks")["looks"] == []


def test_the_address_brings_back_everything(visit, live, small):
    page = visit(live)
    given(page, small)
    page.click("label:has-text('webs')")
    knob(page, "iterations", 2)
    knob(page, "seed", 99)
    id = dreamt(page)
    page.wait_for_function("(id) => location.hash.includes(id)", arg=id)
    other = visit(live, hash="/" + page.evaluate("() => location.hash"))
    other.wait_for_selector(f"#after[src='/api/jobs/{id}/result']")
    assert other.get_attribute("#before", "src") == page.get_attribute("#before", "src")
    assert other.locator("label.chosen:has-text('webs')").count() == 1
    drawer(other, "knobs")
    assert (other.input_value("#knob-iterations"), other.input_value("#knob-seed")) == ("2", "99")
    broken = visit(live, hash="/#look=none&model=x&knobs={&picture=../../etc_1x1&dream=zzz")
    assert broken.locator("label.chosen:has-text('keras')").count() == 1


def test_a_dream_is_exported_larger_and_as_a_card(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    dreamt(page)
    page.click("#menu-save")
    card = downloaded(page, "#card")
    assert card.format == "JPEG"
    assert card.width > 1.8 * 384 / 256 * card.height * 0.8
    page.click("#menu-save")
    page.click("text=Twice as large")
    page.click("#toast button")
    page.wait_for_selector("#finished")
    page.wait_for_function("() => document.getElementById('after')?.naturalWidth === 768")
    page.click("#menu-save")
    page.click("text=Four times as large")  # of what is large already
    page.wait_for_selector("#toast:has-text('The larger picture is there')", timeout=120_000)
    turned = page.inner_text("#to-knobs .badge")
    page.click("#toast button")
    page.wait_for_function("() => document.getElementById('after')?.naturalWidth === 4 * 768")
    assert downloaded(page, "#download").size == (3072, 2048)
    assert page.inner_text("#to-knobs .badge") == turned  # how it was enlarged is no edit


def test_colours_are_light_dark_or_the_systems(visit, live):
    page = visit(live, scheme="dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(ground) == light
    page.click("#theme")
    assert page.evaluate(ground) == dark


def test_a_first_visit_finds_a_dream_and_one_sentence(visit, tmp_path):
    live = Served(tmp_path)
    try:
        until = time.monotonic() + 120
        while live.call("/api/welcome") is None and time.monotonic() < until:
            time.sleep(0.5)
        page = visit(live)
        page.wait_for_selector("#after", timeout=3000)
        assert " ".join(page.inner_text("#intro").split()) == "Drop a picture, choose a look, dream."
        page.wait_for_selector("#handle")
        quick(page)
        dreamt(page)
        page.wait_for_selector("#intro", state="detached")
    finally:
        live.kill()


def test_scripts_are_small_and_the_page_is_there_at_once(visit, live):
    sizes = []
    page = visit(
        live,
        before=lambda page: page.on("response", lambda answer: answer.url.endswith(".js") and sizes.append(answer)),
    )
    assert sum(len(answer.body()) for answer in sizes) < 120_000
    painted = page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 3000


@needs_inception
def test_inception_is_chosen_where_its_weights_are(visit, tmp_path):
    live = Served(tmp_path, f"--weights={INCEPTION}")
    try:
        with_it = visit(live)
        assert with_it.input_value("#knob-model") == "inception_v3"
        with with_it.expect_request("**/api/wall") as asked:
            with_it.select_option("#knob-model", "mini")
        assert asked.value.post_data_json == {"picture": "sample", "model": "mini"}
        with with_it.expect_request("**/api/jobs") as asked:
            with_it.click("#dream")
        assert asked.value.post_data_json["settings"]["model"] == "mini"
    finally:
        live.kill()
