"""What a person does on the page of the studio, in a few words."""

import base64
import io

import pytest
from PIL import Image

HANDED = """([zone, files, kind, text]) => {
    const data = new DataTransfer();
    for (const [name, content, type] of files)
        data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type }));
    if (text) data.setData("text/plain", text);
    const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector(zone).dispatchEvent(event);
}"""


def handed(page, zone, *files, kind="drop", text=""):
    """Drag files, as (name, bytes), or text onto a part of the page and let go there, or paste them."""
    told = [(name, base64.b64encode(content).decode(), "image/png") for name, content in files]
    page.evaluate(HANDED, [zone, told, kind, text])


def drawer(page, name):
    """Open a drawer, where it is not open yet."""
    if page.get_attribute(f"#to-{name}", "aria-expanded") != "true":
        page.click(f"#to-{name}")
    page.wait_for_selector(f"#to-{name}[aria-expanded=true]")


def knob(page, name, value):
    """Set one knob."""
    drawer(page, "knobs")
    page.fill(f"#knob-{name}", str(value))


def quick(page, iterations=2, octaves=1):
    """Ask for little, so that it is there soon."""
    knob(page, "iterations", iterations)
    knob(page, "num_octave", octaves)


def long(page):
    """Ask for much, so that it can be looked at on the way."""
    quick(page, 400)
    knob(page, "max_loss", "")


def given(page, path):
    """Choose a picture file, and wait until the page shows it."""
    before = page.get_attribute("#before", "src")
    page.set_input_files("#file", path)
    page.wait_for_selector(f"#before:not([src='{before}'])")


def dreamt(page):
    """Dream, and wait for the result; return the id of the dream."""
    shown = page.get_attribute("#after", "src") if page.locator("#after").count() else ""
    page.click("#dream")
    page.wait_for_function(FINISHED, arg=shown)
    return page.get_attribute("#after", "src").split("/")[3]


FINISHED = """(before) => {
    const at = document.getElementById("after");
    return at && at.getAttribute("src") !== before && at.getAttribute("src").endsWith("/result");
}"""


def downloaded(page, selector):
    """The picture that a link saves."""
    with page.expect_download() as download:
        page.click(selector)
    return Image.open(io.BytesIO(download.value.path().read_bytes()))


def size_of(page, selector="#before"):
    """The size of the file that an element shows."""
    return tuple(
        page.evaluate(
            "(at) => { const i = document.querySelector(at); return [i.naturalWidth, i.naturalHeight]; }", selector
        )
    )


def accessible(page, state):
    """Ask axe whether everyone can use the page as it is, and whether it fits the screen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.wait_for_timeout(250)  # drawers have come in
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    found = axe.Axe().run(page).response["violations"]
    faults = [(state, one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert faults == []
