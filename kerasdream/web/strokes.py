"""Strokes of a brush: of a large picture only the part about the mask is dreamt, so that it is there at once."""

import dataclasses

from PIL import Image

from kerasdream.config import DEFAULTS, DreamConfig
from kerasdream.errors import ConfigError
from kerasdream.image.picture import Picture
from kerasdream.presets import settings as settings_of_preset
from kerasdream.result import DreamResult
from kerasdream.web.views import Settings

MARGIN = 64  # pixels about the mask that are dreamt, too: shapes may begin there
LARGEST = 512 * 512  # pixels of what is dreamt
MOST_STEPS = 60  # of all octaves
Box = tuple[int, int, int, int]  # left, top, right, bottom
Size = tuple[int, int]  # width, height


def box_of(mask: Image.Image, size: Size) -> Box:
    """Return the part of a picture that a stroke dreams: about all of its mask that is not black.

    Raises ConfigError where the mask is black.

    >>> mask = Image.new("L", (400, 200))
    >>> mask.paste(255, (100, 50, 110, 60))
    >>> box_of(mask, (400, 200))
    (36, 0, 174, 124)
    """
    found = mask.convert("L").getbbox()
    if found is None:
        raise ConfigError("The mask is black everywhere; white was expected where to dream.")
    across, down = size[0] / mask.width, size[1] / mask.height
    left, top, right, bottom = found[0] * across, found[1] * down, found[2] * across, found[3] * down
    return (
        max(0, int(left) - MARGIN),
        max(0, int(top) - MARGIN),
        min(size[0], int(right + 0.999) + MARGIN),
        min(size[1], int(bottom + 0.999) + MARGIN),
    )


def check_stroke(size: Size, mask: Image.Image, settings: Settings) -> None:
    """Raise ConfigError where a stroke is too large to be dreamt at once."""
    left, top, right, bottom = box_of(mask, size)
    if (right - left) * (bottom - top) > LARGEST:
        raise ConfigError(
            f"The stroke takes {right - left} x {bottom - top} pixels; {LARGEST:,} at most can be dreamt at once. "
            "Paint less at a time, or dream the mask as a whole."
        )
    look = settings.get("preset", DEFAULTS["preset"])
    config = DreamConfig(**settings_of_preset(look, settings["model"]) | settings)
    steps = sum(config.iterations) if isinstance(config.iterations, tuple) else config.iterations * config.num_octave
    if steps > MOST_STEPS:
        raise ConfigError(
            f"The stroke would take {steps} steps; {MOST_STEPS} at most can be dreamt at once. Give fewer iterations "
            "or sizes."
        )


@dataclasses.dataclass(frozen=True)
class Stroke:
    """A picture, and the part of it that a mask lets dream."""

    picture: Image.Image
    mask: Image.Image
    box: Box

    @classmethod
    def of(cls, picture: Image.Image, mask: Image.Image) -> "Stroke":
        """Return the stroke of a mask on a picture."""
        fitted = mask.convert("L").resize(picture.size, Image.Resampling.BILINEAR)
        return cls(picture, fitted, box_of(fitted, picture.size))

    @property
    def part(self) -> Image.Image:
        """The part of the picture that is dreamt."""
        return self.picture.crop(self.box)

    def painted(self, part: Image.Image) -> Image.Image:
        """Return the whole picture with the dreamt part in it, as far as the mask lets it through."""
        whole = self.picture.copy()
        whole.paste(part, self.box[:2], self.mask.crop(self.box))
        return whole

    def result(self, result: DreamResult) -> DreamResult:
        """Return the dream of the part as one of the whole picture."""
        image = self.painted(result.picture.as_pillow(result.image))
        return dataclasses.replace(result, image=image, picture=Picture.of(self.picture))
