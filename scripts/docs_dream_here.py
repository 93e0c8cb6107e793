"""Photograph *Dream here* for docs/dream_here.md: on a wide screen after a dream, on a phone during one.

python scripts/docs_dream_here.py docs/images
"""

import argparse
import functools
import http.server
import pathlib
import tempfile
import threading

from build_dream_here import build
from docs_studio import FLAGS
from docs_webp import keep_shot
from playwright.sync_api import Browser, sync_playwright


def photograph(browser: Browser, address: str, folder: pathlib.Path, width: int, height: int, look: str) -> None:
    """Keep what the page shows on a screen: a wide one is light, and waits for the end of the dream."""
    wide = width > 600
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light" if wide else "dark")
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.click(f"#wall label:has-text('{look}')")
    page.click("#dream")
    if wide:
        page.wait_for_selector("body.dreamt #save[download]", timeout=300_000)
    else:
        page.wait_for_function("() => document.getElementById('status').textContent.startsWith('Size 4')")
    keep_shot(page, folder / f"dream-here-{width}.webp")
    page.close()


def main(folder: pathlib.Path) -> None:
    """Build the page, serve it, and photograph it."""
    with tempfile.TemporaryDirectory() as site, sync_playwright() as engine:
        build(pathlib.Path(site))
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        browser = engine.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        photograph(browser, address, folder, 1440, 900, "eyes")
        photograph(browser, address, folder, 390, 844, "coral")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    main(parser.parse_args().folder)
