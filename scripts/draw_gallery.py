"""Draw the pictures that the gallery dreams on, besides the package's own sample, and its masks.

python scripts/draw_gallery.py docs/gallery/pictures
"""

import pathlib
import sys
from collections.abc import Callable

import numpy as np
from draw_sample import blend, noise, smooth
from PIL import Image

from kerasdream.types import Array

HEIGHT, WIDTH = 320, 480
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(float)
SUN = (345.0, 118.0)  # column and row, of the dunes


def heaven(rng: np.random.Generator, top: list[float], bottom: list[float], cloud: list[float], cover: float) -> Array:
    """A sky from one colour to another, with clouds."""
    picture = blend(np.ones((HEIGHT, WIDTH, 3)) * top, bottom, smooth(0, 230, Y))
    wide = noise(rng, HEIGHT + 5, WIDTH + 8, (1.3, 0.7), roughness=0.58)
    heap = wide[5:, 8:]
    lit = np.clip(0.75 + 3 * (heap - wide[:-5, :-8]), 0.3, 1.1)
    return blend(picture, lit[..., None] * cloud, smooth(1 - cover, 1.25 - cover, heap) * 0.9)


def ridge(rng: np.random.Generator, base: float, height: float, scale: float) -> Array:
    """The upper edge of a hill, by column."""
    return base - height * noise(rng, 2, WIDTH, (1.0, scale), roughness=0.42)[0]


def dunes(rng: np.random.Generator) -> Array:
    """Dunes in the last light, a large sun above them."""
    picture = heaven(rng, [0.33, 0.22, 0.45], [1.0, 0.62, 0.36], [1.0, 0.75, 0.62], 0.42)
    distance = np.hypot(X - SUN[0], Y - SUN[1])
    picture = blend(picture, [1.0, 0.93, 0.72], smooth(44, 40, distance) + 0.5 * np.exp(-distance / 60) * (Y < 400))
    for depth in range(5):
        edge = ridge(rng, 205 + 30 * depth, 62 - 4 * depth, 0.6 + 0.1 * depth)
        slope = np.convolve(np.gradient(edge), np.ones(31) / 31, mode="same")[None] * np.ones((HEIGHT, 1))
        below = Y - edge[None]
        ripples = np.sin((below * 0.55 + 7 * noise(rng, HEIGHT, WIDTH, (2, 2)) * 3 + X * 0.12) * (1.4 - 0.18 * depth))
        light = np.clip(0.62 + 1.3 * slope + 0.07 * ripples + 0.25 * np.exp(-np.abs(below) / 12), 0.18, 1.15)
        picture = blend(picture, light[..., None] * [0.96, 0.62 - 0.03 * depth, 0.36], smooth(-1, 1, below))
    return picture


def tower(picture: Array, column: float, width: float, top: float, colour: list[float], roof: float) -> Array:
    """A round tower with battlements or a pointed roof, lit from the left, with windows."""
    across = (X - column) / width
    light = np.clip(0.9 - 0.75 * across, 0.2, 1.3) * (1 + 0.12 * np.sign(np.sin(Y / 2.2)) * np.sign(np.sin(X / 3 + Y)))
    teeth = (np.abs(np.sin((X - column) * np.pi / (width * 0.55))) > 0.5) * 5.0
    wall = smooth(1.04, 0.96, np.abs(across)) * smooth(-1, 1, Y - top + teeth * (roof == 0)) * (Y < 236)
    picture = blend(picture, light[..., None] * colour, wall)
    if roof:
        cone = np.abs(across) < (Y - top + roof) / roof * 1.25
        picture = blend(
            picture,
            np.clip(0.8 - 0.6 * across, 0.2, 1)[..., None] * [0.34, 0.2, 0.24],
            cone * (top > Y) * (top - roof < Y),
        )
    for row in range(int(top) + 14, 220, 26):
        window = (np.abs(X - column) < 2.2) & (np.abs(Y - row) < 5)
        picture = blend(picture, [1.0, 0.85, 0.45], window * 0.95)
    return picture


