"""Outputs: where dreams and what came beside them are written, a folder or tars."""

import json
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from kerasdream.batches.manifest import Manifest, Row
from kerasdream.batches.samples import DreamtSample, Sample
from kerasdream.batches.tars import TarWriter
from kerasdream.errors import InputImageError, OutputError
from kerasdream.image.files import is_same, write_whole
from kerasdream.image.metadata import record_of


class Output(Protocol):
    """What writes dreams; the rows that it returns are of what is safe on the disk."""

    def holds(self, row: Row) -> bool:
        """Say whether the dream of a row is still there."""
        ...

    def write(self, dreams: Sequence[DreamtSample]) -> list[Row]:
        """Write dreams."""
        ...

    def close(self) -> None:
        """End the output of a whole run."""
        ...

    def abandon(self) -> None:
        """Leave the output as it is, to be gone on with later."""
        ...


def files_of(dream: DreamtSample, with_record: bool) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of all files of a dream; key.json only where it says more than the picture."""
    key = dream.sample.key
    yield f"{key}.png", dream.png
    if with_record or dream.sample.columns:
        yield f"{key}.json", dream.record
    for ending, content in dream.sample.files.items():
        taken = ending.lower() == "png" or (ending == "json" and (with_record or dream.sample.columns))
        yield f"{key}.source.{ending}" if taken else f"{key}.{ending}", content


class FolderOutput:
    """Files in a folder that keeps the tree: `birds/0001.png`, and beside it what came with the picture.

    >>> output = FolderOutput(pathlib.Path("dreams"))
    >>> output.target("birds/0001").as_posix()
    'dreams/birds/0001.png'
    """

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def target(self, key: str) -> pathlib.Path:
        """Return the path of a dream."""
        return self.folder / f"{key}.png"

    def check(self, sample: Sample) -> None:
        """Raise OutputError where the dream would replace its own picture, or one that is no dream."""
        target = self.target(sample.key)
        if not os.path.lexists(target):
            return
        source = os.fspath(sample.image) if isinstance(sample.image, str | os.PathLike) else None
        try:
            if not is_same(target, source):
                record_of(target)
                return
        except InputImageError:
            pass
        raise OutputError(f"{str(target)!r} exists and is no dream; it is not written over. Name another folder.")

    def holds(self, row: Row) -> bool:
        """Say whether the dream of a row is still there."""
        return row.tar is None and self.target(row.key).exists()

    def write(self, dreams: Sequence[DreamtSample]) -> list[Row]:
        """Write the files of dreams, each whole or not at all, the picture last."""
        for dream in dreams:
            self.check(dream.sample)
            for name, content in reversed(list(files_of(dream, with_record=False))):
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, lambda file, content=content: file.write(content), overwrite=True)  # type: ignore[misc]
        return [Row(dream.sample.key, dream.content, dream.settings) for dream in dreams]

    def close(self) -> None:
        """Do nothing: every file is whole."""

    abandon = close


class TarOutput:
    """Tars of about one size, `dreams-00000.tar` and so on, with `key.png`, `key.json` and what came beside.

    One that a run left unfinished is gone on with after its last whole sample.
    """

    def __init__(self, folder: pathlib.Path, suffix: str, size: int, manifest: Manifest):
        self.folder, self.suffix, self.size = folder, suffix, size
        self.writer: TarWriter | None = None
        self.number = 0
        for number, end in manifest.tars():
            self.number = number + 1
            if self.path(number).exists():
                continue
            writer = TarWriter.reopened(self.path(number), end)
            if writer is None:
                manifest.forget_tar(number)
            else:
                self.writer, self.number = writer, number

    def path(self, number: int) -> pathlib.Path:
        """Return the path of a tar."""
        return self.folder / f"dreams{self.suffix}-{number:05d}.tar"

    def holds(self, row: Row) -> bool:
        """Say whether the dream of a row is still there."""
        if row.tar is None:
            return False
        return self.path(row.tar).exists() or (self.writer is not None and row.tar == self.number)

    def write(self, dreams: Sequence[DreamtSample]) -> list[Row]:
        """Add dreams to the tar, and bring them to the disk."""
        if self.writer is not None and self.writer.file.tell() >= self.size:
            self.close()  # not before its rows are in the manifest: a tar with its name is whole, and all of it known
        rows = []
        writer = self.writer = self.writer or self.next_writer()
        for dream in dreams:
            for name, content in files_of(dream, with_record=True):
                writer.add(name, content)
            rows.append(Row(dream.sample.key, dream.content, dream.settings, self.number, writer.file.tell()))
        writer.sync()
        return rows

    def next_writer(self) -> TarWriter:
        """Begin the next tar whose name is free."""
        while self.path(self.number).exists():
            self.number += 1
        return TarWriter(self.path(self.number))

    def close(self) -> None:
        """End the tar under way."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None
            self.number += 1

    def abandon(self) -> None:
        """Leave the tar under way as it is, to be gone on with later."""
        if self.writer is not None:
            self.writer.abandon()


def record_text(record: object, sample: Sample) -> bytes:
    """Return the JSON of a record, with the columns that came with its picture."""
    whole = {**record, "sample": dict(sample.columns)} if isinstance(record, dict) and sample.columns else record
    return json.dumps(whole, allow_nan=True).encode()
