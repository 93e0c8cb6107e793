"""A batch from its source to its summary: read ahead, dreamt in groups, written, and remembered."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TextIO, Unpack

import keras

from kerasdream.ascent.step import Preprocess
from kerasdream.batch_config import BATCH_KNOBS, BatchConfig, BatchSettings
from kerasdream.batches.dreaming import SampleDreamer
from kerasdream.batches.grouping import ahead, grouped
from kerasdream.batches.manifest import Manifest
from kerasdream.batches.outputs import FolderOutput, Output, TarOutput
from kerasdream.batches.samples import (
    DreamtSample,
    Failure,
    ReadSample,
    Sample,
    check_sample,
    failure_of,
)
from kerasdream.batches.sources import BatchSource, count_of, samples_of
from kerasdream.config import KEEPS_MORE, KNOBS
from kerasdream.dreamer import document_knobs
from kerasdream.errors import BatchError, ConfigError, DreamError, DreamInterrupted, OutputError
from kerasdream.image.files import make_folder
from kerasdream.knobs import Knob, bytes_of, check_names
from kerasdream.progress import progress_line
from kerasdream.settings import ObjectiveLike

READERS = 2  # threads


@dataclasses.dataclass
class BatchSummary:
    """What a run of a batch has done.

    >>> print(BatchSummary("dreams", dreamt=196, skipped=2, failed=2, seconds=140.0, errors="dreams/errors.jsonl"))
    196 pictures dreamt in 2 min 20 s, 1.40 a second; 2 were there already; 2 failed: dreams/errors.jsonl
    """

    output: str
    dreamt: int = 0
    skipped: int = 0  # were there already
    failed: int = 0
    seconds: float = 0.0
    errors: str | None = None  # file of what failed, where something did

    def __str__(self) -> str:
        text = f"{self.dreamt} pictures dreamt in {duration(self.seconds)}, {self.rate:.2f} a second"
        text += f"; {self.skipped} were there already" if self.skipped else ""
        return text + (f"; {self.failed} failed: {self.errors}" if self.failed else "")

    @property
    def rate(self) -> float:
        """Pictures dreamt in a second."""
        return self.dreamt / self.seconds if self.seconds else 0.0

    @property
    def done(self) -> int:
        """Pictures that are dealt with."""
        return self.dreamt + self.skipped + self.failed


def dream_many(
    source: BatchSource,
    output: str | os.PathLike[str],
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[BatchSettings],
) -> BatchSummary:
    """Dream many pictures into a folder; run again, it goes on where it ended.

    `source` is a folder, a glob, tars (`shards/*.tar`), a table (.csv, .jsonl), a list of paths or pictures, or any
    iterable of dictionaries with a picture. `output` is a folder for PNG files or, with format="tar", for tars. What
    fails is told in errors.jsonl there. Returns a BatchSummary. Raises ConfigError, ModelError and WeightsError before
    anything is dreamt, OutputError where nothing can be written, BatchError where more fail than max_errors, and
    DreamInterrupted on Ctrl-C; both have the summary.

    >>> kerasdream.dream_many(["sky.jpg", "forest.jpg"], "dreams", model="mini", iterations=1).dreamt
    2
    """
    config, of_dreams = split_settings(settings)
    folder = check_output(source, output)
    total = count_of(source)
    dreamer = SampleDreamer(layers, model, preprocess, of_dreams, config)
    with ThreadedBatch(source, folder, config, dreamer) as batch:
        return batch.run(verbose, total)


document_knobs(dream_many)


def split_settings(
    settings: Mapping[str, object], knobs: Mapping[str, Knob] = BATCH_KNOBS
) -> tuple[BatchConfig, dict[str, object]]:
    """Return the config of a batch, and the settings of its dreams; ConfigError for what is neither."""
    check_names(settings, {**knobs, **KNOBS})
    if kept := [name for name in KEEPS_MORE if settings.get(name)]:
        raise ConfigError(f"A batch keeps pictures only; {kept[0]} is for single dreams. Leave it out.")
    own: Any = {name: value for name, value in settings.items() if name in knobs}
    return BatchConfig(**own), {name: value for name, value in settings.items() if name not in knobs}


def check_output(source: object, output: str | os.PathLike[str]) -> pathlib.Path:
    """Return the folder of the output, made; ConfigError where it lies in the source's own folder."""
    folder = pathlib.Path(output)
    if isinstance(source, str | os.PathLike) and os.path.isdir(source):
        inside = folder.resolve()
        if inside == pathlib.Path(source).resolve() or pathlib.Path(source).resolve() in inside.parents:
            raise ConfigError(
                f"The output {str(folder)!r} lies in the source {os.fspath(source)!r}: its dreams would be dreamt in "
                "their turn. Name a folder elsewhere."
            )
    make_folder(folder)
    return folder


