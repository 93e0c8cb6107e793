"""Make the pictures of README and docs, all of them real dreams of the sample picture.

    python scripts/docs_pictures.py docs/images --weights=inception_v3_notop.weights.h5 \\
        --classifier=mobilenet_v2.weights.h5 --guide=flowers.jpg
    python scripts/docs_pictures.py docs/images --weights=... --only=controls,presets
    python scripts/docs_pictures.py docs/images --weights=... --only=maps --photographs=photos/
"""

import argparse
import functools
import io
import itertools
import pathlib
import runpy
import shutil
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from docs_webp import keep
from PIL import Image, ImageDraw

import kerasdream
from kerasdream.image.montage import montage
from kerasdream.presets import PRESETS
from kerasdream.recipes import RECIPES, sweeps_of

GAP = 6
STRIPS: dict[str, list[dict[str, Any]]] = {
    "step": [{"step": 0.003}, {"step": 0.01}, {"step": 0.04}],
    "num_octave": [{"num_octave": 1}, {"num_octave": 3}, {"num_octave": 6}],
    "octave_scale": [{"octave_scale": 1.1}, {"octave_scale": 1.4}, {"octave_scale": 1.8}],
    "iterations": [{"iterations": 5}, {"iterations": 20}, {"iterations": 60}],
    "max_loss": [{"max_loss": 2.0}, {"max_loss": 6.0}, {"max_loss": None, "iterations": 40}],
}
LOOKS = [f"mixed{i}" for i in range(8)]
CONTROLS: dict[str, dict[str, Any]] = {
    "jitter": {"jitter": 32},
    "turns": {"turns": True},
    "smooth_samples": {"smooth_samples": 4, "jitter": 32},
    "gradient_blur": {"gradient_blur": 1.5},
    "gradient_scales": {"gradient_scales": 4},
    "normalize": {"normalize": "std"},
    "optimizer": {"optimizer": "adam"},
    "clip": {"clip": True, "step": 0.05},
    "octaves_above": {"octaves_above": 1},
    "detail": {"detail": "none"},
    "octave_lists": {"step": [0.03, 0.02, 0.01], "iterations": [20, 20, 10]},
    "strength": {"strength": 0.4},
    "keep_color": {"keep_color": True},
    "mask": {},  # an ellipse, drawn below
}
COMPARED = ("google2015", "arches", "eyes", "fur", "towers")
BASE = {"layers": "mixed4", "step": 0.02, "max_loss": None}
CHANNELS = (9, 30, 43, 77, 150, 184, 243, 331, 412, 500)


