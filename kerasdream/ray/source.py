"""The source of a batch as a data set: packs of samples, a row each."""

import os
import pickle
from collections.abc import Iterable, Iterator

import pyarrow as pa
import ray.data
from ray.data.block import BlockMetadata

from kerasdream.batches.manifest import Manifest
from kerasdream.batches.run import unique_samples
from kerasdream.batches.samples import Failure, Sample
from kerasdream.batches.sources import BatchSource

LONGEST_PACK = 32  # samples: what is done again where an actor is lost
GROWTH = 1000  # after so many samples packs are longer by one: few are shared out evenly, many cost the driver less
LARGEST_PACK = 8_000_000  # bytes of what is in memory, such as the files of a tar


class SampleSource(ray.data.Datasource):
    """Reads the samples of a part of a source: one task, which looks through it once and waits where none is wanted."""

    def __init__(self, source: BatchSource, part: tuple[int, int], folder: str):
        self.source, self.part, self.folder = source, part, folder

    def estimate_inmemory_data_size(self) -> None:
        """Return None: nobody knows."""

    def get_read_tasks(self, parallelism: int, *_: object, **__: object) -> list[ray.data.ReadTask]:
        """Return the task."""
        metadata = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
        return [ray.data.ReadTask(self.packs, metadata)]

    def packs(self) -> Iterator[pa.Table]:
        """Yield packs of samples."""
        os.chdir(self.folder)
        keys = Manifest("")  # SQLite keeps it where there is room, and removes it
        for pack in packed(unique_samples(self.source, self.part, keys.is_first)):
            yield pa.table({"samples": pa.array([pickle.dumps(pack)], pa.binary())})


def packed(samples: Iterable[Sample | Failure]) -> Iterator[list[Sample | Failure]]:
    """Yield samples together, by and by more of them.

    >>> lengths = [len(pack) for pack in packed(Sample(str(number), "sky.jpg") for number in range(1005))]
    >>> lengths[:2], lengths[-3:]
    ([1, 1], [2, 2, 1])
    """
    pack, size = list[Sample | Failure](), 0
    for number, sample in enumerate(samples):
        pack.append(sample)
        size += size_of(sample)
        if len(pack) >= min(LONGEST_PACK, 1 + number // GROWTH) or size > LARGEST_PACK:
            yield pack
            pack, size = [], 0
    if pack:
        yield pack


def size_of(sample: Sample | Failure) -> int:
    """Return how many bytes of a sample are in memory."""
    if isinstance(sample, Failure):
        return 0
    held = [sample.image, *sample.files.values()]
    return sum(len(one) for one in held if isinstance(one, bytes))