class Batch:
    """What a run of a batch keeps, whatever dreams it; as a context manager it lets go of its manifest."""

    def __init__(self, source: BatchSource, folder: pathlib.Path, config: BatchConfig):
        self.source, self.config = source, config
        self.number, self.count = config.part()
        suffix = "" if self.count == 1 else f"-{self.number}of{self.count}"
        self.manifest = Manifest(folder / f".kerasdream-batch{suffix}.sqlite")
        self.output: Output = (
            TarOutput(folder, suffix, bytes_of(config.tar_size), self.manifest)
            if config.format == "tar"
            else FolderOutput(folder)
        )
        self.errors_path = folder / f"errors{suffix}.jsonl"
        self.errors_path.unlink(missing_ok=True)  # what fails again is told again
        self.errors: TextIO | None = None
        self.summary = BatchSummary(os.fspath(folder))
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.summary.seconds = time.monotonic() - self.began
        self.output.abandon()
        self.manifest.close()
        if self.errors:
            self.errors.close()

    def run(self, verbose: bool | str, total: int | None) -> BatchSummary:
        """Dream all that is not dreamt yet."""
        total = total if self.count == 1 else None
        line = progress_line(verbose, total)
        try:
            with contextlib.closing(self.dreams()) as groups:
                for dreams in groups:
                    self.keep(dreams)
                    if line:
                        line.update(self.summary.done, self.progress(total))
            self.output.close()
        except KeyboardInterrupt:
            interrupt = DreamInterrupted("The batch was interrupted; run it again, and it goes on where it ended.")
            interrupt.result = self.summary
            raise interrupt from None
        finally:
            self.summary.seconds = time.monotonic() - self.began
            if line:
                line.close()
        return self.summary

    def dreams(self) -> Generator[list[DreamtSample | Failure]]:
        """Yield the dreams of groups of samples, and what failed; count what was there already."""
        raise NotImplementedError

    def is_done(self, sample: Sample, content: str, settings: str) -> bool:
        """Say whether a sample is dreamt already; OutputError where a tar holds another dream with its key."""
        row = self.manifest.find(sample.key)
        if row is None or not self.output.holds(row):
            return False
        if (row.content, row.settings) == (content, settings):
            return True
        if row.tar is not None:
            raise OutputError(
                f"Tar {row.tar} holds its dream already, of another picture or with other settings. Name another "
                "folder."
            )
        return False

    def keep(self, dreams: list[DreamtSample | Failure]) -> None:
        """Write the dreams of a group, and then their rows."""
        whole = [one for one in dreams if not isinstance(one, Failure)]
        if whole:
            self.manifest.add(self.output.write(whole))
        self.summary.dreamt += len(whole)
        for one in dreams:
            if isinstance(one, Failure):
                self.fail(one)

    def fail(self, failure: Failure) -> None:
        """Write a failure down; BatchError where there are more than allowed."""
        if self.errors is None:
            self.errors = self.errors_path.open("a", encoding="utf-8")
            self.summary.errors = os.fspath(self.errors_path)
        self.errors.write(json.dumps(dataclasses.asdict(failure)) + "\n")
        self.errors.flush()
        self.summary.failed += 1
        if self.config.max_errors is not None and self.summary.failed > self.config.max_errors:
            fault = BatchError(
                f"More than {self.config.max_errors} pictures failed; the last: {failure.key}: {failure.reason} Run it "
                "again with a larger max_errors, and it goes on."
            )
            fault.summary = self.summary
            raise fault

    def progress(self, total: int | None) -> str:
        """Return what the progress line says beside its bar."""
        summary, seconds = self.summary, time.monotonic() - self.began
        rate = summary.dreamt / max(seconds, 1e-9)
        text = f"{rate:.2f} pictures/s"
        if total and rate:
            text += f", {duration(max(0, total - summary.done) / rate)} left"
        return text + (f", {summary.failed} failed" if summary.failed else "")


