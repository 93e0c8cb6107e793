"""The studio's page: variations, sweeps, moments, families, favourites, comparisons, the queue and the keys."""

import pytest
from browsing import accessible, drawer, dreamt, given, long, quick
from serving import LONG


@pytest.fixture
def ready(visit, live, small):
    """A page with a small picture and little to dream."""
    page = visit(live)
    given(page, small)
    quick(page, 3)
    return page


def test_four_variations_stand_side_by_side_and_one_is_gone_on_with(ready):
    page = ready
    page.click("#menu-four")
    with page.expect_request("**/api/groups") as asked:
        page.click("text=Four looks")
    looks = [job["settings"]["preset"] for job in asked.value.post_data_json["jobs"]]
    assert len(set(looks)) == 4
    assert "tensorflow" not in looks  # it has two sizes above the picture's own, and one was asked for
    assert all(job["settings"]["iterations"] == 3 for job in asked.value.post_data_json["jobs"])
    page.wait_for_selector(".cell >> nth=3")
    boxes = [page.locator(".cell").nth(i).bounding_box() for i in range(4)]
    accessible(page, "four variations")
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"] == boxes[3]["y"]
    page.wait_for_selector("#status:has-text('Choose one')")
    page.click(".cell >> nth=2")
    page.wait_for_selector("#finished")
    drawer(page, "looks")
    assert page.locator(f"label.chosen:has-text('{looks[2]}')").count() == 1
    page.click("#finished button[aria-label='Back to the grid']")
    page.wait_for_selector(".cell >> nth=3")


@pytest.mark.parametrize("kind", ["seeds", "strengths"])
def test_variations_differ_in_seed_or_strength(ready, kind):
    page = ready
    page.click("#menu-four")
    with page.expect_request("**/api/groups") as asked:
        page.click(f"text=Four {kind}")
    jobs = asked.value.post_data_json["jobs"]
    knob = {"seeds": "seed", "strengths": "step"}[kind]
    assert len({job["settings"][knob] for job in jobs}) == 4
    page.click("#cancel")
    page.wait_for_selector("#cancel", state="detached")


def test_a_surprise_is_dreamt_at_once_and_can_be_taken_back(ready):
    page = ready
    with page.expect_request("**/api/jobs") as asked:
        page.click("#surprise")
    settings = asked.value.post_data_json["settings"]
    assert settings["preset"] != "keras"
    assert settings["seed"] > 0
    page.click("#toast button")
    drawer(page, "knobs")
    assert page.input_value("#knob-iterations") == "3"
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached")


def test_a_sweep_fills_a_labelled_grid_and_any_cell_opens(ready):
    page = ready
    drawer(page, "sweep")
    page.select_option("#sweep-x", "octave_scale")
    page.fill("#sweep-x-values", "1.2, 1.5")
    page.select_option("#sweep-y", "step")
    page.fill("#sweep-y-values", "0.01, 0.03, 0.09")
    page.click("#go-sweep")
    page.wait_for_selector(".cell >> nth=5")
    words = " ".join(page.locator(".axis").all_inner_texts())
    assert all(text in words for text in ("octave scale", "1.2", "1.5", "step", "0.01", "0.03", "0.09"))
    page.wait_for_selector(".cell[data-state=done]")
    page.wait_for_selector("#status:has-text('Choose one')")
    accessible(page, "a sweep")
    page.click(".cell >> nth=5")
    page.wait_for_selector("#finished")
    drawer(page, "knobs")
    assert (page.input_value("#knob-octave_scale"), page.input_value("#knob-step")) == ("1.5", "0.09")


BROKEN = """() => [...document.querySelectorAll("#wall img")]
    .filter((image) => image.complete && !image.naturalWidth).map((image) => image.src)"""


def test_a_moment_of_the_growth_is_gone_back_to_and_branched_from(ready, live):
    page = ready
    quick(page, 8)
    id = dreamt(page)
    page.wait_for_selector("#scrubber")
    page.focus("#scrubber")
    page.keyboard.press("Home")
    page.wait_for_selector(f"#after[src='/api/jobs/{id}/moments/0']")
    assert "step 1" in page.inner_text("#status")
    drawer(page, "looks")
    with page.expect_request("**/api/wall") as asked:  # a wall of its own: none of another picture is shown
        page.click("#branch")
    page.wait_for_selector("#after", state="detached")
    assert asked.value.post_data_json["picture"] in page.get_attribute("#before", "src")
    page.wait_for_selector("#wall img[data-own]")
    assert page.evaluate(BROKEN) == []
    with page.expect_request("**/api/jobs") as asked:
        branch = dreamt(page)
    assert (asked.value.post_data_json["parent"], asked.value.post_data_json["relation"]) == (id, "branch")
    page.click("#deeper")
    page.wait_for_selector("#progress")
    page.wait_for_selector("#finished")
    drawer(page, "family")
    page.wait_for_selector(".tree .tree, .tree ul ul .twig[aria-current]")
    tree = [one["relation"] for one in live.call(f"/api/jobs/{branch}/family")["dreams"]]
    assert sorted(tree) == ["", "branch", "deeper"]
    page.click(".twig >> nth=0")
    page.wait_for_selector(f"#after[src='/api/jobs/{id}/result']")


