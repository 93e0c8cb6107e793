"""The plan of a dream: how a picture is padded, and the sizes of its octaves."""

import dataclasses

from kerasdream.config import DreamConfig
from kerasdream.errors import ModelError, warn
from kerasdream.image.pyramid import crop_center, octave_shapes, pad_reflect
from kerasdream.model.features import Features
from kerasdream.objectives.view import BORDER, SCORES
from kerasdream.types import Array, Size


@dataclasses.dataclass(frozen=True)
class DreamPlan:
    """The size of a picture, the size it is padded to, and the sizes of its octaves, by number, smallest first."""

    size: Size
    padded_size: Size
    octaves: dict[int, Size]

    def pad(self, pixels: Array) -> Array:
        """Return pictures (N, H, W, C) padded by reflection."""
        return pad_reflect(pixels, self.padded_size)

    def crop(self, pixels: Array) -> Array:
        """Return padded pictures without the padding."""
        return crop_center(pixels, self.size)


def plan_dream(features: Features, config: DreamConfig, size: Size) -> DreamPlan:
    """Plan a dream of pictures of a size.

    A picture is padded where a layer would show nothing inside its border. Octaves that the network cannot look at are
    left out, with a warning; ModelError where it can look at none. In crops it can look at any.
    """
    if config.crops:
        shapes = octave_shapes(size, config.num_octave, config.octave_scale, config.octaves_above)
        return DreamPlan(size, size, dict(enumerate(shapes)))
    padded, cells = size, 2 * BORDER + 1
    if SCORES not in features.names and not features.whole_only and features.min_cells(size) < cells:
        side = features.min_side(cells)
        padded = max(size[0], side), max(size[1], side)
    shapes = octave_shapes(padded, config.num_octave, config.octave_scale, config.octaves_above)
    fitting = {number: features.nearest_size(shape) for number, shape in enumerate(shapes)}
    octaves = {number: shape for number, shape in fitting.items() if shape}
    if not octaves:
        raise ModelError(
            f"{config.model} cannot look at a picture of {size[0]} x {size[1]} pixels: with these layers it "
            "takes one size only. Dream in crops, with crops=8; or resize the picture, and give num_octave=1."
        )
    if len(octaves) < len(shapes):
        warn(
            f"Left out {len(shapes) - len(octaves)} of {len(shapes)} octaves, the smallest "
            f"{shapes[0][0]} x {shapes[0][1]}: they do not fit {config.model}."
        )
    return DreamPlan(size, padded, octaves)
