"""How many pixels a picture may have: a dream's limit, and Pillow's, which is one for the whole process."""

import contextlib
import threading
from collections.abc import Iterator

from PIL import Image

from kerasdream.errors import InputImageError

PILLOW_LIMIT = Image.MAX_IMAGE_PIXELS  # where it is another, the user has set it
LIFTING = threading.Lock()


@contextlib.contextmanager
def pixel_limit(pixels: int | None) -> Iterator[None]:
    """Let Pillow open pictures of so many pixels, where that is more than its own limit; None: leave that as it is.

    A limit that the user has set stays.
    """
    if pixels is None or PILLOW_LIMIT is None or pixels <= PILLOW_LIMIT:
        yield
        return
    with LIFTING:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = pixels if limit == PILLOW_LIMIT else limit
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def check_size(size: tuple[int, int], max_pixels: int | None, what: str) -> None:
    """Raise InputImageError where (width, height) holds more pixels than allowed, or none."""
    width, height = size
    if not width or not height:
        raise InputImageError(f"{what} is {height} x {width} (height x width); it holds no pixel.")
    if max_pixels is not None and width * height > max_pixels:
        raise InputImageError(
            f"{what} is {height} x {width} (height x width), {width * height / 1e6:.1f} megapixels; at most "
            f"{max_pixels / 1e6:g} were expected. Shrink it, or allow more with max_pixels={width * height}."
        )
