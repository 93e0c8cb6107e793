"""The picture that ships with the package: clouds, hills and water, drawn by scripts/draw_sample.py."""

import importlib.resources

from PIL import Image

from kerasdream.image import files


def sample() -> Image.Image:
    """A picture to dream on at once.

    >>> kerasdream.sample().size
    (768, 512)
    """
    with importlib.resources.files("kerasdream.image").joinpath("sample.jpg").open("rb") as file:
        return files.decode(file, None)
