"""Measure journeys: whether a zoom stays sharp, and whether loops close.

    python scripts/benchmarks/journey.py sharpness                   the table of docs/journeys.md, of the sample
    python scripts/benchmarks/journey.py sharpness a.jpg b.jpg --frames=1000 --side=160
    python scripts/benchmarks/journey.py loops --model=inception_v3 --frames=48

Sharpness is the power in the upper half of the spectrum of a picture that is mirrored at its edges, as journeys mirror
it, so that no edge and no window weighs in; its mean over some frames about the frame named, in parts of frame 100's.
A jump is the mean absolute difference of two frames, in levels.
"""

import argparse
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

import kerasdream
from kerasdream.journeys.journey import JourneyPlan
from kerasdream.journeys.recipes import RECIPES
from kerasdream.types import Array

AROUND = 10  # frames before and after the one named
SHOWN = (10, 100, 200, 300, 500, 700, 1000)


def frames_of(picture: object, settings: dict[str, Any], recipe: str | None = None) -> Iterator[Array]:
    """Yield the frames of a journey, from 0 to 1."""
    plan = JourneyPlan.of(settings, recipe, None)
    return plan.film(plan.pictures(picture), None).frames_from(0, None, None)


def fine_power(picture: Array) -> float:
    """Return the power of a pixel in the upper half of a picture's spectrum."""
    height, width = picture.shape[:2]
    mirrored = np.pad(picture, ((0, height), (0, width), (0, 0)), mode="symmetric")
    power = np.square(np.abs(np.fft.fft2(mirrored, axes=(0, 1))))
    rows, columns = np.fft.fftfreq(2 * height), np.fft.fftfreq(2 * width)
    return float(power[np.hypot(rows[:, None], columns) > 0.25].sum() / mirrored[..., 0].size ** 2)


def mean_about(powers: list[float], frame: int) -> float:
    """Return the mean over the frames about one."""
    return float(np.mean(powers[max(0, frame - AROUND) : frame + AROUND + 1]))


def print_sharpness(pictures: dict[str, object], settings: dict[str, Any], sheets: pathlib.Path | None) -> None:
    """Print the power in the upper half of the spectrum through a zoom, for each picture and as their mean."""
    shown, rows = [frame for frame in SHOWN if frame + AROUND < settings["frames"]], []
    print(f"{'frame':24}", *(f"{frame:>7}" for frame in shown))
    for name, picture in pictures.items():
        powers = []
        for number, frame in enumerate(frames_of(picture, settings)):
            powers.append(fine_power(frame))
            if sheets and number in (0, *shown):
                Image.fromarray(np.uint8(np.round(255 * frame))).save(sheets / f"{name}-{number}.png")
        rows.append([mean_about(powers, frame) / mean_about(powers, shown[min(1, len(shown) - 1)]) for frame in shown])
        print(f"{name:24}", *(f"{part:7.1%}" for part in rows[-1]), flush=True)
    print(f"{'mean':24}", *(f"{part:7.1%}" for part in np.mean(rows, 0)))


def print_loops(pictures: dict[str, object], settings: dict[str, Any], sheets: pathlib.Path | None) -> None:
    """Print the jumps between neighbours and from the last frame to the first, of each recipe that loops."""
    for name, recipe in RECIPES.items():
        for title, picture in pictures.items():
            if not recipe.settings.get("loop"):
                continue
            frames = list(frames_of(picture, settings, name))
            jumps = [float(255 * np.abs(after - before).mean()) for before, after in itertools.pairwise(frames)]
            closing = 255 * np.abs(frames[0] - frames[-1]).mean()
            print(f"{name:12}{title:24} median {np.median(jumps):5.1f}  largest {max(jumps):5.1f}", end="")
            print(f"  last to first {closing:5.1f}", flush=True)
            if sheets:
                contact_sheet(frames).save(sheets / f"{name}-{title}-{settings['model']}.png")


def contact_sheet(frames: list[Array], count: int = 12, columns: int = 4) -> Image.Image:
    """Return some frames side by side."""
    picked = [np.uint8(np.round(255 * frames[round(place)])) for place in np.linspace(0, len(frames) - 1, count)]
    rows = [np.concatenate(picked[begin : begin + columns], 1) for begin in range(0, count, columns)]
    return Image.fromarray(np.concatenate(rows))


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=("sharpness", "loops"))
    parser.add_argument("pictures", nargs="*")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--frames", type=int)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--zoom", type=float, default=1.03)
    parser.add_argument("--layers", default="mixed4")
    parser.add_argument("--sheets", type=pathlib.Path)
    given = parser.parse_args()
    if given.sheets:
        given.sheets.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, object] = {pathlib.Path(path).stem: path for path in given.pictures}
    settings = {"model": given.model, "weights": given.weights, "side": given.side}
    pictures = pictures or {"sample": kerasdream.sample()}
    if given.measure == "sharpness":
        zoom = {"zoom": given.zoom, "angle": 0.3, "layers": given.layers, "frames": given.frames or 1011}
        print_sharpness(pictures, settings | zoom, given.sheets)
    else:
        print_loops(pictures, settings | {"frames": given.frames or 48}, given.sheets)


if __name__ == "__main__":
    main()
