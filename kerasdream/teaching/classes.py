"""The classes in a folder: their names and the pictures of each, read and found fit to learn from."""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from kerasdream.errors import ConfigError, InputImageError, warn
from kerasdream.pixels import SUFFIXES, pictures_in
from kerasdream.teaching.picture import Picture
from kerasdream.types import Array

BACKGROUND = "background"
FEWEST = 8  # different pictures of a class
FEW = 30
MOST = 400  # pictures that are kept of a class
SAME = 0.995  # likeness of thumbs above which pictures are nearly the same
ADVICE = f"Give each class {FEW} different pictures or more."


@dataclasses.dataclass(frozen=True, eq=False)
class PictureClass:
    """A class: its pictures, and for each the number of the group of near-duplicates that it is in."""

    name: str
    pictures: list[Picture]
    groups: list[int]

    @property
    def different(self) -> int:
        """How many pictures there are, near-duplicates counted once."""
        return len(set(self.groups))

    def split(self, share: float, rng: np.random.Generator) -> tuple[list[Picture], list[Picture]]:
        """Return the pictures to learn from and those held out, near-duplicates on one side."""
        groups = rng.permutation(sorted(set(self.groups)))
        out = set(groups[: max(2, round(share * len(groups)))].tolist())
        pairs = list(zip(self.pictures, self.groups, strict=True))
        return [one for one, group in pairs if group not in out], [one for one, group in pairs if group in out]


def find_classes(folder: str | pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """Return the picture files by class: each folder in the folder is one, or else the folder itself.

    Raises ConfigError where there is no picture.

    >>> list(find_classes("photos/"))
    ['photos']
    """
    root = pathlib.Path(folder)
    if not root.is_dir():
        raise ConfigError(f"There is no folder {str(folder)!r}; a folder with a folder of pictures for each class, or "
                          "with pictures of one kind, was expected.")  # fmt: skip
    inside = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {path.name: pictures_in(path) for path in inside if any(is_picture(file) for file in path.iterdir())}
    if not found:
        return {root.resolve().name: pictures_in(root)}
    if loose := sum(map(is_picture, root.iterdir())):
        warn(f"{loose} pictures lie beside the folders in {str(folder)!r}, of no class; they are left out.")
    return found


def is_picture(path: pathlib.Path) -> bool:
    """Return whether a path looks like that of a picture."""
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() in SUFFIXES


def read_classes(folder: str | pathlib.Path, side: int, max_pixels: int) -> list[PictureClass]:
    """Return the classes in a folder with their pictures.

    What cannot be learnt from is left out with a warning. Raises InputImageError for a class with too few pictures.
    """
    found, left_out = [], list[str]()
    for name, paths in find_classes(folder).items():
        pictures = []
        for path in evenly(paths, MOST):
            try:
                pictures.append(Picture.read(path, side, max_pixels))
            except InputImageError as fault:
                left_out.append(str(fault))
        found.append(PictureClass(name, pictures, groups_of(pictures)))
    if left_out:
        more = f" And {len(left_out) - 2} more." if len(left_out) > 2 else ""
        warn(f"{len(left_out)} pictures are left out: {' '.join(left_out[:2])}{more}")
    for one in found:
        check_class(one, len(left_out))
    check_together(found)
    return found


def evenly(paths: Sequence[pathlib.Path], most: int) -> Iterator[pathlib.Path]:
    """Yield at most so many of the paths, spread over all."""
    return (paths[number * len(paths) // min(most, len(paths))] for number in range(min(most, len(paths))))


def groups_of(pictures: Sequence[Picture]) -> list[int]:
    """Return for each picture the number of the first one that is nearly the same."""
    if not pictures:
        return []
    thumbs = np.stack([picture.thumb for picture in pictures])
    alike = thumbs @ thumbs.T > SAME
    groups = list(range(len(pictures)))
    for number in range(len(pictures)):
        groups[number] = groups[int(np.argmax(alike[number]))] if alike[number].any() else number
    return groups


def check_class(one: PictureClass, left_out: int) -> None:
    """Raise InputImageError for a class with too few different pictures; warn of one with few."""
    count, different = len(one.pictures), one.different
    if different < FEWEST:
        why = f"; {left_out} files are of no use, see above" if left_out else ""
        alike = f", of which {different} differ (the others are nearly the same)" if different < count else ""
        raise InputImageError(
            f"The class {one.name!r} has {count} pictures{alike}{why}. {FEWEST} different ones are the least to learn "
            f"from. {ADVICE}"
        )
    if different < 0.7 * count:
        warn(f"Of the {count} pictures of {one.name!r} only {different} differ, the others are nearly the same: "
             f"it may learn these scenes by heart. {ADVICE}")  # fmt: skip
    elif count < FEW:
        warn(f"The class {one.name!r} has {count} pictures, which is few. {ADVICE}")


def check_together(classes: Sequence[PictureClass]) -> None:
    """Warn of pictures that are in two classes, and of classes that colour alone tells apart."""
    for number, one in enumerate(classes):
        for other in classes[number + 1 :]:
            if shared := shared_pictures(one.pictures, other.pictures):
                warn(
                    f"{shared} pictures are in {one.name!r} and nearly the same in {other.name!r}: they cannot be told "
                    "apart there. Leave each in one folder."
                )
    grey = [one.name for one in classes if np.mean([picture.is_grey for picture in one.pictures]) > 0.9]
    if grey and len(grey) < len(classes):
        warn(
            f"The pictures of {', '.join(map(repr, grey))} are grey and the others are not: it may look at the colours "
            "alone. Take the colours out of all, or give coloured ones."
        )


def shared_pictures(first: Sequence[Picture], second: Sequence[Picture]) -> int:
    """Return how many of the first pictures are nearly the same as one of the second."""
    likeness: Array = np.stack([one.thumb for one in first]) @ np.stack([one.thumb for one in second]).T
    return int((likeness > SAME).any(1).sum())
