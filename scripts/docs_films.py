"""Make the film of docs/films.md: the same drawn film, each frame dreamt alone and with the dream carried along.

    python scripts/docs_films.py

It takes a minute on two cores.
"""

import pathlib
import sys
from fractions import Fraction
from typing import Literal

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "benchmarks"))

from drawn_films import moving_object  # noqa: E402

import kerasdream  # noqa: E402
from kerasdream.video.writer import open_writer  # noqa: E402

SIZE, FRAMES = (132, 176), 16
MODES: tuple[Literal["each", "flow"], ...] = ("each", "flow")


def main() -> None:
    """Write docs/images/film.webp."""
    frames = moving_object(SIZE, FRAMES).frames.astype(np.uint8)
    modes = [
        list(kerasdream.frames(frames, "mixed4", model="mini", mode=mode, max_loss=None, jitter=32)) for mode in MODES
    ]
    joined = [np.concatenate(pair, 1) for pair in zip(*modes, strict=True)]
    target = ROOT / "docs" / "images" / "film.webp"
    with open_writer(target, Fraction(8), (SIZE[0], 2 * SIZE[1]), overwrite=True) as film:
        for frame in joined:
            film.write(frame)
    print(target, target.stat().st_size)


if __name__ == "__main__":
    main()
