"""Time two Ray actors on two cores against one: the same pictures, the same network, one thread each.

    python scripts/benchmarks/ray_actors.py --pictures=64 --size=192 --rounds=2

The pool is warmed up in each run by as many pictures before the clock starts, so that loading a network is not timed.
Beside the clock stands the processor's time of the whole machine: on one that is shared, the clock says little.
"""

import argparse
import pathlib
import tempfile
import time

import numpy as np
import ray
import ray.data

from kerasdream.ray import dream


def busy_seconds() -> float:
    """Return the seconds that the cores of this machine have been busy, together."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system = (int(field) for field in fields[:3])
    return (user + nice + system) / 100


def pictures_a_second(actors: int, pictures: int, size: int, model: str, iterations: int) -> tuple[float, float]:
    """Return the rate of so many actors once all are warm, and how many cores the machine kept busy meanwhile."""
    images = np.random.default_rng(0).integers(0, 256, (2 * pictures, size, size, 3)).astype(np.uint8)
    rows = [{"key": str(number), "image": image} for number, image in enumerate(images)]
    dataset = ray.data.from_items(rows, override_num_blocks=pictures)
    dreams = dream(dataset, model=model, concurrency=actors, iterations=iterations, num_octave=2)
    times, busy = [], []
    for _ in dreams.iter_batches(batch_size=1, prefetch_batches=0):
        times.append(time.perf_counter())
        busy.append(busy_seconds())
    first = pictures // 2
    seconds = times[-1 - pictures // 4] - times[first]  # neither the warming up nor the end, where one actor is idle
    count = len(times) - 1 - pictures // 4 - first
    return count / seconds, (busy[-1 - pictures // 4] - busy[first]) / seconds


def main() -> None:
    """Measure, in turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--iterations", type=int, default=8)
    given = parser.parse_args()
    folder = tempfile.gettempdir()
    print(f"{ray.__version__=}, spilling to {folder}")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for number in range(given.rounds):
        one, two = (
            pictures_a_second(actors, given.pictures, given.size, given.model, given.iterations) for actors in (1, 2)
        )
        print(
            f"round {number + 1}: one actor {one[0]:.2f} pictures/s ({one[1]:.2f} cores busy), "
            f"two {two[0]:.2f} ({two[1]:.2f}), ratio {two[0] / one[0]:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
