"""Films drawn from one picture, whose motion is known to the pixel."""

import dataclasses
import functools
import pathlib
import subprocess
import tempfile
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

import kerasdream
from kerasdream.films.opencv import opencv
from kerasdream.types import Array, Size
from kerasdream.video.ffmpeg import command

MARGIN = 2  # pixels at the edge that no measure looks at
PICTURE = 768, 512  # pixels: the part of a world that cameras see
GRAIN = 3.0  # levels: noise of a camera, before compression


@dataclasses.dataclass
class DrawnFilm:
    """Frames (T, H, W, 3) with levels from 0 to 255, and how each pixel moves to the next frame."""

    frames: Array
    forth: list[Array]  # (H, W, 2): flow of each frame to the next
    seen: list[Array]  # (H, W): whether what a frame shows is to be seen in the next one
    cut: int | None = None  # frame that begins a new scene
    bare: list[Array] | None = None  # (H, W): ground of a frame that the object hid in the frame before
    object: list[Array] | None = None  # (H, W): how much of a pixel the object covers


def texture(turned: bool, photo: str | None = None) -> Array:
    """Return the sample picture or a photograph, or its mirror image with other colours, slightly smoothed."""
    source = kerasdream.sample() if photo is None else Image.open(photo).convert("RGB")
    picture = np.asarray(ImageOps.fit(source, PICTURE), np.float32)
    picture = np.ascontiguousarray(picture[::-1, ::-1, ::-1]) if turned else picture
    smooth: Array = opencv().GaussianBlur(picture, (0, 0), 0.8)
    return smooth


def sampled(picture: Array, x: Array, y: Array) -> Array:
    """Return a picture at places between its pixels."""
    cv2 = opencv()
    found: Array = cv2.remap(
        picture, np.float32(x), np.float32(y), cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
    )
    return found


def levels(frame: Array) -> Array:
    """Return a frame in whole levels."""
    return np.clip(np.rint(frame), 0, 255).astype(np.float32)