def castle(rng: np.random.Generator) -> Array:
    """A castle on a rock at dusk, and its mirror in the water."""
    picture = heaven(rng, [0.16, 0.24, 0.48], [0.98, 0.74, 0.62], [0.96, 0.82, 0.80], 0.50)
    for depth in range(2):
        edge = ridge(rng, 226 + 8 * depth, 70 - 26 * depth, 1.2)
        picture = blend(
            picture, [0.30 - 0.1 * depth, 0.36 - 0.06 * depth, 0.5 - 0.18 * depth], smooth(-1, 1, Y - edge[None])
        )
    stone = [0.72, 0.66, 0.60]
    for column, width, top, roof in (
        (176, 15, 120, 34), (306, 16, 112, 38), (210, 34, 156, 0), (270, 36, 150, 0), (240, 20, 84, 46),
        (150, 11, 168, 24), (334, 12, 160, 26), (196, 9, 106, 26), (285, 9, 98, 28),
    ):  # fmt: skip
        picture = tower(picture, column, width, top, stone, roof)
    rough = noise(rng, HEIGHT, WIDTH, (8, 8), octaves=5, roughness=0.75)
    rock = 206 + 0.0011 * np.abs(X - 240) ** 2 - 16 * noise(rng, 2, WIDTH, (1, 7))[0][None]
    picture = blend(picture, (0.25 + 0.75 * rough)[..., None] * [0.36, 0.40, 0.26], smooth(-1, 1, Y - rock))
    return mirrored(rng, picture, 238)


def mirrored(rng: np.random.Generator, picture: Array, shore: int) -> Array:
    """Water below the shore, in which the rest stands on its head."""
    rows = np.arange(HEIGHT - shore)[:, None]
    ripple = noise(rng, HEIGHT - shore, WIDTH, (9, 1.4), octaves=6, roughness=0.7) - 0.5
    from_rows = np.clip(shore - 2 - rows * 2.4 + ripple * (8 + 0.4 * rows), 0, shore - 1).astype(int)
    from_columns = np.clip(np.arange(WIDTH)[None] + ripple * (4 + 0.15 * rows), 0, WIDTH - 1).astype(int)
    picture = picture.copy()
    picture[shore:] = picture[from_rows, from_columns] * (0.80 - 0.3 * ripple[..., None]) * [0.84, 0.94, 1.04]
    return picture


def galaxy(rng: np.random.Generator) -> Array:
    """A spiral galaxy, seen aslant, among stars and coloured mist."""
    across, down = (X - 250) / 190, (Y - 160) / 110
    turn, far = np.arctan2(down + 0.35 * across, across), np.hypot(across, down + 0.35 * across)
    arms = 0.5 + 0.5 * np.cos(2 * (turn - 3.4 * np.log(far + 0.08)))
    grain = noise(rng, HEIGHT, WIDTH, (4, 4), roughness=0.7)
    glow = np.exp(-2.1 * far) * (0.25 + 1.1 * arms**2 * (0.4 + grain))
    mist = noise(rng, HEIGHT, WIDTH, (1, 1), roughness=0.6)
    picture = np.ones((HEIGHT, WIDTH, 3)) * [0.02, 0.02, 0.06]
    picture = picture + smooth(0.45, 1.0, mist)[..., None] * [0.28, 0.08, 0.32]
    picture = picture + smooth(0.45, 1.0, noise(rng, HEIGHT, WIDTH, (1, 1)))[..., None] * [0.04, 0.20, 0.34]
    picture = picture + glow[..., None] * np.array([0.62, 0.78, 1.15])
    picture = picture + (np.exp(-((far / 0.16) ** 2)) * 0.9)[..., None] * [1.0, 0.85, 0.6]
    for _ in range(420):
        row, column, size = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH), rng.pareto(2.5) * 0.35 + 0.45
        top, left = max(0, int(row) - 12), max(0, int(column) - 12)
        part = np.s_[top : top + 25, left : left + 25]
        shine = np.exp(-(((X[part] - column) ** 2 + (Y[part] - row) ** 2) / size**2))
        picture[part] += shine[..., None] * rng.uniform(0.5, 1.0) * [1.0, rng.uniform(0.75, 1), rng.uniform(0.6, 1.0)]
    return picture


