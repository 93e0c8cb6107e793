"""A film dreamt from file to file: read, dreamt, kept frame by frame, and written with its sound."""

import dataclasses
import hashlib
import itertools
import os
import pathlib
import time
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from typing import Unpack

import keras

from kerasdream.ascent.step import Preprocess
from kerasdream.errors import DreamInterrupted, OutputError
from kerasdream.film_config import FilmSettings
from kerasdream.films.frames import dream_frames, film_dreamer
from kerasdream.films.opencv import opencv
from kerasdream.films.pipeline import Background
from kerasdream.films.record import as_comment, film_record
from kerasdream.films.scene import SceneDreamer, SceneState
from kerasdream.image import files
from kerasdream.pixels import PictureLike
from kerasdream.progress import progress_line
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Array
from kerasdream.video.reader import FrameReader, open_reader
from kerasdream.video.work_folder import WorkFolder, beside
from kerasdream.video.writer import check_film, open_writer

READ = 1 << 20  # bytes of a film that tell it from another one


@dataclasses.dataclass(frozen=True)
class FilmMoment:
    """What a callback sees after each frame of a film: its number, counted from 1, and its picture, an array."""

    frame: int
    frames: int
    picture: Array
    frames_per_second: float
    seconds_left: float


def film(
    source: files.StrPath,
    output: files.StrPath | None = None,
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    fps: Fraction | float | None = None,
    overwrite: bool = False,
    callback: Callable[[FilmMoment], None] | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[FilmSettings],
) -> pathlib.Path:
    """Dream a film, with its rate, its sound and its length; the path of the dreamt one is returned.

    `source` is a file that ffmpeg reads, an animated GIF or WebP, or a folder of pictures, for which `fps` says how
    many are shown a second. `output` ends in .mp4, .webm, .gif or .webp, or is a folder for PNG files; without one
    `sea.mp4` becomes `sea-dream.mp4`. `settings` are the knobs of FilmConfig and of DreamConfig; `callback` gets a
    FilmMoment after each frame.

    Finished frames lie in a folder beside the output, `sea-dream.mp4.frames`, until the film is whole: the same call
    goes on where an earlier one ended, whatever ended it. Ctrl-C writes `sea-dream.partial.mp4` and raises
    DreamInterrupted. Raises ConfigError, InputImageError or OutputError before anything is dreamt.

    >>> kerasdream.film("sea.mp4", "dream.mp4", {"mixed4": 1.0}, jitter=32)  # doctest: +SKIP
    PosixPath('dream.mp4')
    """
    opencv()  # a missing package is told first
    source = pathlib.Path(source) if pathlib.Path(source).name else pathlib.Path(source).resolve()
    target = check_film(default_output(source) if output is None else output, overwrite=overwrite)
    if files.is_same(target, os.fspath(source)):
        raise OutputError(f"{str(target)!r} is the film that is dreamt; it is never written over. Choose another name.")
    dreamer, config = film_dreamer(layers, model, preprocess, settings)
    reader = open_reader(source, fps=fps, max_pixels=dreamer.config.max_pixels)
    comment = as_comment(film_record(dreamer.config, config, source))
    check_writer(target, reader, overwrite)
    key = {"settings": repr((dreamer.config, config)), "source": digest(source), "frames": len(reader)}
    work = WorkFolder(target, key, overwrite)
    try:
        dream_into(work, reader, SceneDreamer(dreamer, config), FilmProgress(work.done, reader, callback, verbose))
    except KeyboardInterrupt:
        interrupt = DreamInterrupted("The film was interrupted before its first frame was finished.")
        if work.done:
            partial = beside(target, "partial")
            write_film(work, reader, partial, comment, overwrite=True)
            interrupt = DreamInterrupted(
                f"The film was interrupted; its {work.done} frames so far are in {str(partial)!r}. "
                "The same call goes on."
            )
            interrupt.result = partial
        raise interrupt from None
    write_film(work, reader, target, comment, overwrite)
    work.remove()
    return target


def dream_into(work: WorkFolder, reader: FrameReader, scene: SceneDreamer, progress: "FilmProgress") -> None:
    """Dream the frames that are not there yet, and keep each as it is finished, while the next one is dreamt."""
    done = work.done
    with closing(progress), closing(reader.frames()) as pixels, Background() as background:
        before = None
        if done:
            before = next(itertools.islice(pixels, done - 1, None))[..., :3].astype("float32")
            scene.state = SceneState.of(before, work.state)
        with closing(dream_frames(pixels, scene, before)) as dreamt:
            for number, (frame, state) in enumerate(dreamt, done + 1):
                background.do(work.add, [frame], {} if state is None else state.arrays())
                progress.update(number, frame)


def write_film(work: WorkFolder, reader: FrameReader, target: pathlib.Path, comment: str, overwrite: bool) -> None:
    """Write the finished frames as a film, each for as long as the source shows it, with the source's sound."""
    sound = reader.path if reader.has_audio else None
    with open_writer(target, reader.fps, reader.size, overwrite=overwrite, comment=comment, audio_from=sound) as writer:
        for number, count in enumerate(reader.counts[: work.done], 1):
            if count:
                writer.write(work.frame(number), count)


def check_writer(target: pathlib.Path, reader: FrameReader, overwrite: bool) -> None:
    """Raise the error that the film's rate or size would give when it is written."""
    open_writer(target, reader.fps, reader.size, overwrite=overwrite).discard()


def default_output(source: pathlib.Path) -> pathlib.Path:
    """Return where a film goes whose output is not named.

    >>> default_output(pathlib.Path("films/sea.mkv"))
    PosixPath('films/sea-dream.mp4')
    """
    ending = source.suffix.lower() if source.suffix.lower() in (".webm", ".gif", ".webp") else ".mp4"
    return source.with_name(f"{source.stem}-dream{ending}")


def digest(source: pathlib.Path) -> str:
    """Return what tells a film from others: its length, and a hash of its beginning; of a folder, of its names."""
    hash = hashlib.sha256()
    if source.is_dir():
        hash.update("\n".join(sorted(os.listdir(source))).encode())
        return f"folder {hash.hexdigest()[:16]}"
    with open(source, "rb") as file:
        hash.update(file.read(READ))
    return f"{source.stat().st_size} {hash.hexdigest()[:16]}"


class FilmProgress:
    """Says how far a film is: a line with frames a second and the time left, and a callback."""

    def __init__(
        self, done: int, reader: FrameReader, callback: Callable[[FilmMoment], None] | None, verbose: bool | str
    ):
        """`done` frames were there before."""
        self.before, self.total, self.callback = done, len(reader), callback
        self.line = progress_line(verbose, self.total)
        self.began = time.monotonic()

    def update(self, number: int, picture: PictureLike) -> None:
        """Tell that a frame is finished."""
        rate = (number - self.before) / max(1e-6, time.monotonic() - self.began)
        left = (self.total - number) / rate
        if self.line:
            self.line.update(number, f"{rate:.2g} frames/s, {duration(left)} left")
        if self.callback:
            self.callback(FilmMoment(number, self.total, picture, rate, left))

    def close(self) -> None:
        """End the line."""
        if self.line:
            self.line.close()


def duration(seconds: float) -> str:
    """Return a time in hours, minutes and seconds.

    >>> duration(75), duration(7325)
    ('1:15', '2:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
