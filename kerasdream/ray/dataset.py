"""Data sets of Ray, dreamt: a column of dreams, and one of what failed."""

from typing import Unpack

import keras
import pyarrow as pa
from ray.data import Dataset
from ray.data.block import BlockAccessor

from kerasdream.ascent.step import Preprocess
from kerasdream.batch_config import BATCH_KNOBS
from kerasdream.batches.run import split_settings
from kerasdream.batches.samples import DreamtSample, Failure
from kerasdream.batches.sources import item_sample
from kerasdream.dreamer import document_knobs
from kerasdream.ray.actor import Actor, Job
from kerasdream.ray.pool import Concurrency, Pool
from kerasdream.settings import ObjectiveLike, Settings

OF_DATASETS = {name: BATCH_KNOBS[name] for name in ("size", "round_up", "group")}
ROWS = 8  # that go to an actor at a time, where no group is asked for


class DatasetSettings(Settings, total=False):
    """The settings of a data set's dreams as keyword arguments."""

    size: str | None
    round_up: int
    group: int | None


def dream(
    dataset: Dataset,
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    concurrency: Concurrency = None,
    num_gpus: float = 0,
    **settings: Unpack[DatasetSettings],
) -> Dataset:
    """Dream the pictures of a Ray data set; returns it with the columns `dream`, `record` and `error`.

    The picture is the first column that holds bytes of a file, an array, a path or `{"bytes": ..., "path": ...}`.
    `dream` is the bytes of a PNG file, with its settings inside, the same as `dream_many` writes; `record` is them and
    the losses as JSON; `error` says why there is no dream, and is empty where there is one. All other columns stay.
    `concurrency` actors, or from so many to so many, each hold a network: on a core of a processor, or with `num_gpus`
    on a GPU or a part of one. Nothing is dreamt before the data set is consumed. Raises ConfigError or ModelError.

    >>> dreams = kerasdream.ray.dream(ray.data.read_binary_files("photos/"), "mixed4")  # doctest: +SKIP
    >>> dreams.filter(lambda row: not row["error"]).write_parquet("dreams/")  # doctest: +SKIP
    """
    batch, of_dreams = split_settings(settings, OF_DATASETS)
    pool = Pool(concurrency, num_gpus)
    job = Job.of(layers, model, preprocess, of_dreams, batch)
    return pool.map(dataset, DatasetActor, job, batch.group or ROWS)


document_knobs(dream)


class DatasetActor(Actor):
    """Dreams the rows of a data set."""

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return the table with the columns of the dreams."""
        rows = BlockAccessor.for_block(table).iter_rows(public_row_format=True)
        outcomes = self.outcomes(item_sample(row, number) for number, row in enumerate(rows))
        whole = [one if isinstance(one, DreamtSample) else None for one in outcomes]
        columns = {
            "dream": pa.array([one.png if one else b"" for one in whole], pa.binary()),
            "record": pa.array([one.record.decode() if one else "" for one in whole], pa.string()),
            "error": pa.array([one.reason if isinstance(one, Failure) else "" for one in outcomes], pa.string()),
        }
        kept = [name for name in table.column_names if name not in columns]
        table = table.select(kept)
        for name, column in columns.items():
            table = table.append_column(name, column)
        return table
