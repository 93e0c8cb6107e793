"""Time what a batch on Ray costs beside its dreams: a million samples through all of it, with a stub in their place.

    python scripts/benchmarks/ray_rows.py --rows=1000000

The source, packs, actors, driver and manifest are those of `kerasdream batch --ray`; a dream is 20 bytes,
and is thrown away in place of being written, since the speed of a disk is known.
"""

import argparse
import pathlib
import pickle
import tempfile
import time
from collections.abc import Iterator, Sequence

import pyarrow as pa
import ray

from kerasdream.batch_config import BatchConfig
from kerasdream.batches.manifest import Row
from kerasdream.batches.samples import DreamtSample, Failure
from kerasdream.ray.actor import Actor, Job
from kerasdream.ray.cluster import cluster
from kerasdream.ray.pool import Pool
from kerasdream.ray.run import ClusterBatch


class Rows:
    """A source of so many samples."""

    def __init__(self, count: int):
        self.count = count

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (
            {"key": f"n{number // 1000:05d}/{number:08d}", "image": b"20 bytes of picture."}
            for number in range(self.count)
        )


class StubActor(Actor):
    """Gives back what comes, as if it were dreamt."""

    def __init__(self, job: Job, known: object):
        self.count = 0

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return what became of the samples of packs."""
        packs = [pickle.loads(pack.as_py()) for pack in table["samples"]]
        dreams = [
            [DreamtSample(one, "00" * 16, "00" * 8, b"20 bytes of picture.", b"{}") for one in pack] for pack in packs
        ]
        return pa.table({"outcomes": pa.array([pickle.dumps(pack) for pack in dreams], pa.binary())})


class NoOutput:
    """Writes nothing."""

    def holds(self, row: Row) -> bool:
        """Say whether the dream of a row is still there."""
        return True

    def write(self, dreams: Sequence[DreamtSample]) -> list[Row]:
        """Return rows as if dreams had been written."""
        return [Row(dream.sample.key, dream.content, dream.settings) for dream in dreams]

    def close(self) -> None:
        """Do nothing."""

    abandon = close


class StubBatch(ClusterBatch):
    """A batch of stubs that tells its memory on the way."""

    actor = StubActor
    told = 0

    def keep(self, dreams: list[DreamtSample | Failure]) -> None:
        """Keep dreams, and print a line for each tenth of a million."""
        super().keep(dreams)
        if self.summary.done // 100_000 > self.told:
            self.told = self.summary.done // 100_000
            seconds = time.monotonic() - self.began
            print(f"{self.summary.done} rows, {seconds:.0f} s, driver {resident() / 1e6:.0f} MB", flush=True)


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    count = parser.parse_args().rows
    job = Job(None, "mini", None, {}, BatchConfig(), str(pathlib.Path.cwd()))
    with tempfile.TemporaryDirectory() as folder, cluster("local"):
        print(f"ray {ray.__version__}, driver {resident() / 1e6:.0f} MB", flush=True)
        with StubBatch(Rows(count), pathlib.Path(folder), BatchConfig(), job, Pool(1)) as batch:
            batch.output = NoOutput()
            print(batch.run(False, None))
        size = sum(path.stat().st_size for path in pathlib.Path(folder).glob(".*.sqlite*"))
        print(f"driver {resident() / 1e6:.0f} MB, manifest {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
