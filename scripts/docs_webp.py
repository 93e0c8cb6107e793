"""Pictures of the docs as WebP."""

import io
import pathlib
from typing import Any

from PIL import Image


def keep(picture: Image.Image, path: pathlib.Path, limit: int = 100_000) -> None:
    """Save under a size in bytes, at the best quality for that; where 60 is too large still, at 60."""
    for quality in range(80, 59, -4):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size < limit:
            break
    print(path, path.stat().st_size, flush=True)


def keep_shot(page: Any, path: pathlib.Path) -> None:
    """Save what a page of the browser shows."""
    page.wait_for_timeout(900)  # what fades in is there then
    keep(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), path)
