"""The actor: a process that holds a network and dreams what comes to it, on one device."""

import contextlib
import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import keras

from kerasdream.ascent.step import Preprocess
from kerasdream.batch_config import BatchConfig
from kerasdream.batches.dreaming import SampleDreamer
from kerasdream.batches.grouping import grouped
from kerasdream.batches.samples import DreamtSample, Failure, ReadSample, Sample
from kerasdream.loading import ONE_THREAD
from kerasdream.model import saved
from kerasdream.resolution import resolve_config
from kerasdream.settings import ObjectiveLike

Outcome: TypeAlias = DreamtSample | Failure | None  # None where it was dreamt before
GROWING_MEMORY = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
ONE_CORE = ONE_THREAD | {"TF_NUM_INTEROP_THREADS": "1"}


@dataclasses.dataclass(frozen=True)
class Job:
    """What all actors dream with, on whatever machine."""

    layers: ObjectiveLike | None
    model: str | keras.Model | None
    preprocess: Preprocess | None
    settings: Mapping[str, object]
    batch: BatchConfig
    folder: str  # that relative paths start from
    model_file: bytes | None = None  # of a saved model, which may be on this machine only

    @classmethod
    def of(
        cls,
        layers: ObjectiveLike | None,
        model: str | keras.Model | None,
        preprocess: Preprocess | None,
        settings: Mapping[str, object],
        batch: BatchConfig,
    ) -> "Job":
        """Return the job of some settings. What depends on a machine is decided on this one.

        Raises ConfigError or ModelError for what cannot be.
        """
        config = resolve_config(layers, model, preprocess, settings)
        batch = dataclasses.replace(batch, workers=1)
        if not isinstance(model, keras.Model):  # the network that stands in for one that is not at hand is so for all
            if saved.is_saved(config.model):
                content = pathlib.Path(config.model).read_bytes()
                return cls(layers, os.path.basename(config.model), preprocess, settings, batch, os.getcwd(), content)
            model, settings = config.model, {**settings, "precision": config.precision}
        return cls(layers, model, preprocess, settings, batch, os.getcwd())


def environment(on_gpu: bool) -> dict[str, str]:
    """Return the environment of an actor: memory that grows on a GPU, or one thread; what is set here goes before."""
    wanted = {"KERAS_BACKEND": keras.backend.backend(), **(GROWING_MEMORY if on_gpu else ONE_CORE)}
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


class Actor:
    """Holds a network, loaded once, and dreams samples."""

    def __init__(self, job: Job):
        with contextlib.suppress(OSError):  # on a machine without this folder, paths are absolute
            os.chdir(job.folder)
        model = job.model
        if job.model_file is not None:
            self.files = tempfile.TemporaryDirectory()  # as long as the actor: samples have settings of their own
            path = pathlib.Path(self.files.name, str(model))
            path.write_bytes(job.model_file)
            model = str(path)
        self.dreamer = SampleDreamer(job.layers, model, job.preprocess, job.settings, job.batch)

    def outcomes(
        self, samples: Iterable[Sample | Failure], is_done: Callable[[Sample, str, str], bool] | None = None
    ) -> list[Outcome]:
        """Return what became of samples, in their order."""
        found: dict[int, Outcome] = {}

        def to_dream() -> Iterator[tuple[int, ReadSample]]:
            for number, sample in enumerate(samples):
                read = self.dreamer.read(sample, is_done)
                if isinstance(read, ReadSample):
                    yield number, read
                else:
                    found[number] = read

        kind, limit, window = self.dreamer.kind, self.dreamer.group_limit, self.dreamer.batch.window
        for group in grouped(to_dream(), lambda one: kind(one[1]), lambda one: limit(one[1]), window):
            dreams = self.dreamer.dream([read for _, read in group])
            found.update(zip((number for number, _ in group), dreams, strict=True))
        return [found[number] for number in sorted(found)]
