"""Pillow's limit on the pixels of a picture, which is one for the whole process."""

import contextlib
import threading
from collections.abc import Iterator

from PIL import Image

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
