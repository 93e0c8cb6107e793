"""Photograph the studio for docs/studio.md: a dream and what belongs to it, on a wide screen and on a phone.

python scripts/docs_studio.py docs/images --weights=inception_v3_notop.weights.h5
"""

import argparse
import io
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from docs_webp import keep_shot
from playwright.sync_api import sync_playwright

import kerasdream

PORT = 8798
SERVE = pathlib.Path(__file__).with_name("serve.py")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 400_000  # milliseconds


def opened(browser: Any, size: tuple[int, int], scheme: str) -> Any:
    """Open the studio on a screen of that size."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_selector("html[data-ready]")
    return page


def photograph_wide(page: Any, shot: Callable[[str], None]) -> None:
    """A dream, its variations, a comparison, a sweep and the layers; then what a hand and time do."""
    page.click("label:has-text('eyes')")
    page.wait_for_function("() => document.querySelectorAll('#wall img[data-own]').length > 9")
    page.click("#dream")
    page.wait_for_selector("#progress")
    page.wait_for_selector("#finished")
    page.focus("#handle")
    for _ in range(19):
        page.keyboard.press("ArrowRight")
    shot("after")
    if page.locator("#knob-model").count():
        page.select_option("#knob-model", "mini")  # the quick one: many dreams follow
    page.click("#to-knobs")
    page.fill("#knob-iterations", "12")
    page.click("#to-looks")
    page.click("#menu-four")
    page.click("text=Four looks")
    page.wait_for_selector("#status:has-text('Choose one')")
    shot("four")
    page.click("#compare")
    page.wait_for_selector(".comparison .after >> nth=3")
    page.mouse.move(300, 250)
    page.mouse.wheel(0, -260)
    shot("comparison")
    page.keyboard.press("Escape")
    page.click("#to-sweep")
    page.click("#go-sweep")
    page.wait_for_function("() => document.querySelectorAll('.cell[data-state=done]').length > 5")
    shot("sweep")
    page.click("#cancel")
    page.click("text=Close the grid")
    page.click("#to-layers")
    page.wait_for_function("() => document.querySelectorAll('#atlas .tile img').length > 20")
    shot("layers")
    photograph_more(page, shot)


def photograph_more(page: Any, shot: Callable[[str], None]) -> None:
    """A dream painted with the brush, the family of it, and a film under way."""
    page.click("#zoom")
    page.click("#to-looks")
    page.click("label:has-text('fur')")
    page.click("#to-paint")
    page.click("#tool-brush")
    page.fill("#pen-size", "110")
    for x, y in [(0.2, 0.5), (0.45, 0.45), (0.7, 0.5)]:
        paint(page, x, y)
        page.wait_for_selector("#after[src$='/result']")
    shot("paint")
    page.click("#tool-brush")
    page.click("#deeper")
    page.wait_for_selector("#progress")
    page.wait_for_selector("#finished")
    page.click("#to-family")
    page.wait_for_selector(".twig >> nth=2")
    shot("family")
    page.set_input_files("#file", {"name": "lake.gif", "mimeType": "image/gif", "buffer": panned()})
    page.wait_for_selector("#dream-film")
    page.click("#dream-film")
    page.wait_for_selector("#status:has-text('Frame 4')")
    page.wait_for_selector("#after[src*=preview]")
    shot("film")


def paint(page: Any, x: float, y: float) -> None:
    """Draw a short stroke, at these shares of the picture."""
    box = page.locator("#pane .canvas").bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + (x + 0.08) * box["width"], box["y"] + (y - 0.05) * box["height"], steps=4)
    page.mouse.up()
    page.wait_for_selector("#progress")


def panned() -> bytes:
    """Return an animated GIF that pans over the sample."""
    picture, file = kerasdream.sample().resize((540, 360)), io.BytesIO()
    frames = [picture.crop((6 * number, 0, 480 + 6 * number, 320)) for number in range(8)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def photograph_small(page: Any, shot: Callable[[str], None]) -> None:
    """A dream, the knobs and the gallery."""
    shot("before")
    page.click("#dream")
    page.wait_for_selector("#status:has-text('Size 2')")
    shot("during")
    page.wait_for_selector("#finished")
    page.click("#to-knobs")
    shot("knobs")
    page.click("#to-gallery")
    shot("gallery")


def main() -> None:
    """Start a studio, and photograph it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--weights", help="of InceptionV3")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, sync_playwright() as engine:
        line = [sys.executable, str(SERVE), f"--data_dir={data}", f"--port={PORT}", "--noopen"]
        line += [f"--weights={options.weights}"] * bool(options.weights)
        studio = subprocess.Popen(line, stdout=subprocess.PIPE)
        assert studio.stdout is not None
        studio.stdout.readline()
        browser = engine.chromium.launch(executable_path=options.chromium, args=FLAGS)
        try:
            page = opened(browser, (1440, 900), "dark")
            photograph_wide(page, lambda state: keep_shot(page, options.output / f"studio-1440-{state}.webp"))
            page.close()
            page = opened(browser, (390, 844), "light")
            photograph_small(page, lambda state: keep_shot(page, options.output / f"studio-390-{state}.webp"))
        finally:
            browser.close()
            studio.kill()


if __name__ == "__main__":
    main()
