"""A film shared among several machines: parts that begin at cuts, where nothing is carried over."""

import re
from contextlib import closing

import numpy as np

from kerasdream.errors import ConfigError
from kerasdream.films.frames import groups
from kerasdream.films.scene import SceneDreamer, is_cut
from kerasdream.video.reader import FrameReader
from kerasdream.video.work_folder import WorkFolder


def read_shard(text: object) -> tuple[int, int] | None:
    """Return which part of how many a text names, None for None; ConfigError where it is neither.

    >>> read_shard("2/3")
    (2, 3)
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text) if isinstance(text, str) else None
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise ConfigError(f"shard={text!r} was given; a part of how many was expected, such as '2/3'.")
    return number, count


def shard_frames(shard: tuple[int, int], reader: FrameReader, work: WorkFolder, scene: SceneDreamer) -> tuple[int, int]:
    """Return the first and the last frame of a shard. Raises ConfigError where the film has fewer scenes."""
    number, count = shard
    found = work.load("cuts")
    if not found:
        found = {"cuts": np.array(find_cuts(reader, scene), np.int64)}
        work.save("cuts", found)
    starts = [*divide(found["cuts"].tolist(), len(reader), count), len(reader) + 1]
    return starts[number - 1], starts[number] - 1


def find_cuts(reader: FrameReader, scene: SceneDreamer) -> list[int]:
    """Return the numbers of the frames that begin a scene, but the first: those at which the dream begins anew."""
    cuts, number, mode = list[int](), 0, scene.film.mode
    with closing(reader.frames()) as pixels:
        for group in groups(pixels, scene.config, scene.film, None):
            number += len(group.between) + 1
            if number > 1 and (mode == "each" or is_cut(group.last.motion)):
                cuts.append(number)
    return cuts


def divide(cuts: list[int], frames: int, count: int) -> list[int]:
    """Return the frames with which so many parts begin, as equal in length as the cuts allow.

    >>> divide([11, 51, 71, 91], 100, 3)
    [1, 51, 71]
    """
    if count > len(cuts) + 1:
        scenes = f"{len(cuts) + 1} scenes" if cuts else "1 scene"
        raise ConfigError(
            f"{count} shards were asked for, and the film has {scenes}. Parts begin at cuts; {len(cuts) + 1} at most "
            "were expected."
        )
    starts, free = [1], cuts
    for part in range(1, count):
        possible = free[: len(free) - (count - 1 - part)]
        nearest = min(range(len(possible)), key=lambda place: abs(possible[place] - 1 - frames * part / count))
        starts.append(possible[nearest])
        free = free[nearest + 1 :]
    return starts
