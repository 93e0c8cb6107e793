"""Draw the sample picture of the package: evening clouds over hills and water.

python scripts/draw_sample.py kerasdream/image/sample.jpg
"""

import sys

import numpy as np
from PIL import Image

from kerasdream.types import Array

HEIGHT, WIDTH, HORIZON = 512, 768, 330


def noise(
    rng: np.random.Generator,
    rows: int,
    columns: int,
    scale: tuple[float, float] = (1.0, 1.0),
    octaves: int = 7,
    roughness: float = 0.55,
) -> Array:
    """Fractal noise from 0 to 1: smooth grids, each twice as fine and about half as strong as the one before."""
    total = np.zeros((rows, columns))
    for octave in range(octaves):
        cells = max(2, round(2**octave * 2 * scale[0])), max(2, round(2**octave * 3 * scale[1]))
        grid = Image.fromarray(rng.random(cells).astype(np.float32))
        total += roughness**octave * np.asarray(grid.resize((columns, rows), Image.Resampling.BICUBIC))
    return (total - total.min()) / (total.max() - total.min())


def smooth(low: float, high: float, x: Array) -> Array:
    """0 below `low`, 1 above `high`, an S between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blend(below: Array, above: Array | list[float], amount: Array) -> Array:
    """`above` over `below`, as far as `amount` says."""
    return below + (np.asarray(above) - below) * amount[..., None]


def sky(rng: np.random.Generator) -> Array:
    """Blue above, warm at the horizon, heaped clouds lit from the left."""
    y = np.linspace(0, 1, HORIZON)[:, None] * np.ones((1, WIDTH))
    picture = blend(np.ones((HORIZON, WIDTH, 3)) * [0.16, 0.36, 0.66], [0.98, 0.80, 0.62], smooth(0.1, 1.1, y) ** 1.3)
    for scale, thickness, shade in (((0.8, 0.7), 0.50, 0.75), ((1.5, 0.9), 0.56, 1.0)):
        wide = noise(rng, HORIZON + 9, WIDTH + 14, scale, roughness=0.58)
        heap = wide[9:, 14:]
        lit = heap - wide[:-9, :-14]
        cover = smooth(thickness, thickness + 0.22, heap + 0.06 * np.sin(3 * y))
        bright = np.clip(0.74 + 2.4 * lit, 0.35, 1.06) * shade
        picture = blend(
            picture, bright[..., None] * [1.0, 0.95, 0.91] + (1 - bright[..., None]) * [0.24, 0.28, 0.42], cover * 0.94
        )
    return picture


def hills(rng: np.random.Generator, picture: Array) -> Array:
    """Four ridges, each nearer, darker and greener than the one behind it; woods on the near ones."""
    rows = np.arange(HEIGHT)[:, None] * np.ones((1, WIDTH))
    for i, (base, height, colour) in enumerate(
        [
            (306, 95, (0.50, 0.56, 0.70)),
            (322, 70, (0.36, 0.46, 0.52)),
            (338, 58, (0.23, 0.36, 0.28)),
            (356, 46, (0.15, 0.25, 0.13)),
        ]
    ):
        ridge = base - height * noise(rng, 2, WIDTH, (1.0, 1.0 + 0.5 * i), roughness=0.45)[0]
        wood = noise(rng, HEIGHT, WIDTH, (8, 8), octaves=5, roughness=0.75)
        ridge = ridge - i * 3.2 * noise(rng, 2, WIDTH, (1, 30), octaves=4, roughness=0.8)[0]
        inside = smooth(-1.0, 1.0, rows - ridge[None])
        light = 0.62 + (0.25 + 0.22 * i) * wood + 0.25 * np.clip((ridge[None] + 40 - rows) / 60, 0, 1)
        picture = blend(picture, light[..., None] * colour, inside)
    return picture


def water(rng: np.random.Generator, picture: Array) -> Array:
    """The far shore mirrored in ripples, and stones at the near one."""
    shore = 372
    depth = np.arange(HEIGHT - shore)
    ripple = noise(rng, HEIGHT - shore, WIDTH, (9, 1.2), octaves=6, roughness=0.7) - 0.5
    rows = np.clip(shore - 2 - depth[:, None] * 1.9 + ripple * (10 + 0.5 * depth[:, None]), 0, shore - 1).astype(int)
    columns = np.clip(np.arange(WIDTH)[None] + ripple * (6 + 0.15 * depth[:, None]), 0, WIDTH - 1).astype(int)
    glitter = smooth(0.62, 0.95, noise(rng, HEIGHT - shore, WIDTH, (22, 2.5), octaves=5, roughness=0.85))
    mirrored = picture[rows, columns] * (0.80 - 0.10 * ripple[..., None]) * [0.88, 0.97, 1.03]
    picture = picture.copy()
    picture[shore:] = blend(mirrored, [1.0, 0.93, 0.82], glitter * 0.6)
    return picture


def stones(rng: np.random.Generator, picture: Array) -> Array:
    """Round stones along the lower edge, smaller with distance."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for depth in np.sort(rng.random(170)):
        row, size = 452 + 60 * depth, 5 + 20 * depth**1.5 * rng.uniform(0.5, 1.2)
        column = rng.uniform(-20, WIDTH + 20)
        if row < 500 - 40 * abs(column / WIDTH - 0.42) ** 0.5 * 1.6 + 14 * rng.random():
            continue
        dy, dx = (y - row) / (size * 0.62), (x - column) / size
        round_ = dx**2 + dy**2
        light = np.clip(0.62 - 0.38 * dx - 0.5 * dy, 0.1, 1.2) * rng.uniform(0.55, 1.0)
        tint = np.array([0.56, 0.52, 0.48]) + rng.uniform(-0.07, 0.07, 3)
        picture = blend(picture, light[..., None] * tint, smooth(1.08, 0.92, round_) * (round_ < 1.3))
    return picture


def draw(seed: int = 8) -> Array:
    """The whole picture as uint8."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, WIDTH, 3))
    picture[:HORIZON] = sky(rng)
    picture[HORIZON:] = picture[HORIZON - 1]
    picture = stones(rng, water(rng, hills(rng, picture)))
    picture = picture * (0.93 + 0.14 * noise(rng, HEIGHT, WIDTH, (60, 60), octaves=3, roughness=0.9))[..., None]
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


if __name__ == "__main__":
    Image.fromarray(draw()).save(sys.argv[1], quality=87)
