"""Which pictures a command line names, and where the dream of each goes."""

import os
import pathlib
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from kerasdream.errors import ConfigError, InputImageError

STANDARD = "-"  # standard input as a picture, standard output as a file


class Job(NamedTuple):
    """A picture to dream, where None stands for the sample, and the file for the dream."""

    picture: str | None
    target: pathlib.Path


def find_jobs(names: Sequence[str], output: str | None, overwrite: bool) -> list[Job]:
    """Return what there is to dream; what cannot be read or written is reported here, before anything is dreamt.

    A file named as `output` must not be there yet, and a single picture without one gets a free name. Of several
    pictures, and of folders, each has one name for good: `skip_done` leaves out what is there.
    """
    from kerasdream.image.files import check_target, free_path, make_folder

    pictures = find_pictures(names)
    check_pictures(pictures)
    several = is_several(names)
    if output == STANDARD:
        if several or sys.stdout.isatty():
            shown = "a terminal" if not several else f"one file, for {len(pictures)} pictures"
            raise ConfigError(f"--output=- was given, and standard output is {shown}. Name a file or folder.")
        return [Job(pictures[0], pathlib.Path(STANDARD))]
    if output is not None and not (several or os.path.isdir(output) or output.endswith(os.sep)):
        target = pathlib.Path(output)
        make_folder(target.parent)
        return [Job(pictures[0], check_target(target, overwrite=overwrite, source=pictures[0]))]
    folder = pathlib.Path(output or ".")
    make_folder(folder)
    if not several:
        target = folder / name_for(pictures[0])
        return [Job(pictures[0], check_target(target if overwrite else free_path(target), overwrite=True))]
    jobs: dict[pathlib.Path, Job] = {}
    for picture in pictures:
        target = free_path(folder / name_for(picture), jobs.__contains__)
        jobs[target] = Job(picture, check_target(target, overwrite=True))
    return without_results(list(jobs.values()), names)


def is_several(names: Sequence[str]) -> bool:
    """Say whether the pictures are dreamt into a folder, one by one."""
    return len(names) > 1 or any(map(os.path.isdir, names))


def name_for(picture: str | None) -> str:
    """Return the name of the dream of a picture.

    >>> name_for("photos/sky.jpg"), name_for("noise:640x480"), name_for("-"), name_for(None)
    ('sky-dream.png', 'noise-640x480-dream.png', 'stdin-dream.png', 'dream.png')
    """
    if picture is None:
        return "dream.png"
    stem = "stdin" if picture == STANDARD else pathlib.Path(picture).stem.replace(":", "-")
    return f"{stem}-dream.png"


def find_pictures(names: Sequence[str]) -> list[str | None]:
    """Return the pictures, those inside folders but hidden files; the sample where nothing is named."""
    from kerasdream.pixels import SUFFIXES

    found: list[str | None] = []
    for name in names:
        if not os.path.isdir(name):
            found.append(name)
            continue
        inside = [
            str(path)
            for path in sorted(pathlib.Path(name).iterdir())
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        ]
        if not inside:
            endings = ", ".join(sorted(SUFFIXES))
            raise ConfigError(f"The folder {name!r} holds no picture; files ending in {endings} were expected.")
        found += inside
    return found or [None]


def check_pictures(pictures: Sequence[str | None]) -> None:
    """Raise InputImageError where none of the pictures is there; of several, one may fail."""
    from kerasdream.image.files import check_regular
    from kerasdream.image.sample import noise_size

    if pictures.count(STANDARD) > 1:
        raise ConfigError("Standard input was named twice; it holds one picture.")
    if STANDARD in pictures and sys.stdin.isatty():
        raise InputImageError("Standard input is a terminal; a picture was expected there: kerasdream - < sky.jpg")
    named = [picture for picture in pictures if picture not in (None, STANDARD) and not noise_size(picture)]
    if named and not any(os.path.exists(picture) for picture in named if picture):
        check_regular(str(named[0]))


def without_results(jobs: Sequence[Job], names: Sequence[str]) -> list[Job]:
    """Return the jobs whose pictures are not dreams, or stages of them, that an earlier run left in the folder."""
    targets = {job.target.resolve() for job in jobs}

    def is_result(picture: str | None) -> bool:
        path = pathlib.Path(picture or "").resolve()
        whole = path.with_name(re.sub(r"\.(\d+|partial)$", "", path.stem) + path.suffix) if path.name else path
        return picture not in names and whole in targets

    return [job for job in jobs if not is_result(job.picture)]