def sheet(pictures: Iterable[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows, on white."""
    tiles = list(pictures)
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for i, tile in enumerate(tiles):
        page.paste(tile, (i % columns * (width + GAP), i // columns * (height + GAP)))
    return page


def ellipse(size: tuple[int, int]) -> np.ndarray:
    """A mask with a soft edge, white in the middle."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    return np.clip(4 * (0.8 - np.hypot(x, y)), 0, 1)


def knobs(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    whole = kerasdream.sample()
    detail = whole.crop((150, 60, 630, 380))
    keep(
        sheet([whole, dream(whole, preset="fur")], 2).resize((1160, 386), Image.Resampling.LANCZOS),
        folder / "before-after.webp",
    )
    for name, settings in STRIPS.items():
        strip = [dream(detail, **one) for one in settings]
        keep(sheet(strip, 3).resize((1164, 256), Image.Resampling.LANCZOS), folder / f"{name}.webp")
    looks = [dream(detail, layers=name, step=0.02, max_loss=None) for name in LOOKS]
    keep(sheet(looks, 4).resize((1240, 412), Image.Resampling.LANCZOS), folder / "layers.webp")


def mini(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    whole = kerasdream.sample()
    detail = whole.crop((150, 60, 630, 380))
    keep(kerasdream.dream(whole, model="mini"), folder / "mini.webp")
    looks = [kerasdream.dream(detail, layers=name, model="mini", step=0.02, max_loss=None) for name in LOOKS]
    keep(sheet(looks, 4).resize((1240, 412), Image.Resampling.LANCZOS), folder / "mini-layers.webp")
    detail = detail.resize((390, 260), Image.Resampling.LANCZOS)
    both = [dream(detail, preset=name) for name in COMPARED]
    both += [kerasdream.dream(detail, model="mini", preset=name) for name in COMPARED]
    labels = [f"{name}, {network}" for network in ("InceptionV3", "mini") for name in COMPARED]
    keep(montage(both, labels, columns=len(COMPARED), cell=250), folder / "mini-looks.webp")


def crops(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    detail = kerasdream.sample().crop((150, 60, 630, 380)).resize((390, 260), Image.Resampling.LANCZOS)
    settings: list[dict[str, Any]] = [{"model": "mini", "crops": number, **BASE} for number in (0, 8)]
    both = [kerasdream.dream(detail, **one) for one in settings]
    keep(sheet(both, 2), folder / "control-crops.webp", 50_000)


def controls(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    detail = kerasdream.sample().crop((150, 60, 630, 380)).resize((390, 260), Image.Resampling.LANCZOS)
    plain = dream(detail, **BASE)
    for name, settings in CONTROLS.items():
        settings = {"mask": ellipse(detail.size)} if name == "mask" else settings
        keep(sheet([plain, dream(detail, **BASE | settings)], 2), folder / f"control-{name}.webp", 50_000)


def presets(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    detail = kerasdream.sample().crop((150, 60, 630, 380)).resize((390, 260), Image.Resampling.LANCZOS)
    names = [name for name in PRESETS if name != "robust"]  # which wants a network of its own
    keep(
        montage([dream(detail, preset=name) for name in names], names, columns=4, cell=310),
        folder / "presets.webp",
    )


def objectives(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    detail = kerasdream.sample().crop((150, 60, 630, 380)).resize((480, 320), Image.Resampling.LANCZOS)
    steady = {"max_loss": None, "step": 0.02, "jitter": 48, "num_octave": 4}
    shown = {
        f"mixed4:{channel}": dream(detail, layers=f"mean(mixed4:{channel})", **steady) for channel in (30, 150, 500)
    }
    if options.guide:
        shown["guide: flowers"] = dream(detail, layers=kerasdream.Guide("mixed4", options.guide), **steady)
    if options.classifier:
        cat = {"model": "mobilenet_v2", "weights": options.classifier, "layers": "class:tabby", "gradient_scales": 4}
        shown["class:tabby"] = kerasdream.dream(detail, **cat | steady)
    left = np.repeat([[1.0] * 240 + [0.0] * 240], 320, axis=0)
    both = kerasdream.Layer("mixed3").inside(left) + kerasdream.Layer("mixed4").outside(left)
    shown["two masks"] = dream(detail, layers=both, **steady)
    keep(montage(list(shown.values()), list(shown), columns=3, cell=400), folder / "objectives.webp")


def visualize(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    network = {"model": "inception_v3", "weights": options.weights, "size": 224}
    channels = [f"mixed4:{channel}" for channel in CHANNELS]
    keep(montage(kerasdream.visualize(channels, **network), channels, columns=5), folder / "visualize.webp")


def maps(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    """What InceptionV3 sees in 500 photographs."""
    network = {"model": "inception_v3", "weights": options.weights}
    settings: dict[str, Any] = {"limit": 500, "grid": 10, "steps": 160, "output": options.work / "map"}
    atlas = kerasdream.activation_atlas(options.photographs, "mixed4", **network | settings)
    keep(atlas, folder / "activation-atlas.webp")


def caricatures(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    network: dict[str, Any] = {"model": "inception_v3", "weights": options.weights, "size": 224, "steps": 96}
    layers = ["mixed2", "mixed4", "mixed6", "mixed7"]
    keep(kerasdream.caricatures(kerasdream.sample(), layers, **network), folder / "caricatures.webp")


def accentuation(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    """The sample and a drawn eye, each with its dream, its map, and the dream shown through it."""
    small = kerasdream.sample().crop((150, 60, 630, 380)).resize((360, 240), Image.Resampling.LANCZOS)
    rows = [(small, None), (drawn_eye(), "mixed4:118 + content(mixed3, balanced)")]
    tiles: list[Image.Image] = []
    for picture, layers in rows:
        result = kerasdream.Dreamer(layers, model="mini", preset="accentuate", iterations=30, crops=8).run(picture)
        assert result.opacity is not None
        grey = Image.fromarray(np.round(255 * result.opacity).astype(np.uint8)).convert("RGB")
        tiles += [picture, result.image, grey, result.through_opacity().image]
    keep(sheet(tiles, 4), folder / "accentuation.webp")


def drawn_eye(size: tuple[int, int] = (360, 240), radius: int = 32) -> Image.Image:
    """An eye on grainy ground."""
    ground = np.array([120, 130, 110]) + np.random.default_rng(0).normal(0, 6, (*size[::-1], 1))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize((4 * size[0], 4 * size[1]))
    draw = ImageDraw.Draw(picture)
    for share, color in ((1, (235, 230, 220)), (0.62, (150, 95, 40)), (0.34, (15, 12, 10))):
        reach = 4 * share * radius
        draw.ellipse([4 * 230 - reach, 4 * 100 - reach, 4 * 230 + reach, 4 * 100 + reach], fill=color)
    return picture.resize(size, Image.Resampling.LANCZOS)


def drawn(number: int, stripes: bool, side: int = 96) -> np.ndarray:
    """Discs on a plain ground, with or without stripes of any angle, width and colour."""
    rng = np.random.default_rng([number, stripes])
    y, x = np.mgrid[:side, :side] / side
    picture = np.ones((side, side, 3)) * rng.uniform(0.2, 0.8, 3)
    for _ in range(rng.integers(1, 4)):
        (a, b), radius = rng.uniform(0, 1, 2), rng.uniform(0.1, 0.3)
        picture[np.hypot(x - a, y - b) < radius] = rng.uniform(0, 1, 3)
    if stripes:
        angle, width = rng.uniform(0, np.pi), rng.uniform(8, 16)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) * width)
        picture[wave > 0] = 0.3 * picture[wave > 0] + 0.7 * rng.uniform(0, 1, 3)
    return np.round(255 * picture).astype(np.uint8)


def directions(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    network: dict[str, Any] = {"model": "inception_v3", "weights": options.weights}
    with_, without = ([drawn(number, stripes) for number in range(40)] for stripes in (True, False))
    found = kerasdream.direction("mixed2", with_, without, whiten=True, **network)
    shown = [sheet([Image.fromarray(one) for one in side[:9]], 3).resize((260, 260)) for side in (with_, without)]
    shown.append(kerasdream.visualize(found, size=256, **network))
    detail = kerasdream.sample().crop((150, 60, 470, 380))
    shown.append(dream(detail, layers=found, step=0.02, jitter=32))
    labels = ["with", "without", "the direction, from noise", "dreamt along it"]
    keep(montage(shown, labels, columns=4, cell=256), folder / "directions.webp")


def microscope(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    """Sixteen channels of mini, and the page of one, which finds its places in parts of the sample picture."""
    from playwright.sync_api import sync_playwright

    (parts := options.work / "parts").mkdir(parents=True, exist_ok=True)
    whole = kerasdream.sample()
    for row, column in itertools.product(range(3), range(5)):
        left, top = (whole.width - 240) * column // 4, (whole.height - 240) * row // 2
        whole.crop((left, top, left + 240, top + 240)).save(parts / f"{row}-{column}.png")
    site = options.work / "microscope"
    first = kerasdream.microscope("mini", site, layers=["mixed4"], channels=range(16), images=parts, photographs=5)
    shots = []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for path, scheme in (("mixed4/index.html", "light"), ("mixed4/0007.html", "dark")):
            page = browser.new_context(viewport={"width": 1100, "height": 860}, color_scheme=scheme).new_page()
            page.goto((first.parent / path).absolute().as_uri())
            page.wait_for_function("[...document.images].every(one => one.complete)")
            shots.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    keep(sheet(shots, 2).resize((1480, 577), Image.Resampling.LANCZOS), folder / "microscope.webp")


def training(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    example = runpy.run_path(str(pathlib.Path(__file__).parents[1] / "docs" / "examples" / "callback.py"))
    with tempfile.TemporaryDirectory() as dreams:
        example["train"](dreams)
        epochs = [Image.open(path).convert("RGB") for path in sorted(pathlib.Path(dreams).glob("*.png"))]
    keep(montage(epochs, [f"epoch {number}" for number in range(1, 6)], columns=5), folder / "training.webp")


def sweeps(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    """Every recipe on the sample, and a curve of how much a dream without max_loss still changes."""
    options.work.mkdir(parents=True, exist_ok=True)
    image, network = options.work / "sample512.png", {"model": "inception_v3", "weights": options.weights}
    if not image.exists():
        kerasdream.sample().resize((512, 341)).save(image)
    for name in RECIPES:
        every = sweeps_of(name, "inception_v3")
        for number, settings in enumerate(every, 1):
            pictures = [one or image for one in settings.pop("image", [image])]
            home = options.work / name / (str(number) if len(every) > 1 else "")
            sweep = kerasdream.sweep(pictures if len(pictures) > 1 else image, output=home, **network | settings)
            page = sweep.sheets(cell=300)[0]
            keep(page, folder / f"sweep-{name}{f'-{number}' if number > 1 else ''}.webp")
    growth: dict[str, Any] = {"iterations": list(range(40, 241, 40)), "step": 0.01, "max_loss": None}
    for sizes in (1, 3):
        sweep = kerasdream.sweep(image, num_octave=sizes, output=options.work / f"growth{sizes}", **network | growth)
        pictures = [Image.open(image).convert("RGB"), *(cell.image for cell in sweep)]
        changes = [np.abs(np.subtract(b, a, dtype=float)).mean() for a, b in itertools.pairwise(pictures)]
        print(f"{sizes} sizes, mean change per iteration:", [f"{change / 40:.3f}" for change in changes], flush=True)


def looks(dream: Callable[..., Any], folder: pathlib.Path, options: argparse.Namespace) -> None:
    """The thumbnails of the studio: folder is kerasdream/web/static/looks."""
    detail = kerasdream.sample().crop((150, 60, 630, 380)).resize((420, 280), Image.Resampling.LANCZOS)
    for name in PRESETS:
        small = kerasdream.dream(detail, model="mini", preset=name).resize((240, 160), Image.Resampling.LANCZOS)
        small.save(folder / f"{name}.webp", quality=80)


PAGES = {
    page.__name__: page
    for page in (
        knobs,
        mini,
        controls,
        presets,
        objectives,
        crops,
        visualize,
        caricatures,
        accentuation,
        directions,
        training,
        sweeps,
        looks,
        maps,
        microscope,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--weights", default="imagenet", help="of InceptionV3")
    parser.add_argument("--classifier", help="weights of MobileNetV2 with its classes")
    parser.add_argument("--guide", help="a picture of flowers")
    parser.add_argument("--photographs", help="a folder of some hundred photographs, for maps")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("sweeps"), help="folder of the sweeps")
    parser.add_argument(
        "--only",
        default=",".join(name for name in PAGES if name not in ("looks", "maps", "microscope")),
        help="some of " + ", ".join(PAGES),
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    dream = functools.partial(kerasdream.dream, model="inception_v3", weights=options.weights)
    for name in options.only.split(","):
        PAGES[name](dream, options.output, options)


if __name__ == "__main__":
    main()
