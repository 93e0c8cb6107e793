"""The studio's page in Chromium: how soon it is ready, how soon a dream is seen, how smoothly the handle is dragged.

    python scripts/benchmarks/page.py --weights=inception_v3_notop.weights.h5

For figures that can be compared nothing else may be at work. With --weights InceptionV3 is measured besides mini.
"""

import argparse
import io
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from playwright.sync_api import sync_playwright

import kerasdream

PORT = 8799
SERVE = pathlib.Path(__file__).parent.with_name("serve.py")
DRAG = """async () => {
    const handle = document.getElementById("handle").getBoundingClientRect();
    const pane = document.getElementById("pane");
    pane.setPointerCapture = () => {};
    const send = (type, x) => pane.dispatchEvent(
        new PointerEvent(type, { pointerId: 7, clientX: x, clientY: handle.y + 40, buttons: 1, bubbles: true }));
    send("pointerdown", handle.x);
    let frames = 0;
    for (const began = performance.now(); performance.now() - began < 3000; frames += 1) {
        send("pointermove", 200 + 300 * Math.abs(Math.sin(frames / 20)));
        await new Promise(requestAnimationFrame);
    }
    send("pointerup", 300);
    return frames / 3;
}"""


def give_picture(page: Any, number: int) -> None:
    """Choose a picture of 512 x 344 that the studio has not seen, so that its wall is dreamt anew."""
    picture, file = kerasdream.sample().resize((512, 344)), io.BytesIO()
    picture.putpixel((number, 0), (255, 0, 0))
    picture.save(file, "PNG")
    before = page.get_attribute("#before", "src")
    page.set_input_files("#file", {"name": "lake.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.wait_for_selector(f"#before:not([src='{before}'])")


def first_preview(page: Any) -> float:
    """Return the seconds from a click on Dream to its first preview; the dream is cancelled then."""
    began = time.perf_counter()
    page.click("#dream")
    page.wait_for_selector("#after[src*=preview]")
    seconds = time.perf_counter() - began
    page.click("#cancel")
    page.wait_for_selector("#progress", state="detached")
    return seconds


def measure(page: Any, models: list[str], address: str) -> None:
    """Print a line for each measurement."""
    for name in ("opened", "opened again"):
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        print(f"{name:34} {page.evaluate('performance.now()') / 1000:6.2f} s until ready", flush=True)
    for place, model in enumerate(models):
        if len(models) > 1:
            page.select_option("#knob-model", model)
        first_preview(page)  # warms
        seconds = []
        for number in range(5):
            give_picture(page, 10 * place + number)
            page.wait_for_timeout(2000)  # the wall has begun
            seconds.append(first_preview(page))
        print(f"{model + ', beside a wall':34} {min(seconds):6.2f} to {max(seconds):.2f} s to a preview", flush=True)
    page.click("#dream")
    page.wait_for_selector("#after[src*=preview]")
    print(f"{'the handle, while a dream runs':34} {page.evaluate(DRAG):6.0f} frames a second")


def main() -> None:
    """Start a studio and measure its page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", help="of InceptionV3")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, sync_playwright() as engine:
        line = [sys.executable, str(SERVE), f"--data_dir={data}", f"--port={PORT}", "--noopen"]
        studio = subprocess.Popen(
            line + [f"--weights={options.weights}"] * bool(options.weights), stdout=subprocess.PIPE
        )
        assert studio.stdout is not None
        studio.stdout.readline()
        browser = engine.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            measure(page, ["mini", "inception_v3"] if options.weights else ["mini"], f"http://127.0.0.1:{PORT}/")
        finally:
            browser.close()
            studio.kill()


if __name__ == "__main__":
    main()
