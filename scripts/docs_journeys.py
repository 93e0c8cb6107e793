"""Make the short films of docs/journeys.md, of the sample picture with the embedded network.

python scripts/docs_journeys.py docs/images
python scripts/docs_journeys.py docs/images --only=zoom,tunnel --sheets=sheets/   contact sheets to look at
"""

import argparse
import pathlib
import tempfile
from typing import Any

from PIL import Image

import kerasdream
from kerasdream.journeys.recipes import RECIPES

SIDE, FPS = 176, 12
QUALITY = 55  # so that each film stays below 400 kB
FRAMES = {"zoom": 60, "breathing": 36, "layers": 60, "channels": 60, "tunnel": 54}
SHORTER: dict[str, dict[str, Any]] = {  # than the recipe, which is made for 24 frames a second
    "zoom": {"loop": True},
}
SHOWN = 15  # frames of a contact sheet


def frames_of(name: str) -> list[Image.Image]:
    """Return the frames of a recipe."""
    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {"model": "mini", "side": SIDE, "fps": FPS, "frames": FRAMES[name]} | SHORTER.get(
            name, {}
        )
        made = kerasdream.journey(recipe=name, output=pathlib.Path(folder) / name, **settings)
        return [Image.open(path).convert("RGB") for path in sorted(made.path.iterdir())]


def main() -> None:
    """Make the films that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default=",".join(RECIPES))
    parser.add_argument("--sheets", type=pathlib.Path)
    arguments = parser.parse_args()
    for name in arguments.only.split(","):
        first, *others = frames = frames_of(name)
        path = arguments.folder / f"journey-{name}.webp"
        options: dict[str, Any] = {"save_all": True, "append_images": others, "loop": 0}
        first.save(path, "WEBP", duration=round(1000 / FPS), quality=QUALITY, method=6, **options)
        print(f"{path}  ({len(frames)} frames, {path.stat().st_size / 1000:.0f} kB)")
        if arguments.sheets:
            arguments.sheets.mkdir(exist_ok=True)
            picked = [frames[round(number * (len(frames) - 1) / (SHOWN - 1))] for number in range(SHOWN)]
            sheet = Image.new("RGB", (5 * first.width, 3 * first.height))
            for number, frame in enumerate(picked):
                sheet.paste(frame, (number % 5 * first.width, number // 5 * first.height))
            sheet.save(arguments.sheets / f"{name}.png")


if __name__ == "__main__":
    main()
