"""Sources: folders, globs, lists, tars, tables and iterables of dictionaries, as samples with keys."""

import glob
import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import TypeAlias, cast

from PIL import Image

from kerasdream.batches.samples import Failure, PictureData, Plain, Sample
from kerasdream.batches.tables import TABLES, table_samples
from kerasdream.batches.tars import TARS, tar_samples
from kerasdream.errors import ConfigError
from kerasdream.pixels import SUFFIXES

BatchSource: TypeAlias = str | os.PathLike[str] | Iterable[object]
KEYS = ("__key__", "key")  # columns that name a sample


def samples_of(source: BatchSource) -> Iterator[Sample | Failure]:
    """Yield the samples of a source, in the same order each time.

    A source is a folder, a glob, a tar or several (`shards/*.tar`), a table (.csv, .jsonl), a list of those or of
    pictures, or any iterable of pictures or of dictionaries with a picture. Raises ConfigError where it is none.

    >>> [sample.key for sample in samples_of(["sky.jpg", "forest.jpg"])]
    ['sky', 'forest']
    """
    if isinstance(source, str | os.PathLike):
        yield from path_samples(named_paths(os.fspath(source)), root_of(os.fspath(source)))
        return
    if isinstance(source, bytes | Mapping) or not isinstance(source, Iterable):
        raise ConfigError(
            f"A {type(source).__name__} was given as source; a folder, a glob, tars, a table, a list of pictures or an "
            "iterable of dictionaries was expected."
        )
    if isinstance(source, Sequence) and source and all(isinstance(one, str | os.PathLike) for one in source):
        paths = [os.fspath(cast(str, one)) for one in source]
        folders = {os.path.dirname(os.path.abspath(path)) for path in paths}
        root = os.path.commonpath(folders)
        expanded = itertools.chain.from_iterable(named_paths(path) for path in paths)
        yield from path_samples(expanded, root)
        return
    for number, item in enumerate(source):
        yield item_sample(item, number)


def count_of(source: BatchSource) -> int | None:
    """Return how many samples a source has, where that is quickly told."""
    if isinstance(source, str | os.PathLike):
        count = 0
        for path in named_paths(os.fspath(source)):
            if path.lower().endswith((*TARS, *TABLES)):
                return None
            count += 1
        return count
    return len(source) if isinstance(source, Sized) else None


def root_of(name: str) -> str:
    """Return the folder that keys of a folder's or a glob's files are relative to.

    >>> root_of("photos/*/a.jpg"), root_of("photos/sky.jpg")
    ('photos', 'photos')
    """
    if os.path.isdir(name):
        return name
    parts = pathlib.Path(name).parts[:-1]
    return str(pathlib.Path(*itertools.takewhile(lambda part: not glob.has_magic(part), parts)))


def named_paths(name: str) -> Iterator[str]:
    """Yield the files that a name stands for: itself, those that a glob finds, the pictures below a folder."""
    if os.path.isdir(name):
        yield from pictures_below(name)
    elif os.path.exists(name) or not glob.has_magic(name):
        yield name
    elif found := sorted(path for path in glob.iglob(name, recursive=True) if os.path.isfile(path)):
        yield from found
    else:
        raise ConfigError(f"{name!r} names no file; a folder, a glob, a tar or a table was expected.")


def pictures_below(folder: str) -> Iterator[str]:
    """Yield the pictures and tars below a folder, but hidden ones, folder by folder in order of their names."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith((*SUFFIXES, *TARS)) and not name.startswith("."):
                yield os.path.join(here, name)


def path_samples(paths: Iterable[str], root: str) -> Iterator[Sample | Failure]:
    """Yield the samples of files: pictures, tars and tables."""
    for _, names in itertools.groupby(paths, os.path.dirname):
        together = list(names)
        stems = [os.path.splitext(name)[0] for name in together]
        several = {stem for stem, more in itertools.groupby(sorted(stems)) if len(list(more)) > 1}
        for path, stem in zip(together, stems, strict=True):
            if path.lower().endswith(TARS):
                yield from tar_samples(path)
            elif path.lower().endswith(TABLES):
                yield from table_samples(path)
            else:  # sky.jpg beside sky.png keeps its ending
                key = os.path.relpath(path if stem in several else stem, root or ".")
                yield Sample(pathlib.PurePath(key).as_posix(), path)


def item_sample(item: object, number: int) -> Sample | Failure:
    """Return the sample of an item of an iterable: a picture, or a dictionary with one."""
    key = f"{number:08d}"
    if not isinstance(item, Mapping):
        return Sample(key, cast(PictureData, item))
    named = next((item[name] for name in KEYS if isinstance(item.get(name), str)), None)
    key = named or key
    column = next((name for name, value in item.items() if picture_in(value) is not None), None)
    if column is None:
        return Failure(key, f"None of its columns {', '.join(map(str, item))} is a picture.")
    rest = {str(name): value for name, value in item.items() if name not in (column, *KEYS)}
    columns = {name: value for name, value in rest.items() if isinstance(value, Plain)}
    files = {name: value for name, value in rest.items() if isinstance(value, bytes)}
    return Sample(key, cast(PictureData, picture_in(item[column])), columns=columns, files=files)


def picture_in(value: object) -> PictureData | None:
    """Return the picture that a column holds: a PIL image, an array, bytes, {"bytes": ..., "path": ...}, or None.

    >>> picture_in({"bytes": None, "path": "sky.jpg"}), picture_in("a caption")
    ('sky.jpg', None)
    """
    if isinstance(value, Mapping) and value.keys() <= {"bytes", "path"}:
        return value.get("bytes") or value.get("path")
    if isinstance(value, Image.Image | bytes):
        return value
    if getattr(value, "ndim", 0) in (2, 3) and hasattr(value, "__array__"):
        return cast(PictureData, value)
    if isinstance(value, os.PathLike) or (isinstance(value, str) and value.lower().endswith(SUFFIXES)):
        return value
    return None