def forest(rng: np.random.Generator) -> Array:
    """Trunks, one behind the other, in a green light that comes through the leaves."""
    leaves = noise(rng, HEIGHT, WIDTH, (9, 9), octaves=5, roughness=0.8)
    shaft = smooth(0.35, 0.8, noise(rng, 2, WIDTH * 2, (1, 3))[0][((X + Y * 0.6).astype(int)) % (WIDTH * 2)])
    picture = (0.35 + 0.6 * leaves + 0.35 * shaft)[..., None] * np.array([0.62, 0.84, 0.42])
    picture = blend(picture, [0.98, 0.97, 0.72], np.exp(-((X - 250) ** 2 + (Y - 110) ** 2) / 9000) * 0.85)
    for depth in np.sort(rng.random(26)):
        width, foot = 3 + 21 * depth**2, 240 + 75 * depth
        column = rng.uniform(0, WIDTH) + 5 * np.sin(Y / rng.uniform(30, 70) + rng.uniform(0, 6))
        across = (X - column) / (width * (1 + 0.9 * smooth(foot - 40, foot + 10, Y)))
        bark = noise(rng, HEIGHT, WIDTH, (2.5, 26), octaves=4, roughness=0.8)
        light = np.clip(0.75 - 0.55 * across * np.sign(column.mean() - 250), 0.15, 1.2) * (0.45 + 0.8 * bark)
        colour = np.array([0.40, 0.30, 0.22]) * (0.55 + 0.25 * depth) + (1 - depth) * np.array([0.22, 0.32, 0.16])
        picture = blend(picture, light[..., None] * colour, smooth(1.06, 0.94, np.abs(across)) * (foot > Y))
    moss = noise(rng, HEIGHT, WIDTH, (14, 10), octaves=5, roughness=0.8)
    floor = smooth(0, 34, Y - 218 - 24 * noise(rng, 2, WIDTH, (1, 4))[0][None])
    return blend(picture, (0.15 + 0.9 * moss)[..., None] * [0.36, 0.46, 0.18], floor)


def flower(picture: Array, column: float, row: float, size: float, petals: int, colour: Array, turn: float) -> Array:
    """A flower that looks at us: petals around a yellow middle."""
    top, left = max(0, int(row - size - 2)), max(0, int(column - size - 2))
    part = np.s_[top : int(row + size + 3), left : int(column + size + 3)]
    dx, dy = X[part] - column, (Y[part] - row) * 1.18
    far, angle = np.hypot(dx, dy) / size, np.arctan2(dy, dx) + turn
    edge = 0.55 + 0.42 * np.abs(np.cos(angle * petals / 2)) ** 0.6
    light = np.clip(0.55 + 0.5 * far - 0.22 * dy / size, 0.3, 1.15) * (0.85 + 0.15 * np.cos(angle * petals))
    picture[part] = blend(picture[part], light[..., None] * colour, smooth(edge + 0.06, edge - 0.06, far))
    picture[part] = blend(picture[part], (1.1 - far * 1.6)[..., None] * [1.0, 0.76, 0.14], smooth(0.30, 0.24, far))
    return picture


def meadow(rng: np.random.Generator) -> Array:
    """Flowers of all colours in high grass, under a light sky."""
    picture = heaven(rng, [0.36, 0.62, 0.92], [0.88, 0.94, 0.98], [1.0, 1.0, 1.0], 0.45)
    grass = noise(rng, HEIGHT, WIDTH, (3, 34), octaves=5, roughness=0.8)
    edge = ridge(rng, 130, 34, 0.8)
    picture = blend(picture, (0.2 + 0.95 * grass)[..., None] * [0.42, 0.66, 0.20], smooth(-2, 4, Y - edge[None]))
    colours = np.array(
        [[0.95, 0.25, 0.22], [0.98, 0.96, 0.92], [0.72, 0.35, 0.85], [0.98, 0.55, 0.70], [0.28, 0.42, 0.95]]
    )
    for depth in np.sort(rng.random(150) ** 0.8):
        size = 4 + 26 * depth**1.6
        row, column = 128 + 185 * depth + rng.uniform(-8, 8), rng.uniform(0, WIDTH)
        stalk = (np.abs(X - column - 3 * np.sin(Y / 17)) < 0.6 + size / 16) & (row < Y) & (row + 3.2 * size > Y)
        picture = blend(picture, [0.22, 0.42, 0.12], stalk * 0.8)
        petals = int(rng.integers(5, 14))
        picture = flower(picture, column, row, size, petals, colours[rng.integers(5)], rng.uniform(0, 6))
    return picture


def balloon(picture: Array, column: float, row: float, size: float, colours: list[list[float]]) -> Array:
    """A hot-air balloon in stripes."""
    dx, dy = (X - column) / size, (Y - row) / (size * 1.12)
    far = np.hypot(dx, np.where(dy > 0, dy * 0.86, dy))
    width = np.sqrt(np.clip(1 - dy**2, 0.02, 1))
    stripe = np.floor((np.arcsin(np.clip(dx / width, -1, 1)) / np.pi + 0.5) * 8).astype(int) % len(colours)
    light = np.clip(0.95 - 0.45 * dx - 0.35 * dy, 0.25, 1.2)
    picture = blend(picture, light[..., None] * np.asarray(colours)[stripe], smooth(1.03, 0.97, far))
    basket = (np.abs(X - column) < size * 0.17) & (np.abs(Y - row - size * 1.72) < size * 0.13)
    ropes = (np.abs(np.abs(X - column) - (row + size * 1.7 - Y) * 0.32 - size * 0.1) < 0.7) & (dy > 0.95) & (dy < 1.45)
    return blend(picture, [0.35, 0.22, 0.12], (basket | ropes) * 0.95)


