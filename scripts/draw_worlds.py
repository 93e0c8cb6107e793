"""Draw pictures of six kinds of things, a folder for each: worlds to teach a network in.

python scripts/draw_worlds.py worlds/ --count=40 --seed=1
"""

import argparse
import math
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 224  # pixels of a picture
FINE = 2  # times that is drawn, and shrunk
ANGLES = (15.0, 60.0, 105.0, 150.0)  # degrees, of stripes
Color = tuple[int, int, int]
Point = tuple[float, float]
Draw = Callable[[Image.Image, np.random.Generator], None]


def color(rng: np.random.Generator, low: float = 40, high: float = 230) -> Color:
    """Return a colour of any hue."""
    red, green, blue = rng.uniform(low, high, 3).astype(int).tolist()
    return red, green, blue


def shade(base: Sequence[int], factor: float) -> Color:
    """Return a lighter or darker colour."""
    red, green, blue = (min(255, max(0, round(part * factor))) for part in base[:3])
    return red, green, blue


def ground(rng: np.random.Generator, side: int) -> Image.Image:
    """Return a soft background of two colours with some grain."""
    small = rng.uniform(30, 225, (3, 3, 3)) * 0.5 + rng.uniform(30, 225, 3) * 0.5
    image = Image.fromarray(small.astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    grain = rng.normal(0, rng.uniform(2, 8), (side, side, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def places(rng: np.random.Generator, side: int, low: float, high: float) -> list[tuple[float, float, float]]:
    """Return centres and radii of one to five things that hardly overlap."""
    found: list[tuple[float, float, float]] = []
    for _ in range(40):
        radius = side * rng.uniform(low, high)
        x, y = rng.uniform(0.6 * radius, side - 0.6 * radius, 2)
        if all(math.hypot(x - a, y - b) > 0.9 * (radius + r) for a, b, r in found):
            found.append((x, y, radius))
        if len(found) == 5:
            break
    return found


def spirals(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw wound lines."""
    pen = ImageDraw.Draw(image)
    for x, y, radius in places(rng, image.width, 0.14, 0.34):
        turns, start, hand = rng.uniform(2.5, 4.5), rng.uniform(0, 7), rng.choice([-1, 1])
        width = max(3, int(radius / turns * rng.uniform(0.3, 0.5)))
        line = color(rng)
        for t in np.linspace(0, 1, 400):
            angle = start + hand * t * turns * 2 * math.pi
            a, b = x + radius * t * math.cos(angle), y + radius * t * math.sin(angle)
            pen.ellipse([a - width / 2, b - width / 2, a + width / 2, b + width / 2], fill=line)


def stripes(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw straight bands of two or three colours at one of the known angles, all over."""
    side = image.width
    angle, period = math.radians(rng.choice(ANGLES)), rng.uniform(14, 40) * FINE
    y, x = np.mgrid[:side, :side]
    across = (x * math.cos(angle) + y * math.sin(angle)) / period + rng.uniform()
    colors = np.array([color(rng, 20, 250) for _ in range(rng.integers(2, 4))], float)
    bands = colors[np.floor(across * len(colors)).astype(int) % len(colors)]
    grain = rng.normal(0, rng.uniform(2, 10), (side, side, 1))
    image.paste(Image.fromarray(np.clip(bands + grain, 0, 255).astype(np.uint8)))


def eyes(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw eyes: a white almond with an iris, its rays, a pupil and a glint, lids above and below."""
    pen = ImageDraw.Draw(image)
    for x, y, radius in places(rng, image.width, 0.13, 0.3):
        skin, tilt, open_ = color(rng, 90, 230), rng.uniform(-0.3, 0.3), rng.uniform(0.5, 0.75)
        t = np.linspace(0, 2 * math.pi, 80)
        almond_x = radius * np.cos(t)
        almond_y = radius * open_ * np.sign(np.sin(t)) * np.abs(np.sin(t)) ** 1.4

        def turned(scale: float, x: float = x, y: float = y, tilt: float = tilt) -> list[Point]:
            a, b = scale * almond_x, scale * almond_y  # noqa: B023
            return [
                (float(x + p * math.cos(tilt) - q * math.sin(tilt)), float(y + p * math.sin(tilt) + q * math.cos(tilt)))
                for p, q in zip(a, b, strict=True)
            ]

        pen.polygon(turned(1.22), fill=skin)
        pen.polygon(turned(1.06), fill=shade(skin, 0.35))
        pen.polygon(turned(0.97), fill=(240, 238, 232))
        iris, hue = radius * open_ * 0.72, color(rng, 30, 190)
        pen.ellipse([x - iris, y - iris, x + iris, y + iris], fill=shade(hue, 0.5))
        for ray in rng.uniform(0, 2 * math.pi, 50):
            a, b = math.cos(ray), math.sin(ray)
            ends = [x + 0.4 * iris * a, y + 0.4 * iris * b, x + 0.92 * iris * a, y + 0.92 * iris * b]
            pen.line(ends, fill=shade(hue, rng.uniform(0.8, 1.6)), width=FINE * 2)
        pupil, glint = iris * rng.uniform(0.35, 0.5), iris * 0.18
        pen.ellipse([x - pupil, y - pupil, x + pupil, y + pupil], fill=(12, 10, 14))
        p, q = x - 0.3 * iris, y - 0.35 * iris
        pen.ellipse([p - glint, q - glint, p + glint, q + glint], fill=(255, 255, 255))


def leaves(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw pointed leaves with a midrib and veins."""
    pen = ImageDraw.Draw(image)
    for x, y, radius in places(rng, image.width, 0.16, 0.36):
        angle, slim = rng.uniform(0, 2 * math.pi), rng.uniform(0.32, 0.5)
        blade = (int(rng.uniform(40, 170)), int(rng.uniform(100, 200)), int(rng.uniform(20, 90)))
        cosine, sine = math.cos(angle), math.sin(angle)

        def at(p: float, q: float, x: float = x, y: float = y) -> Point:
            return x + radius * (p * cosine - q * sine), y + radius * (p * sine + q * cosine)  # noqa: B023

        def half(p: float) -> float:
            return slim * (1 - abs(p) ** 1.8) * (1 + 0.35 * -p)  # noqa: B023

        ts = np.linspace(-1, 1, 50)
        edge = [at(p, half(p)) for p in ts] + [at(p, -half(p)) for p in ts[::-1]]
        pen.polygon(edge, fill=blade, outline=shade(blade, 0.5))
        vein = shade(blade, rng.choice([0.55, 1.5]))
        pen.line([at(-1.25, 0), at(1, 0)], fill=vein, width=max(3, int(radius * 0.05)))
        for p in np.linspace(-0.85, 0.7, 8):
            for hand in (-1, 1):
                tip = min(0.97, p + 0.25)
                pen.line([at(p, 0), at(tip, hand * half(tip) * 0.92)], fill=vein, width=max(2, int(radius * 0.022)))


def bricks(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw a wall of bricks in running bond, all over."""
    pen, side = ImageDraw.Draw(image), image.width
    tall = rng.uniform(18, 40) * FINE
    long, joint = tall * rng.uniform(1.9, 2.6), max(3, int(tall * rng.uniform(0.1, 0.18)))
    mortar, base = shade((200, 195, 185), rng.uniform(0.6, 1.15)), rng.uniform([120, 50, 30], [215, 120, 95])
    pen.rectangle([0, 0, side, side], fill=mortar)
    top = -rng.uniform(0, tall)
    for row in range(int(side / tall) + 2):
        left = -long + (long / 2 if row % 2 else 0) - rng.uniform(0, 0.06) * long
        while left < side:
            face = shade(base.astype(int).tolist(), rng.uniform(0.75, 1.2))
            box = [left + joint / 2, top + joint / 2, left + long - joint / 2, top + tall - joint / 2]
            pen.rectangle(box, fill=face)
            pen.line([box[0], box[3], box[2], box[3]], fill=shade(face, 0.6), width=FINE)
            left += long
        top += tall
    grain = rng.normal(0, 9, (side, side, 1))
    tilted = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    image.paste(tilted)


def shells(image: Image.Image, rng: np.random.Generator) -> None:
    """Draw scallops: a fan of ribs from a hinge, with bows of growth across."""
    pen = ImageDraw.Draw(image)
    for x, y, radius in places(rng, image.width, 0.16, 0.34):
        angle, spread, ribs = rng.uniform(0, 2 * math.pi), rng.uniform(1.0, 1.25), int(rng.integers(8, 13))
        body = (int(rng.uniform(190, 250)), int(rng.uniform(130, 210)), int(rng.uniform(110, 190)))
        hinge = x - 0.75 * radius * math.cos(angle), y - 0.75 * radius * math.sin(angle)

        def fan(share: float, hinge: Point = hinge, radius: float = radius) -> list[Point]:
            found = []
            for t in np.linspace(-1, 1, ribs * 10 + 1):  # noqa: B023
                wave = 1 + 0.05 * abs(math.sin(math.pi * ribs * (t + 1) / 2))  # noqa: B023
                r = 1.6 * radius * share * wave * (1 - 0.22 * t * t)
                a = angle + spread * t  # noqa: B023
                found.append((hinge[0] + r * math.cos(a), hinge[1] + r * math.sin(a)))
            return found

        pen.polygon([hinge, *fan(1.0)], fill=body, outline=shade(body, 0.5))
        for share in np.linspace(0.95, 0.35, 5):
            pen.polygon([hinge, *fan(share)], fill=shade(body, rng.uniform(0.8, 1.12)))
        for t in np.linspace(-1, 1, ribs + 1):
            a, r = angle + spread * t, 1.6 * radius * (1 - 0.22 * t * t)
            ends = [*hinge, hinge[0] + r * math.cos(a), hinge[1] + r * math.sin(a)]
            pen.line(ends, fill=shade(body, 0.55), width=max(2, int(radius * 0.035)))
        knob = radius * 0.17
        pen.ellipse([hinge[0] - knob, hinge[1] - knob, hinge[0] + knob, hinge[1] + knob], fill=shade(body, 0.7))


WORLDS: dict[str, Draw] = {
    "spirals": spirals,
    "stripes": stripes,
    "eyes": eyes,
    "leaves": leaves,
    "bricks": bricks,
    "shells": shells,
}


def draw(world: str, seed: int, number: int, side: int = SIDE) -> Image.Image:
    """Return a picture of a world, drawn from (seed, number) alone."""
    rng = np.random.default_rng([seed, list(WORLDS).index(world), number])
    image = ground(rng, side * FINE)
    WORLDS[world](image, rng)
    image = image.filter(ImageFilter.GaussianBlur(FINE * rng.uniform(0.2, 0.8)))
    return image.resize((side, side), Image.Resampling.LANCZOS)


def draw_all(folder: pathlib.Path, count: int, seed: int) -> None:
    """Write a folder for each world."""
    for world in WORLDS:
        (folder / world).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            draw(world, seed, number).save(folder / world / f"{number:03d}.jpg", quality=92)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=40, help="pictures of each world")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw_all(arguments.folder, arguments.count, arguments.seed)
