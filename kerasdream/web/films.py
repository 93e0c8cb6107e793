"""Films and small pictures: how a dream grew, and what the page shows of it."""

import io
import pathlib
from collections.abc import Sequence

from PIL import Image

from kerasdream.image import files

PREVIEW_SIDE, GROWTH_SIDE, THUMB_SIDE = 900, 480, 360  # pixels
FRAME, LAST_FRAME = 150, 1500  # milliseconds


def smaller(image: Image.Image, side: int) -> Image.Image:
    """Return the picture in RGB, no longer than that.

    >>> smaller(Image.new("L", (600, 400)), 300).size
    (300, 200)
    """
    image = files.as_rgb(image).copy()
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def jpeg(image: Image.Image) -> bytes:
    """Return a picture for the page, as it grows."""
    file = io.BytesIO()
    smaller(image, PREVIEW_SIDE).save(file, "JPEG", quality=82)
    return file.getvalue()


def write_webp(image: Image.Image, path: pathlib.Path) -> None:
    """Write a small picture as WebP, whole or not at all."""
    files.write_whole(path, lambda file: image.save(file, "WEBP", quality=80), overwrite=True)


def write_film(frames: Sequence[Image.Image], path: pathlib.Path) -> None:
    """Write a film as WebP; its last frame stays longest."""
    times = [FRAME] * (len(frames) - 1) + [LAST_FRAME]
    first, *others = frames
    files.write_whole(
        path,
        lambda file: first.save(
            file, "WEBP", save_all=True, append_images=others, quality=75, duration=times, loop=0
        ),
        overwrite=True,
    )  # fmt: skip


def write_gif(film: pathlib.Path, path: pathlib.Path) -> None:
    """Write a film anew as GIF, where that has not been done yet."""
    if path.is_file():
        return
    frames, times = [], []
    with Image.open(film) as images:
        for number in range(getattr(images, "n_frames", 1)):
            images.seek(number)
            frames.append(images.convert("RGB").quantize(128))
            times.append(int(images.info.get("duration", FRAME)))
    first, *others = frames
    files.write_whole(
        path,
        lambda file: first.save(file, "GIF", save_all=True, append_images=others, duration=times, loop=0),
        overwrite=True,
    )
