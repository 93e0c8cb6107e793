"""Pictures of one size, of any kinds, that are dreamt together."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from kerasdream.ascent.memory import MemoryBudget
from kerasdream.config import DreamConfig
from kerasdream.dreamer import Callback, Dreamer
from kerasdream.errors import DreamError
from kerasdream.image.picture import Picture, RowsOf, Source
from kerasdream.image.pyramid import crop_center, pad_reflect
from kerasdream.result import DreamResult
from kerasdream.types import Array, Size

LARGEST_GROUP = 8  # that nobody asked for: larger ones are hardly faster


@dataclasses.dataclass(frozen=True)
class PictureGroup(Picture):
    """Pictures padded to one size as one; `restore` gives each of them back in its own kind.

    >>> group = PictureGroup.gather([Picture.of(np.zeros((5, 7))), Picture.of(np.zeros((6, 7, 3), "uint8"))], (6, 8))
    >>> group.pixels.shape, [image.dtype.name for image in group.restore(group.pixels)]
    ((2, 6, 8, 3), ['float64', 'uint8'])
    """

    members: tuple[Picture, ...] = ()

    @classmethod
    def gather(cls, pictures: Sequence[Picture], size: Size) -> "PictureGroup":
        """Return pictures, padded by reflection to a size that is as large or larger, as one."""
        pixels = np.concatenate([pad_reflect(picture.pixels, size) for picture in pictures])
        return cls(pixels, pixels, None, tuple(pictures))

    def restore(self, pixels: Array | RowsOf, unchanged: Array | None = None) -> list[Source]:
        """Return the pictures of the group, each in the kind and size of its source."""
        whole = pixels(slice(None)) if callable(pixels) else pixels
        still = np.zeros(self.pixels.shape[:3], bool) if unchanged is None else unchanged
        restored = []
        for number, member in enumerate(self.members):
            size = member.pixels.shape[1], member.pixels.shape[2]
            one = slice(number, number + 1)
            restored.append(
                member.restore(crop_center(whole[one], size), crop_center(still[one, ..., None], size)[..., 0])
            )
        return restored


def group_limit(dreamer: Dreamer, size: Size, most: int | None = None, threads: int = 1) -> int:
    """Return how many pictures of a size go through the network together: `most`, or as many as are faster so.

    There is room in memory for as many groups as there are threads.
    """
    config = dreamer.config
    most = most or (LARGEST_GROUP if groups_are_faster(config) else 1)
    if most == 1:
        return 1
    growth = config.octave_scale ** (2 * config.octaves_above)
    affordable = MemoryBudget(dreamer.compiled).affordable_pixels() / (threads * growth)
    return max(1, min(most, int(affordable / (size[0] * size[1]))))


def groups_are_faster(config: DreamConfig) -> bool:
    """Return whether pictures are dreamt faster together: not in float32 on a processor."""
    if config.precision == "bfloat16":
        return True
    return not (config.device or "").startswith("cpu") and bool(keras.distribution.list_devices("gpu"))


def dream_group(
    dreamer: Dreamer, pictures: Sequence[Picture], size: Size | None = None, callback: Callback | None = None
) -> list[DreamResult | DreamError]:
    """Dream pictures together; where that fails, one by one. Returns for each its result, or why it has none.

    They are padded to `size`, or share one already.

    >>> dreamer = kerasdream.Dreamer(model="mini", iterations=1, num_octave=1)
    >>> results = dream_group(dreamer, [Picture.of(path) for path in ("sky.jpg", "forest.jpg")])
    >>> [result.image.size for result in results]
    [(192, 128), (192, 128)]
    """
    height, width = pictures[0].pixels.shape[1:3]
    size = size or (height, width)
    try:
        if len(pictures) == 1 and size == (height, width):
            return [dreamer.run(pictures[0], callback=callback, verbose=False)]
        return [*member_results(dreamer.run(PictureGroup.gather(pictures, size), callback=callback, verbose=False))]
    except DreamError as fault:
        if len(pictures) == 1:
            return [fault]
    return [one for picture in pictures for one in dream_group(dreamer, [picture], size, callback)]


def member_results(result: DreamResult) -> list[DreamResult]:
    """Return the result of a group's dream as one result for each of its pictures."""
    group = result.picture
    assert isinstance(group, PictureGroup)
    return [
        dataclasses.replace(result, image=result.image[number], losses=member_losses(result, number), picture=member)
        for number, member in enumerate(group.members)
    ]


def member_losses(result: DreamResult, number: int) -> list[Array]:
    """Return the losses of a picture of a group, octave by octave, up to the step that was its last."""
    columns = [octave[:, number] for octave in result.losses]
    return [column[: max(1, int(np.isfinite(column).sum()))] for column in columns]
