"""Photograph the studio for docs/studio.md: before, during and after a dream, on a wide screen and on a phone.

python scripts/docs_studio.py docs/images --weights=inception_v3_notop.weights.h5
"""

import argparse
import io
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

PORT = 8798
SERVE = pathlib.Path(__file__).with_name("serve.py")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def keep(page: Any, path: pathlib.Path, height: int) -> None:
    """What the top of the page shows, as a JPEG of at most 200 kB."""
    size = page.viewport_size
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height})
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    for quality in (90, 84, 78, 70, 60):
        image.save(path, quality=quality)
        if path.stat().st_size < 195_000:
            break
    print(path, path.stat().st_size, flush=True)


def photograph(page: Any, folder: pathlib.Path, height: int) -> None:
    """A dream from the beginning to the end."""
    width = page.viewport_size["width"]
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_selector("html[data-ready]")
    page.wait_for_timeout(500)
    keep(page, folder / f"studio-{width}-before.jpg", height)
    if page.locator("#knob-model option").count() > 1:
        page.select_option("#knob-model", "inception_v3")
    page.click("#dream")
    page.wait_for_selector("#after:not([hidden])", timeout=120_000)
    page.wait_for_selector("#status:has-text('Size 3')", timeout=120_000)
    page.wait_for_timeout(2500)
    keep(page, folder / f"studio-{width}-during.jpg", height)
    page.wait_for_selector("#finished:not([hidden])", timeout=300_000)
    page.locator("#compare input").fill("35")
    page.wait_for_timeout(1500)
    keep(page, folder / f"studio-{width}-after.jpg", height)


def main() -> None:
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
            for width, height in ((1440, 960), (390, 1500)):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.wait_for_timeout(2000)
                photograph(page, options.output, height)
                page.close()
        finally:
            browser.close()
            studio.kill()


if __name__ == "__main__":
    main()
