"""A run of frames that one process dreams: read, dreamt and kept while the next ones are dreamt."""

import itertools
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from kerasdream.film_config import FilmConfig
from kerasdream.films import second_pass
from kerasdream.films.frames import DreamtFrame, dream_frames
from kerasdream.films.pipeline import Background
from kerasdream.films.progress import FilmProgress
from kerasdream.films.scene import SceneDreamer, SceneState
from kerasdream.video.reader import FrameReader
from kerasdream.video.work_folder import WorkFolder

Runs = Sequence[tuple[WorkFolder, int]]


def is_begun(runs: Runs) -> bool:
    """Return whether any frame is finished."""
    return any(work.done >= work.first for work, _ in runs)


def steps_left(runs: Runs, film: FilmConfig) -> int:
    """Return how many frames are still to be dreamt, and to be gone over in a second pass."""
    first = sum(max(0, last - work.done) for work, last in runs)
    second = sum(second_pass.frames_left(work, last) for work, last in runs) if film.passes > 1 else 0
    return first + second


def dream_run(work: WorkFolder, last: int, reader: FrameReader, scene: SceneDreamer, progress: FilmProgress) -> None:
    """Dream the frames of a run that are not there yet, up to `last`, and keep each as it is finished."""
    if work.done < last:
        first_pass(work, last, reader, scene, progress)
    if scene.film.passes > 1:
        second_pass.go_back(work, min(last, work.done), scene, progress)


def first_pass(work: WorkFolder, last: int, reader: FrameReader, scene: SceneDreamer, progress: FilmProgress) -> None:
    """Dream the frames in their order, each with what the one before has left."""
    number = work.done
    with closing(reader.frames()) as pixels, Background() as background:
        before, scene.state = None, None
        skipped = next(itertools.islice(pixels, number - 1, None)) if number else None
        if skipped is not None and number >= work.first:
            before = skipped[..., :3].astype(np.float32)
            scene.state = SceneState.of(before, work.state)
        with closing(dream_frames(itertools.islice(pixels, last - number), scene, before)) as groups:
            for group in groups:
                background.do(keep, work, group, scene.state, scene.film)
                for frame in group:
                    number += 1
                    progress.update(number, np.asarray(frame.picture), np.asarray(frame.source.picture.source))


def keep(work: WorkFolder, group: Sequence[DreamtFrame], state: SceneState | None, film: FilmConfig) -> None:
    """Keep finished frames, and what the next ones need."""
    if film.passes > 1:
        for number, frame in enumerate(group, work.done + 1):
            second_pass.keep(work, number, frame)
    work.add([np.asarray(frame.picture) for frame in group], {} if state is None else state.arrays())