def balloons(rng: np.random.Generator) -> Array:
    """Balloons over morning hills."""
    picture = heaven(rng, [0.28, 0.50, 0.82], [1.0, 0.86, 0.70], [1.0, 0.95, 0.92], 0.48)
    for depth, colour in enumerate(([0.55, 0.62, 0.74], [0.38, 0.54, 0.48], [0.26, 0.42, 0.22])):
        edge = ridge(rng, 262 + 24 * depth, 60 - 10 * depth, 0.8 + 0.4 * depth)
        wood = noise(rng, HEIGHT, WIDTH, (9, 9), octaves=5, roughness=0.75)
        picture = blend(picture, (0.65 + 0.5 * wood)[..., None] * colour, smooth(-1, 1, Y - edge[None]))
    red, gold, blue, white, violet = (
        [0.9, 0.2, 0.16],
        [1.0, 0.75, 0.15],
        [0.15, 0.35, 0.8],
        [0.97, 0.95, 0.9],
        [0.5, 0.2, 0.6],
    )
    picture = balloon(picture, 372, 62, 21, [violet, gold])
    picture = balloon(picture, 62, 118, 25, [blue, white])
    picture = balloon(picture, 300, 148, 37, [gold, red, white])
    return balloon(picture, 158, 104, 66, [red, gold, red, blue])


def sea(rng: np.random.Generator) -> Array:
    """Waves by moonlight."""
    picture = heaven(rng, [0.03, 0.05, 0.16], [0.16, 0.26, 0.46], [0.55, 0.62, 0.78], 0.50)
    moon = np.hypot(X - 330, Y - 72)
    picture = blend(picture, [0.96, 0.95, 0.86], smooth(33, 30, moon) * (0.8 + 0.2 * noise(rng, HEIGHT, WIDTH, (5, 5))))
    picture = picture + (0.5 * np.exp(-moon / 55) * (moon > 31))[..., None] * [0.5, 0.6, 0.8]
    depth = np.clip((Y - 150) / 170, 0, 1)
    bend = noise(rng, HEIGHT, WIDTH, (5, 1.6), octaves=5, roughness=0.6)
    wave = np.sin(26 * np.log(0.06 + depth) + 9 * bend + X * 0.006) * 0.5 + 0.5
    crest = smooth(0.86, 1.0, wave) * (0.3 + 0.9 * noise(rng, HEIGHT, WIDTH, (12, 16), octaves=4, roughness=0.9))
    water = blend(np.ones((HEIGHT, WIDTH, 3)) * [0.02, 0.07, 0.15], [0.10, 0.36, 0.44], wave**2 * 0.8)
    path = np.exp(-(((X - 330) / (18 + 100 * depth)) ** 2)) * smooth(0.4, 0.9, wave)
    water = blend(blend(water, [0.92, 0.95, 0.86], path * 0.75), [0.88, 0.95, 1.0], crest)
    return blend(picture, water, smooth(149, 151, Y))


PICTURES: dict[str, Callable[[np.random.Generator], Array]] = {
    "balloons": balloons,
    "castle": castle,
    "dunes": dunes,
    "forest": forest,
    "galaxy": galaxy,
    "meadow": meadow,
    "sea": sea,
}
MASKS: dict[str, Array] = {
    "disc": smooth(140, 110, np.hypot(X - 240, Y - 160)),
    "sky": smooth(250, 190, Y),  # of the sample and the castle
    "balloon": smooth(1.04, 0.98, np.hypot((X - 158) / 66, (Y - 104) / 78)),
    "left": smooth(270, 210, X),
}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name, draw in PICTURES.items():
        rng = np.random.default_rng(list(name.encode()))
        picture = draw(rng) * (0.95 + 0.1 * noise(rng, HEIGHT, WIDTH, (60, 60), octaves=3, roughness=0.9))[..., None]
        Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)).save(folder / f"{name}.jpg", quality=88)
    for name, mask in MASKS.items():
        Image.fromarray((mask * 255).astype(np.uint8)).save(folder / f"{name}-mask.png", optimize=True)