def grid(size: Size) -> tuple[Array, Array]:
    """Return the coordinates x and y of every pixel."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    return x, y


def inside(flow: Array) -> Array:
    """Return which pixels stay inside the frame."""
    height, width = flow.shape[:2]
    x, y = grid((height, width))
    x, y = x + flow[..., 0], y + flow[..., 1]
    return (x >= MARGIN) & (x <= width - 1 - MARGIN) & (y >= MARGIN) & (y <= height - 1 - MARGIN)


def constant(size: Size, x: float, y: float = 0.0) -> Array:
    """Return a flow that is everywhere the same."""
    return np.broadcast_to(np.array([x, y], np.float32), (*size, 2)).copy()


def pan(size: Size, count: int, speed: float = 2.3, turned: bool = False, photo: str | None = None) -> DrawnFilm:
    """Draw a camera that pans to the right."""
    picture, (x, y) = texture(turned, photo), grid(size)
    frames = [levels(sampled(picture, x + 40 + speed * t, y + 180)) for t in range(count)]
    flow = constant(size, -speed)
    return DrawnFilm(np.stack(frames), [flow] * (count - 1), [inside(flow)] * (count - 1))


def zoom(size: Size, count: int, factor: float = 1.02, photo: str | None = None) -> DrawnFilm:
    """Draw a camera that comes nearer; of what is shown smaller than it is, the fine detail is smoothed away."""
    picture, (x, y) = texture(False, photo), grid(size)
    middle = PICTURE[0] / 2, PICTURE[1] / 2
    x, y = x - (size[1] - 1) / 2, y - (size[0] - 1) / 2
    widest = 0.95 * min(2 * middle[0] / size[1], 2 * middle[1] / size[0])
    frames = []
    for t in range(count):
        scale = widest / factor**t
        sigma = max(0.4, 0.5 * np.sqrt(max(scale**2 - 1, 0)))
        smooth = opencv().GaussianBlur(picture, (0, 0), sigma)
        frames.append(levels(sampled(smooth, middle[0] + x * scale, middle[1] + y * scale)))
    flow = np.stack([x, y], -1) * np.float32(factor - 1)
    return DrawnFilm(np.stack(frames), [flow] * (count - 1), [inside(flow)] * (count - 1))


def moving_object(
    size: Size, count: int, speed: float = 3.0, camera: float = 0.0, photo: str | None = None
) -> DrawnFilm:
    """Draw an ellipse of another texture that crosses a background, which itself rests or is panned over."""
    x, y = grid(size)
    radii = size[1] / 7, size[0] / 3.4
    frames, alphas = [], []
    for t in range(count):
        ground = sampled(texture(False, photo), x + 300 + camera * t, y + 150)
        r = np.hypot((x - radii[0] - 6 - speed * t) / radii[0], (y - size[0] / 2) / radii[1])
        alpha = np.clip((1 - r) * radii[0] + 0.5, 0, 1)
        thing = sampled(texture(True, photo), x - speed * t + 120, y + 60)
        frames.append(levels(ground + alpha[..., None] * (thing - ground)))
        alphas.append(alpha)
    forth, seen = [], []
    for t in range(count - 1):
        flow = np.where((alphas[t] > 0.5)[..., None], constant(size, speed), constant(size, -camera))
        ahead = sampled(alphas[t + 1], x - camera, y)
        forth.append(flow)
        seen.append(inside(flow) & ((alphas[t] > 0.99) | ((alphas[t] < 0.01) & (ahead < 0.01))))
    bare = [(alphas[max(0, t - 1)] > 0.99) & (alphas[t] < 0.01) for t in range(count)]
    return DrawnFilm(np.stack(frames), forth, seen, bare=bare, object=alphas)


def still(size: Size, count: int, noise: float = 1.5, photo: str | None = None) -> DrawnFilm:
    """Draw a still picture with noise of its own in every frame."""
    x, y = grid(size)
    picture, rng = sampled(texture(False, photo), x + 300, y + 150), np.random.default_rng(3)
    frames = [levels(picture + rng.normal(0, noise, picture.shape)) for _ in range(count)]
    flow = constant(size, 0.0)
    return DrawnFilm(np.stack(frames), [flow] * (count - 1), [inside(flow)] * (count - 1))


def cut(size: Size, count: int) -> DrawnFilm:
    """Draw two slow pans, one after the other."""
    first, second, middle = pan(size, count, 1.0), pan(size, count, 1.0, turned=True), count // 2
    frames = np.concatenate([first.frames[:middle], second.frames[middle:]])
    seen = list(first.seen)
    seen[middle - 1] = np.zeros(size, bool)
    return DrawnFilm(frames, first.forth, seen, cut=middle)


def fade(size: Size, count: int) -> DrawnFilm:
    """Draw a slow pan that comes out of the dark."""
    film = pan(size, count, 1.0)
    light = np.linspace(0.25, 1.0, count)[:, None, None, None]
    return dataclasses.replace(film, frames=levels(film.frames * light))


def fast_pan(size: Size, count: int) -> DrawnFilm:
    """Draw a pan that leaves a fifteenth of the frame behind at every step."""
    return pan(size, count, size[1] / 15)


def compressed(film: DrawnFilm) -> DrawnFilm:
    """Return a film as a cheap camera keeps it: with grain, and compressed by H.264 until blocks are seen."""
    rng = np.random.default_rng(5)
    grainy = levels(film.frames + rng.normal(0, GRAIN, film.frames.shape)).astype(np.uint8)
    count, height, width, _ = grainy.shape
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "film.mp4")
        encode = ["-s", f"{width}x{height}", "-r", "25", "-i", "pipe:0", "-c:v", "libx264", "-crf", "32", "-g", "12"]
        subprocess.run(command(*raw, *encode, "-pix_fmt", "yuv420p", path), input=grainy.tobytes(), check=True)
        decoded = subprocess.run(command("-i", path, *raw, "pipe:1"), capture_output=True, check=True).stdout
    frames = np.frombuffer(decoded, np.uint8).reshape(count, height, width, 3)
    return dataclasses.replace(film, frames=frames.astype(np.float32))


FILMS: dict[str, Callable[[Size, int], DrawnFilm]] = {
    "pan": pan,
    "zoom": zoom,
    "object": moving_object,
    "cut": cut,
    "noisy still": still,
    "fast pan": fast_pan,
    "fade": fade,
}
REAL: dict[str, Callable[..., DrawnFilm]] = {
    "real pan": pan,
    "real zoom": zoom,
    "real object": functools.partial(moving_object, camera=-1.2),
    "real still": still,
}


def drawn_film(name: str, size: Size, count: int, photo: str | None = None) -> DrawnFilm:
    """Return a film of a name; what is real is drawn from a photograph, where there is one, and compressed."""
    return FILMS[name](size, count) if name in FILMS else compressed(REAL[name](size, count, photo=photo))


def contact_sheet(frames: Array, every: int, columns: int = 6) -> Image.Image:
    """Return every so many frames side by side."""
    shown = [Image.fromarray(np.clip(frame, 0, 255).astype(np.uint8)) for frame in frames[::every]]
    width, height = shown[0].size
    sheet = Image.new("RGB", (width * min(columns, len(shown)), height * -(-len(shown) // columns)))
    for number, frame in enumerate(shown):
        sheet.paste(frame, (number % columns * width, number // columns * height))
    return sheet