def test_favourites_are_kept_and_several_dreams_compared_at_one_zoom(ready, live):
    page = ready
    ids = [dreamt(page), dreamt(page)]
    page.click("#favourite")
    page.wait_for_selector("#favourite[aria-pressed=true]")
    page.click("#to-gallery")
    for i in range(2):
        page.check(f"#dreams li >> nth={i} >> input")
    page.click("#favourites")
    page.wait_for_function("() => document.querySelectorAll('#dreams li').length === 1")
    assert [dream["id"] for dream in live.call("/api/gallery?favourites=1")["dreams"]] == ids[1:]
    page.click("#compare")
    page.wait_for_selector(".comparison .after >> nth=1")
    page.mouse.move(300, 400)
    page.mouse.wheel(0, -300)
    page.wait_for_function("() => document.getElementById('zoom').textContent !== '100%'")
    panes = page.locator(".comparison .canvas").evaluate_all(SCALES)
    assert len(panes) == 2
    assert panes[0] == pytest.approx(panes[1], rel=1e-3)
    assert panes[0] > 1
    assert page.locator(".comparison .before:visible").count() == 0  # all of them is dream
    accessible(page, "comparison")
    assert page.inner_text("#zoom") != "100%"
    page.keyboard.press("Escape")
    page.wait_for_selector("#dream")


def test_the_queue_is_put_in_order_by_drag_and_keys(visit, live):
    ids = [live.call("/api/jobs", {"settings": LONG, "label": name})["id"] for name in ("one", "two", "three", "four")]
    page = visit(live)
    drawer(page, "queue")
    page.wait_for_selector("#queue li >> nth=3")

    def order():
        return [text.split("\n")[0] for text in page.locator("#queue .watch").all_inner_texts()]

    def ordered(*names):
        page.wait_for_function(
            "(names) => [...document.querySelectorAll('#queue .watch b')].map((b) => b.textContent).join() === names",
            arg=",".join(names),
        )

    ordered("one", "two", "three", "four")
    page.click("#queue button[aria-label='four: earlier']")
    ordered("one", "two", "four", "three")
    page.focus("#queue li >> nth=1 >> .watch")
    page.keyboard.press("Alt+ArrowDown")
    ordered("one", "four", "two", "three")
    page.drag_and_drop("#queue li >> nth=3", "#queue li >> nth=1")
    ordered("one", "three", "four", "two")
    assert [job["label"] for job in live.call("/api/jobs")["jobs"]] == order()
    page.wait_for_selector("#queue li:first-child:has-text('left')")  # the time left
    page.click("#cancel-all")
    page.wait_for_selector("#queue li", state="detached")
    assert all(live.call(f"/api/jobs/{id}")["state"] == "cancelled" for id in ids)


def test_keys_dream_step_through_the_gallery_and_tell_of_themselves(ready):
    page = ready
    with page.expect_request("**/api/jobs"):
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("#finished")
    newest = page.get_attribute("#after", "src")
    dreamt(page)
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+c")  # copies, and is no shortcut of the page
    assert page.get_attribute("#handle", "aria-valuenow") == "0"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"#after[src='{newest}']")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f"#after:not([src='{newest}'])")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    assert "Ctrl" in page.inner_text("#help")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="detached")


SCALES = "(all) => all.map((one) => Number(one.style.transform.match(/scale\\((.*)\\)/)[1]))"


def test_a_drag_on_the_handle_takes_the_page_less_than_a_thirtieth_of_a_second_a_frame(ready):
    page = ready
    dreamt(page)
    long(page)
    page.click("#dream")
    page.wait_for_selector("#after[src*=preview]")
    trace = page.context.new_cdp_session(page)
    trace.send("Performance.enable", {"timeDomain": "threadTicks"})  # of the processor, whoever else uses it

    def busy():
        metrics = trace.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    began = busy()
    frames = page.evaluate(DRAGGED)
    share = (busy() - began) / frames
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached")
    assert frames >= 20
    assert share < 1 / 30


DRAGGED = """async () => {
    const handle = document.getElementById("handle").getBoundingClientRect();
    const pane = document.getElementById("pane");
    const at = (type, x) => pane.dispatchEvent(
        new PointerEvent(type, { pointerId: 7, clientX: x, clientY: handle.y + 40, buttons: 1, bubbles: true }));
    pane.setPointerCapture = () => {};
    at("pointerdown", handle.x);
    let frames = 0;
    const began = performance.now();
    while (performance.now() - began < 3000) {
        at("pointermove", 200 + 300 * Math.abs(Math.sin(frames / 20)));
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    at("pointerup", 300);
    return frames;
}"""
