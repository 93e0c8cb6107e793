"""The stage of the studio's page: zoom, pan, full screen, before and after, painting."""

import io

import pytest
from browsing import downloaded, drawer, dreamt, given, quick, size_of
from PIL import Image

PLACE = "(at) => { const b = at.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"


def place(page, selector="#pane .canvas"):
    """Where the picture is on the screen: left, top, width, height."""
    page.wait_for_selector("#before", state="attached")
    return page.locator(selector).evaluate(PLACE)


def middle(page, x=0.5, y=0.5, selector="#pane .canvas"):
    left, top, width, height = place(page, selector)
    return left + x * width, top + y * height


def stroke(page, *places):
    """Paint over these places of the picture, in shares of it."""
    page.mouse.move(*middle(page, *places[0]))
    page.mouse.down()
    for at in places[1:]:
        page.mouse.move(*middle(page, *at), steps=4)
    page.mouse.up()


def test_the_wheel_zooms_about_the_pointer_and_a_drag_moves(visit, live, small):
    page = visit(live)
    given(page, small)
    before = place(page)
    at = middle(page, 0.25, 0.3)
    page.mouse.move(*at)
    page.mouse.wheel(0, -500)
    page.wait_for_function("() => document.getElementById('zoom').textContent !== '100%'")
    nearer = place(page)
    assert nearer[2] / before[2] == pytest.approx(3.0, abs=0.1)
    assert middle(page, 0.25, 0.3) == pytest.approx(at, abs=1.5)  # what the pointer is on stays there
    page.mouse.down()
    page.mouse.move(at[0] + 60, at[1] + 30, steps=5)
    page.mouse.up()
    moved = place(page)
    assert (moved[0] - nearer[0], moved[1] - nearer[1]) == pytest.approx((60, 30), abs=2)
    page.keyboard.press("0")
    page.wait_for_function("() => document.getElementById('zoom').textContent === '100%'")
    assert place(page) == pytest.approx(before, abs=0.5)
    page.mouse.dblclick(*at)  # the picture's own pixels, or nearer where it is small
    page.wait_for_function("() => document.getElementById('zoom').textContent !== '100%'")


def test_two_fingers_pinch(visit, live, small):
    page = visit(live, 390, 844, touch=True)
    given(page, small)
    before = place(page)
    x, y = middle(page)
    touch = page.context.new_cdp_session(page)

    def fingers(kind, apart):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 30)
    for apart in (40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert place(page)[2] / before[2] == pytest.approx(2, abs=0.15)
    assert middle(page) == pytest.approx((x, y), abs=6)


def test_before_and_after_are_compared_at_any_zoom(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page)
    dreamt(page)
    for wheel in (0, -700):
        page.mouse.move(*middle(page, 0.5, 0.7))
        page.mouse.wheel(0, wheel)
        handle = page.locator("#handle span").bounding_box()
        y = handle["y"] + handle["height"] / 2
        page.mouse.move(handle["x"] + handle["width"] / 2, y)
        page.mouse.down()
        page.mouse.move(500, y, steps=8)
        page.mouse.up()
        left, _, width, _ = place(page, "#after")
        cut = float(
            page.evaluate("() => document.getElementById('before').style.clipPath").split()[1].removesuffix("px")
        )
        assert left + width * (1 - cut / 384) == pytest.approx(500, abs=2)  # up to the handle it is the picture before
    page.keyboard.press("Home") if page.evaluate("() => document.activeElement.id") == "handle" else None
    assert page.get_attribute("#after", "src").endswith("/result")
    assert size_of(page, "#after") == (384, 256)


def test_everything_but_the_picture_goes_and_controls_fade(visit, live):
    page = visit(live)
    before = place(page)
    page.keyboard.press("h")
    page.wait_for_selector("#rail", state="detached")
    assert place(page)[2] > 1.25 * before[2]
    page.wait_for_function("() => getComputedStyle(document.getElementById('dock')).opacity === '0'")
    page.mouse.move(400, 400)
    page.wait_for_function("() => getComputedStyle(document.getElementById('dock')).opacity === '1'")
    page.click("#full-screen")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")


def test_a_mask_is_painted_erased_inverted_undone_and_dreamt_with(visit, live, small):
    page = visit(live)
    given(page, small)
    quick(page, 3)
    drawer(page, "paint")
    page.click("#tool-mask")
    page.fill("#pen-feather", "4")
    stroke(page, (0.1, 0.1), (0.1, 0.9))
    stroke(page, (0.6, 0.5), (0.8, 0.5))
    page.click("#undo")
    page.click("#eraser")
    stroke(page, (0.05, 0.9), (0.15, 0.9))
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    sent = mask_of(page, live, asked)
    assert sent.size == (384, 256)
    assert [sent.getpixel(at) for at in ((38, 60), (38, 230), (280, 128))] == [255, 0, 0]  # painted, erased, undone
    assert any(0 < sent.getpixel((x, 60)) < 255 for x in range(384))  # feathered
    dream, start = downloaded(page, "#download").convert("RGB"), Image.open(small).convert("RGB")
    right = (192, 0, 384, 256)
    assert dream.crop(right).tobytes() == start.crop(right).tobytes()
    assert dream.tobytes() != start.tobytes()
    page.click("#invert")
    with page.expect_request("**/api/jobs") as asked:
        dreamt(page)
    sent = mask_of(page, live, asked)
    assert [sent.getpixel(at) for at in ((38, 60), (38, 230), (280, 128))] == [0, 255, 255]
    page.click("#clear")
    assert page.is_disabled("#undo")


def mask_of(page, live, asked):
    """The mask that went with a dream."""
    answer = page.request.get(f"{live.address}/api/pictures/{asked.value.post_data_json['mask']}")
    return Image.open(io.BytesIO(answer.body())).convert("L")


def test_the_brush_dreams_where_one_paints_stroke_on_stroke(visit, live, small):
    page = visit(live)
    given(page, small)
    drawer(page, "paint")
    page.click("#tool-brush")
    page.fill("#pen-size", "40")
    with page.expect_request("**/api/jobs") as asked:
        stroke(page, (0.2, 0.3), (0.3, 0.3))
    first = asked.value.post_data_json
    assert first["urgent"]
    page.wait_for_selector("#after[src$='/result']")
    one = result(page, live)
    start = Image.open(small).convert("RGB")
    right = (192, 0, 384, 256)
    assert one.crop(right).tobytes() == start.crop(right).tobytes()
    assert one.tobytes() != start.tobytes()
    before = page.get_attribute("#after", "src")
    with page.expect_request("**/api/jobs") as asked:
        stroke(page, (0.7, 0.6), (0.8, 0.6))
    assert asked.value.post_data_json["relation"] == "brush"
    page.wait_for_selector(f"#after[src$='/result']:not([src='{before}'])")
    two = result(page, live)
    left = (0, 0, 120, 256)
    assert two.crop(left).tobytes() == one.crop(left).tobytes()  # it goes on from the first
    assert two.tobytes() != one.tobytes()
    assert page.locator("#to-knobs .badge").count() == 0  # the settings of a stroke are no edits
    page.click("#take-back")
    page.wait_for_selector(f"#after[src='{before}']")
    page.click("#take-back")
    page.wait_for_selector("#after", state="detached")
    assert page.locator("#take-back:disabled").count() == 1


def result(page, live):
    """The picture that the page shows."""
    answer = page.request.get(live.address + page.get_attribute("#after", "src"))
    return Image.open(io.BytesIO(answer.body())).convert("RGB")
