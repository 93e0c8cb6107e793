"""Tars of samples: `birds/0001.jpg` beside `birds/0001.cls`, read as a stream and written whole."""

import contextlib
import io
import os
import pathlib
import tarfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from kerasdream.batches.samples import Failure, Sample
from kerasdream.pixels import SUFFIXES

TARS = (".tar", ".tar.gz", ".tgz")
LARGEST_MEMBER = 1_000_000_000  # bytes: more is not read into memory


def tar_samples(path: str) -> Iterator[Sample | Failure]:
    """Yield the samples of a tar, read once from front to back: files in a row that share a name up to its first dot.

    Nothing is unpacked; only ordinary files are looked at. Where the tar is torn, what was whole before has come, and
    a failure says so.
    """
    name, files = "", dict[str, bytes]()
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                if not member.isfile() or os.path.basename(member.name).startswith("."):
                    continue
                key, ending = split_name(member.name)
                if key != name:
                    if files:
                        yield sample_of(name, files)
                    name, files = key, {}
                if member.size > LARGEST_MEMBER:
                    yield Failure(key, f"{path!r} holds {member.name!r} of {member.size / 1e9:.1f} GB; 1 GB is read.")
                    continue
                content = tar.extractfile(member)
                files[ending] = content.read() if content else b""
    except (tarfile.TarError, OSError, EOFError, ValueError) as fault:
        yield Failure(pathlib.PurePath(path).name, f"{path!r} cannot be read as a tar to its end: {fault}.")
        return
    if files:
        yield sample_of(name, files)


def split_name(name: str) -> tuple[str, str]:
    """Return the key of a file in a tar, and its ending.

    >>> split_name("birds/0001.mask.png")
    ('birds/0001', 'mask.png')
    """
    folder, _, last = name.rpartition("/")
    stem, _, ending = last.partition(".")
    return (f"{folder}/{stem}" if folder else stem).removeprefix("./"), ending


def sample_of(key: str, files: Mapping[str, bytes]) -> Sample | Failure:
    """Return the sample of files that share a key: the first that is a picture, and the others to pass on."""
    ending = next((ending for ending in files if f".{ending.lower()}" in SUFFIXES), None)
    if ending is None:
        return Failure(key, f"None of its files ({', '.join(files)}) is a picture.")
    return Sample(key, files[ending], files={name: content for name, content in files.items() if name != ending})


class TarWriter:
    """A tar under way: written beside its name, closed and renamed when it is whole.

    `end` bytes of it are kept where there is one already: the samples that are known to be whole.
    """

    def __init__(self, path: pathlib.Path, end: int = 0):
        self.path, self.part = path, part_of(path)
        self.file: BinaryIO = open(self.part, "r+b" if end else "wb")  # noqa: SIM115
        self.file.truncate(end)
        self.file.seek(end)
        self.tar = tarfile.open(fileobj=self.file, mode="w")  # noqa: SIM115

    @classmethod
    def reopened(cls, path: pathlib.Path, end: int) -> "TarWriter | None":
        """Return the writer of a tar that was left unfinished, after its last whole sample; None where it is lost."""
        part = part_of(path)
        return cls(path, end) if part.exists() and part.stat().st_size >= end else None

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o644
        self.tar.addfile(member, io.BytesIO(content))

    def sync(self) -> int:
        """Bring what was added to the disk; returns where it ends."""
        self.file.flush()
        os.fsync(self.file.fileno())
        return self.file.tell()

    def close(self) -> None:
        """End the tar, and give it its name."""
        self.tar.close()
        self.sync()
        self.file.close()
        os.replace(self.part, self.path)

    def abandon(self) -> None:
        """Leave the tar as it is, to be gone on with later."""
        with contextlib.suppress(OSError):
            self.file.close()


def part_of(path: pathlib.Path) -> pathlib.Path:
    """Return where a tar is written until it is whole.

    >>> part_of(pathlib.Path("dreams/dreams-00000.tar")).name
    '.dreams-00000.tar.part'
    """
    return path.with_name(f".{path.name}.part")
