"""A batch that a cluster dreams: read by one task, dreamt by actors, written and remembered here."""

import dataclasses
import os
import pathlib
import pickle
from collections.abc import Generator
from typing import Unpack

import keras
import pyarrow as pa
import ray
import ray.data
from ray.exceptions import RayError

from kerasdream.ascent.step import Preprocess
from kerasdream.batch_config import BatchConfig, BatchSettings
from kerasdream.batches.run import Batch, BatchSummary, check_output, split_settings
from kerasdream.batches.samples import DreamtSample, Failure, failure_of
from kerasdream.batches.sources import BatchSource, count_of
from kerasdream.dreamer import document_knobs
from kerasdream.errors import BatchError, DreamError, OutputError
from kerasdream.ray.actor import Actor, Job, Outcome
from kerasdream.ray.cluster import cluster
from kerasdream.ray.known import KnownDreams
from kerasdream.ray.pool import Concurrency, Pool
from kerasdream.ray.source import SampleSource
from kerasdream.settings import ObjectiveLike


def dream_many(
    source: BatchSource,
    output: str | os.PathLike[str],
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    address: str | None = None,
    concurrency: Concurrency = None,
    num_gpus: float = 0,
    verbose: bool | str = "auto",
    **settings: Unpack[BatchSettings],
) -> BatchSummary:
    """Dream many pictures on a Ray cluster; run again, it goes on where it ended.

    It is `kerasdream.dream_many` in all else: the same sources, outputs, manifest and errors; either goes on with what
    the other began. `address` is a cluster's, such as "10.0.0.1:6379"; without one, that of this machine is taken, or
    one is started on its cores. `concurrency` and `num_gpus` are those of `kerasdream.ray.dream`. Sources are read and
    outputs written on this machine; pictures that are files are opened where they are dreamt, under the same path.
    Returns a BatchSummary. Raises what kerasdream.dream_many raises, and BatchError where the cluster gives up.

    >>> kerasdream.ray.dream_many("photos/", "dreams/", "mixed4", concurrency=(1, 64)).failed  # doctest: +SKIP
    0
    """
    config, of_dreams = split_settings(settings)
    pool = Pool(concurrency, num_gpus)
    folder = check_output(source, output)
    job = Job.of(layers, model, preprocess, of_dreams, config)
    with cluster(address), ClusterBatch(source, folder, config, job, pool) as batch:
        return batch.run(verbose, count_of(source))


document_knobs(dream_many)


class SampleActor(Actor):
    """Dreams packs of samples."""

    def __init__(self, job: Job, known: "ray.ObjectRef[KnownDreams]"):
        super().__init__(job)
        self.known: KnownDreams = ray.get(known)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return what became of the samples of packs."""
        packs = [pickle.loads(pack.as_py()) for pack in table["samples"]]
        outcomes = [[lean(one) for one in self.outcomes(pack, self.known.holds)] for pack in packs]
        return pa.table({"outcomes": pa.array([pickle.dumps(one) for one in outcomes], pa.binary())})


def lean(outcome: Outcome) -> Outcome:
    """Return an outcome without the picture that was dreamt, but for its path."""
    if not isinstance(outcome, DreamtSample) or isinstance(outcome.sample.image, str | os.PathLike):
        return outcome
    return dataclasses.replace(outcome, sample=dataclasses.replace(outcome.sample, image=b""))


class ClusterBatch(Batch):
    """A batch that is dreamt by the actors of a cluster."""

    actor: type[Actor] = SampleActor

    def __init__(self, source: BatchSource, folder: pathlib.Path, config: BatchConfig, job: Job, pool: Pool):
        super().__init__(source, folder, config)
        self.job, self.pool = job, pool

    def dreams(self) -> Generator[list[DreamtSample | Failure]]:
        """Yield the dreams of packs of samples, and what failed; count what was there already."""
        known = ray.put(KnownDreams.of(row for row in self.manifest.rows() if self.output.holds(row)))
        try:
            for table in self.outcomes(known).iter_batches(batch_size=None, batch_format="pyarrow"):
                for pack in table["outcomes"]:
                    yield list(self.new(pickle.loads(pack.as_py())))
        except (RayError, DreamError) as fault:
            raise self.fault_of(fault) from None

    def outcomes(self, known: "ray.ObjectRef[KnownDreams]") -> "ray.data.Dataset":
        """Return the data set of what becomes of the samples, pack by pack."""
        packs = ray.data.read_datasource(
            SampleSource(self.source, (self.number, self.count), self.job.folder),
            num_cpus=0,
            override_num_blocks=1,
            label_selector={"ray.io/node-id": ray.get_runtime_context().get_node_id()},  # where the source is
        )
        packs.context.target_max_block_size = 1  # byte: each pack comes by itself
        packs.context.enable_progress_bars = False
        return self.pool.map(packs, self.actor, self.job, None, {"known": known})

    def new(self, outcomes: list[Outcome]) -> Generator[DreamtSample | Failure]:
        """Yield what is to be kept; count what was there already."""
        for one in outcomes:
            kept = self.unless_done(one) if isinstance(one, DreamtSample) else one
            if kept is None:
                self.summary.skipped += 1
            else:
                yield kept

    def unless_done(self, dream: DreamtSample) -> Outcome:
        """Return a dream, None where it is written already, or why it cannot be."""
        try:
            return None if self.is_done(dream.sample, dream.content, dream.settings) else dream
        except OutputError as fault:
            return failure_of(dream.sample.key, fault)

    def fault_of(self, fault: BaseException) -> DreamError:
        """Return what went wrong on a machine: an error of ours as it was there, any other as BatchError."""
        cause: BaseException | None = fault
        while cause is not None:
            if isinstance(cause, DreamError) and not isinstance(cause, RayError):
                return cause
            cause = getattr(cause, "cause", None) or cause.__cause__
        given_up = BatchError(f"The cluster gave up: {fault} Run it again, and it goes on where it ended.")
        given_up.summary = self.summary
        return given_up