class ThreadedBatch(Batch):
    """A batch that is dreamt in this process, by several threads."""

    def __init__(self, source: BatchSource, folder: pathlib.Path, config: BatchConfig, dreamer: SampleDreamer):
        super().__init__(source, folder, config)
        self.dreamer, self.stop = dreamer, threading.Event()

    def dreams(self) -> Generator[list[DreamtSample | Failure]]:
        """Yield the dreams of groups of samples, and what failed; count what was there already."""
        readers, dreamers = ThreadPoolExecutor(READERS), ThreadPoolExecutor(self.config.threads())
        try:
            groups = grouped(
                self.to_dream(readers),
                self.dreamer.kind,
                self.dreamer.group_limit,
                self.config.window,
                lambda read: read.picture.pixels[..., 0].size,
            )
            yield from ahead(dreamers, self.dream, groups, self.config.threads())
        finally:
            self.stop.set()
            for pool in (readers, dreamers):
                pool.shutdown(cancel_futures=True)

    def to_dream(self, readers: ThreadPoolExecutor) -> Iterator[ReadSample]:
        """Yield the samples that are to be dreamt; count the others."""
        samples = unique_samples(self.source, (self.number, self.count), self.manifest.is_first)
        read = functools.partial(self.dreamer.read, is_done=self.is_done)
        for sample in ahead(readers, read, samples, 2 * READERS):
            if isinstance(sample, Failure):
                self.fail(sample)
            elif sample is None:
                self.summary.skipped += 1
            else:
                yield sample

    def dream(self, group: list[ReadSample]) -> list[DreamtSample | Failure]:
        """Return the dreams of a group."""
        return self.dreamer.dream(group, self.check)

    def check(self, _: object) -> None:
        """Raise where the run has ended meanwhile."""
        if self.stop.is_set():
            raise InterruptedError("the batch has ended")


def unique_samples(
    source: BatchSource, part: tuple[int, int], is_first: Callable[[str], bool]
) -> Iterator[Sample | Failure]:
    """Yield the samples of a part of a source, each key once."""
    number, count = part
    for item in samples_of(source):
        if count > 1 and part_of_key(item.key, count) != number:
            continue
        if isinstance(item, Sample):
            try:
                item = check_sample(item)
            except DreamError as fault:
                item = failure_of(item.key, fault)
            if not is_first(item.key):
                item = Failure(item.key, "The key came twice; the first picture with it is dreamt.")
        yield item


def part_of_key(key: str, count: int) -> int:
    """Return which of so many parts a key falls to, from 1: the same on every machine.

    >>> [part_of_key(key, 2) for key in ("a", "b", "c", "d")]
    [1, 1, 1, 2]
    """
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % count + 1


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(7.2), duration(140), duration(7500)
    ('7 s', '2 min 20 s', '2 h 5 min')
    """
    whole = round(seconds)
    for large, unit, small in ((3600, "h", "min"), (60, "min", "s")):
        if whole >= large:
            return f"{whole // large} {unit} {whole % large // (large // 60)} {small}"
    return f"{whole} s"
