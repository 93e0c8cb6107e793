"""The second pass of a film, backwards: the dream of later frames is carried back to where it is missing."""

from typing import NamedTuple

import numpy as np

from kerasdream.config import DreamConfig
from kerasdream.films.carry import Carried, carry
from kerasdream.films.flow import Motion, find_motion
from kerasdream.films.frames import DreamtFrame, Frame, shown
from kerasdream.films.progress import FilmProgress
from kerasdream.films.scene import SceneDreamer, mask_for
from kerasdream.image.picture import Picture
from kerasdream.types import Array
from kerasdream.video.work_folder import WorkFolder

WEIGHT = 1.0  # of the dream that comes back, where the frame's own weighs 1
LEAST = 0.1  # that the frame's own weighs, where it is hardly begun


class Kept(NamedTuple):
    """What the first pass keeps of a frame: the frame, its dream, and whether the dream began with it."""

    source: Array
    carried: Carried
    begins: bool

    @property
    def levels(self) -> Array:
        """Return the frame as levels (H, W, 3)."""
        return self.source[..., :3].astype(np.float32)


def keep(work: WorkFolder, number: int, frame: DreamtFrame) -> None:
    """Keep a frame for the second pass, in bytes."""
    levels, effort = frame.carried.dreamt, frame.carried.effort
    arrays = {"source": np.asarray(frame.source.picture.source), "dreamt": levels, "effort": 255 * effort}
    as_bytes = {name: np.clip(np.rint(array), 0, 255).astype(np.uint8) for name, array in arrays.items()}
    work.save(f"{number:06d}", as_bytes | {"begins": np.array(frame.begins)})


def kept(work: WorkFolder, number: int) -> Kept:
    """Return a frame that the first pass has kept."""
    arrays = work.load(f"{number:06d}")
    carried = Carried(arrays["dreamt"].astype(np.float32), arrays["effort"].astype(np.float32) / np.float32(255))
    return Kept(arrays["source"], carried, bool(arrays["begins"]))


def frames_left(work: WorkFolder, last: int) -> int:
    """Return how many frames the second pass has still to do."""
    number = int(work.load(state_of(work)).get("number", last + 1))
    return min(number, last + 1) - work.first


def state_of(work: WorkFolder) -> str:
    """Return the name of what is kept between two frames of the second pass."""
    return f"second-{work.first:06d}"


def go_back(work: WorkFolder, last: int, scene: SceneDreamer, progress: FilmProgress) -> None:
    """Go through the frames of a run from its last to its first, and write each anew."""
    state = work.load(state_of(work))
    done, later = last + 1, None
    if state and int(state["number"]) <= last:
        done = int(state["number"])
        later = kept(work, done)._replace(carried=Carried(state["dreamt"], state["effort"]))
    for number in range(done - 1, work.first - 1, -1):
        frame = with_later(kept(work, number), later, scene.config)
        source = Frame(Picture.of(frame.source, scene.config.max_pixels), frame.levels, None)
        picture = shown(frame.carried.dreamt, source, scene.config)
        work.put(number, picture)
        arrays = {"number": np.array(number), "dreamt": frame.carried.dreamt, "effort": frame.carried.effort}
        work.save(state_of(work), arrays)
        progress.update(number, picture, frame.source)
        later = frame


def with_later(frame: Kept, later: Kept | None, config: DreamConfig) -> Kept:
    """Return a frame with the dream of the one after it, where both are of one scene."""
    if later is None or later.begins:
        return frame
    motion = find_motion(later.levels, frame.levels)
    return frame._replace(carried=carried_back(frame, later, motion, mask_for(frame.levels, config)))


def carried_back(frame: Kept, later: Kept, motion: Motion, mask: Array | None) -> Carried:
    """Return the dream of a frame, mixed with that of the one after it where this is trusted.

    It is the mean of Ruder, Dosovitskiy and Brox, (x + w W(next)) / (1 + w), of what the dreams have added; each counts
    by its effort, so that ground that is just uncovered takes the dream that it is going to have.
    """
    trusted = motion._replace(trust=np.ones_like(motion.trust))
    came = carry(later.carried, later.levels, frame.levels, trusted, renewal=0.0, mask=mask)
    weight = np.float32(WEIGHT) * motion.trust * came.effort
    share = weight / (np.maximum(frame.carried.effort, np.float32(LEAST)) + weight)
    own = frame.carried
    levels = own.dreamt + share[..., None] * (came.levels - own.dreamt)
    return Carried(levels, own.effort + share * (came.effort - own.effort))
