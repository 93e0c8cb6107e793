"""Make the pictures of the site's front page and explanations, with InceptionV3.

python scripts/docs_site.py docs/images --weights=inception_v3_notop.weights.h5
python scripts/docs_site.py docs/images --weights=... --only=octaves,jitter
"""

import argparse
import functools
import pathlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
from docs_webp import keep
from PIL import Image, ImageDraw, ImageFont

import kerasdream
from kerasdream.types import Array

FRONT = {
    "preset": "google2015",
    "layers": "norm(mixed4)",
    "num_octave": 6,
    "iterations": [30, 30, 25, 20, 12, 8],
    "step": 0.012,
    "gradient_scales": 3,
}
LAYERS = {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}
JITTERS = (0, 1, 32)
INK = (128, 128, 128, 255)  # reads on white and on black
Dream = Callable[..., Image.Image]


def front(dream: Dream, folder: pathlib.Path, weights: str) -> None:
    """Make the picture of the front page, before and after."""
    before = kerasdream.sample().resize((1152, 768), Image.Resampling.LANCZOS)
    keep(before, folder / "front-before.webp", 90_000)
    keep(dream(before, **FRONT), folder / "front-after.webp", 140_000)


class Octave(NamedTuple):
    """What one octave of the plain algorithm does: pictures from -1 to 1, and the first gradient."""

    entering: Array
    gradient: Array
    dreamt: Array
    leaving: Array


def octaves_of(model: keras.Model, pixels: Array, steps: int = 20, step: float = 0.01) -> Iterator[Octave]:
    """Yield the octaves of the Keras example, the smallest first."""
    sizes = [tuple(int(side / 1.4**i) for side in pixels.shape[:2]) for i in range(3)][::-1]
    original = (pixels / 127.5 - 1.0).astype("float32")[None]

    def resized(image: Array, size: tuple[int, ...]) -> Array:
        return np.asarray(keras.ops.image.resize(image, size))

    image, shrunk = original, resized(original, sizes[0])
    for size in sizes:
        image = entering = resized(image, size)
        first = None
        for _ in range(steps):
            gradient = np.asarray(kerasdream.gradient(model, keras.ops.convert_to_tensor(image), LAYERS)[1])
            first = gradient if first is None else first
            image = image + step * gradient / np.maximum(np.abs(gradient).mean(), 1e-6)
        dreamt, here = image, resized(original, size)
        image = image + here - resized(shrunk, size)
        shrunk = here
        assert first is not None
        yield Octave(entering[0], first[0], dreamt[0], image[0])


def shown(image: Array) -> Image.Image:
    """Return a picture from -1 to 1."""
    return Image.fromarray(np.clip(image * 127.5 + 127.5, 0, 255).astype("uint8"))


def lettering(page: Image.Image, place: tuple[int, int], text: str) -> None:
    """Write a line that reads on white and on black."""
    ImageDraw.Draw(page).text(place, text, INK, ImageFont.load_default(17))


def octaves(dream: Dream, folder: pathlib.Path, weights: str) -> None:
    """Draw the three octaves of the plain algorithm, a row for each, in their true sizes."""
    model = keras.applications.InceptionV3(weights=weights, include_top=False)
    pixels = np.asarray(kerasdream.sample().crop((150, 60, 630, 380)).convert("RGB"))
    rows = list(octaves_of(model, pixels))
    cell, gap, top = 400, 12, 28
    heights = [round(row.entering.shape[0] * cell / 480) + gap for row in rows]
    page = Image.new("RGBA", (4 * (cell + gap) - gap, top + sum(heights)), (0, 0, 0, 0))
    titles = ("comes in", "first gradient", "after 20 steps", "detail put back")
    for column, title in enumerate(titles):
        lettering(page, (column * (cell + gap), 2), title)
    y = top
    for row, height in zip(rows, heights, strict=True):
        slope = row.gradient / (4 * np.abs(row.gradient).mean())
        for column, image in enumerate((row.entering, slope, row.dreamt, row.leaving)):
            scaled = shown(image).resize((round(image.shape[1] * cell / 480), height - gap), Image.Resampling.LANCZOS)
            page.paste(scaled, (column * (cell + gap), y))
        y += height
    keep(page, folder / "climb-octaves.webp")


def spectrum_of(change: Array) -> Array:
    """Return the power of each frequency of a change, with the constant in the middle."""
    grey = change.mean(-1)
    return np.fft.fftshift(np.abs(np.fft.fft2(grey - grey.mean())) ** 2)


def jitter(dream: Dream, folder: pathlib.Path, weights: str) -> None:
    """Show a detail of dreams with and without jitter, and print what the grid and the edges get."""
    picture = kerasdream.sample().crop((150, 60, 630, 380)).convert("RGB")
    before = np.asarray(picture, float)
    page = Image.new("RGBA", (3 * 412 - 12, 28 + 268), (0, 0, 0, 0))
    print(
        "layer, jitter: power at a period of two pixels over the mean; change of the outer 24 pixels over the middle's"
    )
    for layer in ("mixed2", "mixed4"):
        for amount in (*JITTERS, 64):
            dreamt = dream(picture, layer, step=0.02, max_loss=None, jitter=amount)
            change = np.asarray(dreamt, float) - before
            power, size = spectrum_of(change), np.abs(change).mean(-1)
            middle = [power[0, 0], power[0, power.shape[1] // 2], power[power.shape[0] // 2, 0]]
            outer = np.ones(size.shape, bool)
            outer[24:-24, 24:-24] = False
            edge = size[outer].mean() / size[60:-60, 60:-60].mean()
            print(f"{layer} {amount:3}: {np.mean(middle) / power.mean():6.2f} {edge:5.2f}", flush=True)
            if layer == "mixed4" and amount in JITTERS:
                x = 412 * JITTERS.index(amount)
                lettering(page, (x, 2), f"jitter={amount}")
                page.paste(dreamt.crop((190, 90, 290, 157)).resize((400, 268), Image.Resampling.NEAREST), (x, 28))
    keep(page, folder / "jitter-grid.webp", 120_000)


GROUPS = {"front": front, "octaves": octaves, "jitter": jitter}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--weights", required=True, help="InceptionV3's weights")
    parser.add_argument("--only", default=",".join(GROUPS), help="groups to make, with commas between them")
    options = parser.parse_args()
    dream = functools.partial(kerasdream.dream, model="inception_v3", weights=options.weights)
    for name in options.only.split(","):
        GROUPS[name](dream, options.folder, options.weights)


if __name__ == "__main__":
    main()
