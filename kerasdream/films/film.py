"""A film dreamt from file to file: read, dreamt, kept frame by frame, and written with its sound."""

import hashlib
import itertools
import os
import pathlib
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from typing import Unpack

import keras

from kerasdream.ascent.step import Preprocess
from kerasdream.errors import DreamInterrupted, OutputError
from kerasdream.film_config import FilmSettings
from kerasdream.films.frames import film_dreamer
from kerasdream.films.opencv import opencv
from kerasdream.films.preview import Preview, check_every
from kerasdream.films.progress import FilmMoment, FilmProgress
from kerasdream.films.record import as_comment, film_record
from kerasdream.films.run import dream_run, is_begun, steps_left
from kerasdream.films.scene import SceneDreamer
from kerasdream.films.shards import read_shard, shard_frames
from kerasdream.image import files
from kerasdream.settings import ObjectiveLike
from kerasdream.video.reader import FrameReader, open_reader
from kerasdream.video.work_folder import WorkFolder, beside
from kerasdream.video.writer import check_film, open_writer

READ = 1 << 20  # bytes of a film that tell it from another one


def film(
    source: files.StrPath,
    output: files.StrPath | None = None,
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    fps: Fraction | float | None = None,
    overwrite: bool = False,
    shard: str | None = None,
    preview_every: float | None = None,
    callback: Callable[[FilmMoment], None] | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[FilmSettings],
) -> pathlib.Path:
    """Dream a film, with its rate, its sound and its length; the path of the dreamt one is returned.

    `source` is a file that ffmpeg reads, an animated GIF or WebP, or a folder of pictures, for which `fps` says how
    many are shown a second. `output` ends in .mp4, .webm, .gif or .webp, or is a folder for PNG files; without one
    `sea.mp4` becomes `sea-dream.mp4`. `settings` are the knobs of FilmConfig and of DreamConfig; `callback` gets a
    FilmMoment after each frame. Every `preview_every` seconds a frame and its dream are written beside the output, as
    `sea-dream.preview.jpg`; at the end it goes.

    Finished frames lie in a folder beside the output, `sea-dream.mp4.frames`, until the film is whole: the same call
    goes on where an earlier one ended, whatever ended it. Ctrl-C writes `sea-dream.partial.mp4` and raises
    DreamInterrupted. `shard="2/3"` dreams the second of three parts only, into that folder, whose path is returned:
    other machines that share it dream the others, and when all are there the same call without a shard writes the
    film. Parts begin at cuts, so the frames are those of one machine.

    Raises ConfigError, InputImageError or OutputError before anything is dreamt.

    >>> kerasdream.film("sea.mp4", "dream.mp4", {"mixed4": 1.0}, jitter=32)  # doctest: +SKIP
    PosixPath('dream.mp4')
    """
    opencv()  # a missing package is told first
    source = pathlib.Path(source) if pathlib.Path(source).name else pathlib.Path(source).resolve()
    target = check_film(default_output(source) if output is None else output, overwrite=overwrite)
    if files.is_same(target, os.fspath(source)):
        raise OutputError(f"{str(target)!r} is the film that is dreamt; it is never written over. Choose another name.")
    part, every = read_shard(shard), check_every(preview_every)
    dreamer, config = film_dreamer(layers, model, preprocess, settings)
    reader = open_reader(source, fps=fps, max_pixels=dreamer.config.max_pixels)
    comment = as_comment(film_record(dreamer.config, config, source))
    check_writer(target, reader, overwrite)
    key = {"settings": repr((dreamer.config, config)), "source": digest(source), "frames": len(reader)}
    work, scene = WorkFolder(target, key, overwrite), SceneDreamer(dreamer, config)
    runs = work.runs(*((1, len(reader)) if part is None else shard_frames(part, reader, work, scene)))
    preview = None if every is None else Preview(target, every, overwrite or is_begun(runs))
    try:
        with closing(FilmProgress(len(reader), steps_left(runs, config), verbose, callback, preview)) as progress:
            for run, last in runs:
                dream_run(run, last, reader, scene, progress)
    except KeyboardInterrupt:
        raise interrupted(work, reader, target, comment, alone=part is None) from None
    if part is not None:
        return work.folder
    write_film(work, reader, target, comment, overwrite)
    work.remove()
    return target


def interrupted(
    work: WorkFolder, reader: FrameReader, target: pathlib.Path, comment: str, alone: bool
) -> DreamInterrupted:
    """Return what Ctrl-C raises; where no other machine dreams the rest, the frames so far are written as a film."""
    if not alone or not work.path(1).is_file():
        return DreamInterrupted("The film was interrupted; the same call goes on.")
    partial = beside(target, "partial")
    count = write_film(work, reader, partial, comment, overwrite=True)
    interrupt = DreamInterrupted(
        f"The film was interrupted; its {count} frames so far are in {str(partial)!r}. The same call goes on."
    )
    interrupt.result = partial
    return interrupt


def write_film(work: WorkFolder, reader: FrameReader, target: pathlib.Path, comment: str, overwrite: bool) -> int:
    """Write the finished frames as a film, each for as long as the source shows it, with the source's sound.

    Returns how many they are.
    """
    sound = reader.path if reader.has_audio else None
    there = list(itertools.takewhile(lambda number: work.path(number).is_file(), range(1, len(reader) + 1)))
    with open_writer(target, reader.fps, reader.size, overwrite=overwrite, comment=comment, audio_from=sound) as writer:
        for number, count in zip(there, reader.counts, strict=False):
            if count:
                writer.write(work.frame(number), count)
    return len(there)


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
