"""Measure how steady dreamt films are, on drawn films whose motion is known to the pixel.

    python scripts/benchmarks/film.py                                   the table of docs/films.md, with mini
    python scripts/benchmarks/film.py --films=pan,zoom --count=90       some films, of so many frames
    python scripts/benchmarks/film.py "--modes=flow,flow cadence=2"     other settings
    python scripts/benchmarks/film.py --sheets=sheets/                  contact sheets and difference pictures too

Excess is E_warp of the dream less that of the source (mean squares of pixels from 0 to 1, times 10,000), along the true
motion, where what is seen stays seen. It says nothing without the strength, the mean of |dream - source| in levels:
`share` is the excess over that of the first mode, at equal squares of the strength.
"""

import argparse
import json
import pathlib
import time

import numpy as np
from drawn_films import FILMS, REAL, DrawnFilm, contact_sheet, drawn_film, grid, sampled

from kerasdream.dreamer import Dreamer
from kerasdream.film_config import FilmConfig
from kerasdream.films.frames import dream_frames
from kerasdream.films.opencv import opencv
from kerasdream.films.scene import SceneDreamer
from kerasdream.films.second_pass import Kept, with_later
from kerasdream.types import Array

WARM_UP = 4  # frames that no measure looks at


def dreamt(film: DrawnFilm, dreamer: Dreamer, config: FilmConfig) -> tuple[Array, float]:
    """Return the frames of a dreamt film as levels, and the processor's seconds for each after the first."""
    scene, out = SceneDreamer(dreamer, config), list[Kept]()
    began = time.process_time()
    for group in dream_frames(iter(film.frames.astype(np.uint8)), scene):
        if not out:
            began = time.process_time()
        out += [Kept(np.asarray(frame.source.picture.source), frame.carried, frame.begins) for frame in group]
    if config.passes > 1:
        later: Kept | None = None
        for number in reversed(range(len(out))):
            out[number] = later = with_later(out[number], later, scene.config)
    seconds = (time.process_time() - began) / (len(out) - 1)
    return np.stack([frame.carried.dreamt for frame in out]), seconds


def settings_of(mode: str) -> FilmConfig:
    """Return the settings that a text names, such as "flow" or "flow cadence=2"."""
    name, *others = mode.split()
    return FilmConfig(mode=name, **{key: json.loads(value) for key, value in (one.split("=") for one in others)})


def warping_error(frames: Array, film: DrawnFilm) -> float:
    """Return the mean square of what changes along the true motion, of pixels from 0 to 1."""
    errors, (x, y) = [], grid((frames.shape[1], frames.shape[2]))
    for t, (flow, seen) in enumerate(zip(film.forth, film.seen, strict=True)):
        if t >= WARM_UP and seen.any():
            fetched = sampled(frames[t + 1], x + flow[..., 0], y + flow[..., 1])
            errors.append(np.square((fetched - frames[t]) / 255)[seen].mean())
    return float(np.mean(errors))


def measure(frames: Array, film: DrawnFilm) -> dict[str, float]:
    """Return the measures of a dreamt film."""
    change = frames - film.frames
    found = {
        "strength": float(np.abs(change[WARM_UP:]).mean()),
        "excess": 1e4 * (warping_error(frames, film) - warping_error(film.frames, film)),
    }
    if not np.any(film.forth):
        found["crawl"] = float(np.abs(np.diff(change[len(change) // 2 :], axis=0)).mean())
    if film.cut is not None:
        now, old = change[film.cut], change[film.cut - 1]
        found |= {"kept after the cut": float((now * old).sum() / np.square(old).sum())}
        found |= {"strength at the cut": float(np.abs(now).mean() / np.abs(change[0]).mean())}
    if film.bare is not None:
        found |= uncovered(change, film)
    return found | detail(change)


def uncovered(change: Array, film: DrawnFilm) -> dict[str, float]:
    """Return how much of an object's dream stays where it was, and how bare ground fills at once and in 6 frames."""
    assert film.bare is not None
    assert film.object is not None
    here = there = 0.0
    first, later, around = [], [], []
    ground = np.max(film.object, 0) < 0.01
    for t in range(WARM_UP, len(change)):
        bare = film.bare[t]
        here += float((change[t] * change[t - 1])[bare].sum())
        there += float(np.square(change[t - 1])[bare].sum())
        first.append(np.abs(change[t])[bare].mean() / np.abs(change[t])[ground].mean())
        if t + 5 < len(change):
            later.append(np.abs(change[t + 5])[bare].mean())
            around.append(np.abs(change[t + 5])[ground].mean())
    return {"ghost": here / there, "at once": float(np.mean(first)), "filled": float(np.mean(later) / np.mean(around))}


def detail(change: Array) -> dict[str, float]:
    """Return strength and share of fine detail of the last ten frames, over those of the first ten."""
    fine = np.array([np.abs(one - opencv().GaussianBlur(one, (0, 0), 1.0)).mean() for one in change])
    whole = np.abs(change).mean((1, 2, 3))
    some = min(10, len(change) // 2)
    share = fine / whole
    return {
        "lasting": float(whole[-some:].mean() / whole[:some].mean()),
        "fine": float(share[-some:].mean() / share[:some].mean()),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", default=",".join([*FILMS, *REAL]))
    parser.add_argument("--modes", default="each,blend,flow")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--layers", default="mixed4")
    parser.add_argument("--jitter", type=int, default=32)
    parser.add_argument("--size", default="256x192")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--photo", help="picture that the real films are drawn from; the sample without one")
    parser.add_argument("--sheets")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    dreamer = Dreamer(given.layers, model=given.model, weights=given.weights, max_loss=None, jitter=given.jitter)
    for name in given.films.split(","):
        film = drawn_film(name, (height, width), given.count, given.photo)
        first: dict[str, float] = {}
        for mode in given.modes.split(","):
            frames, seconds = dreamt(film, dreamer, settings_of(mode))
            found = {"seconds": seconds} | measure(frames, film)
            first = first or found
            found["time"] = seconds / first["seconds"]
            found["share"] = found["excess"] / first["excess"] * (first["strength"] / found["strength"]) ** 2
            print(f"{name:12}{mode:16}", *words(found), flush=True)
            if given.sheets:
                save_sheets(pathlib.Path(given.sheets), f"{name.replace(' ', '-')}-{mode}", frames, film)


def words(found: dict[str, float]) -> list[str]:
    """Return measures as words."""
    return [f"{name} {value:.3g}" for name, value in found.items()]


def save_sheets(folder: pathlib.Path, name: str, frames: Array, film: DrawnFilm) -> None:
    """Write a contact sheet of every few frames, and one of what the dream changed."""
    folder.mkdir(parents=True, exist_ok=True)
    every = max(1, len(frames) // 12)
    contact_sheet(frames, every).save(folder / f"{name}.png")
    contact_sheet(127 + 2 * (frames - film.frames), every).save(folder / f"{name}-difference.png")


if __name__ == "__main__":
    main()
