"""A folder of photographs of mixed sizes, dreamt picture by picture and by `kerasdream batch`: pictures per second.

    python scripts/benchmarks/folder.py photos/ --weights=inception_v3_notop.weights.h5 --pictures=200 --rounds=2

Photographs are shrunk to 512 pixels first. The processes take turns, A B A B; each is warm before its clock starts.
Seconds of the processor stand beside those of the clock: on a machine with other work they are what can be compared.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ARMS = ("one by one", "batch")


def shrink(source: str, target: pathlib.Path, count: int, side: int) -> None:
    """Write so many photographs of a folder, evenly chosen, with their longer side at most `side`."""
    from PIL import Image

    paths = sorted(path for path in pathlib.Path(source).iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    for path in paths[:: max(1, len(paths) // count)][:count]:
        with Image.open(path) as image:
            image.thumbnail((side, side))
            image.convert("RGB").save(target / f"{path.stem}.jpg", quality=95)


def dream_folder(arm: str, folder: str, settings: dict[str, object]) -> None:
    """Dream a folder in one of both ways, and print the seconds of the clock and of the processor."""
    from kerasdream.cli.batch import a_thread_for_each_core

    workers = a_thread_for_each_core() if arm == ARMS[1] else 1  # as `kerasdream batch` does
    import kerasdream

    paths = sorted(pathlib.Path(folder).iterdir())
    with tempfile.TemporaryDirectory() as output:
        if arm == ARMS[0]:
            dreamer = kerasdream.Dreamer(**settings)  # type: ignore[arg-type]
            dreamer.run(paths[0])
            began, used = time.perf_counter(), sum(os.times()[:2])
            for path in paths:
                dreamer.run(path).save(pathlib.Path(output, f"{path.stem}-dream.png"))
        else:
            from kerasdream.batch_config import BatchConfig
            from kerasdream.batches.dreaming import SampleDreamer
            from kerasdream.batches.run import ThreadedBatch

            config = BatchConfig(workers=workers)
            many = SampleDreamer(None, str(settings.pop("model")), None, settings, config)
            with (
                tempfile.TemporaryDirectory() as warm,
                ThreadedBatch(paths[:1], pathlib.Path(warm), config, many) as batch,
            ):
                batch.run(False, 1)
            began, used = time.perf_counter(), sum(os.times()[:2])
            with ThreadedBatch(folder, pathlib.Path(output), config, many) as batch:
                assert batch.run(False, None).dreamt == len(paths)
        print(json.dumps([time.perf_counter() - began, sum(os.times()[:2]) - used]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos")
    parser.add_argument("--model", default="inception_v3")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", action="append")
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    precisions = options.precision or ["float32", "bfloat16"]
    settings = {"model": options.model, "weights": options.weights, "iterations": options.iterations}
    if options.arm:
        dream_folder(options.arm, options.photos, settings | {"precision": precisions[0]})
        return
    print(f"{'':10} {'':12} {'pictures/s':>10} {'of the processor':>17} {'ratio':>6} {'of the processor':>17}")
    with tempfile.TemporaryDirectory() as folder:
        shrink(options.photos, pathlib.Path(folder), options.pictures, options.side)
        count = len(os.listdir(folder))
        for precision in precisions:
            times: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
            for _ in range(options.rounds):
                for arm in ARMS:
                    flags = [f"--{name}={value}" for name, value in settings.items()]
                    command = [sys.executable, __file__, folder, f"--arm={arm}", f"--precision={precision}", *flags]
                    done = subprocess.run(command, capture_output=True, text=True, check=True)
                    times[arm].append(json.loads(done.stdout.splitlines()[-1]))
            for arm in ARMS:
                wall, used = (count / statistics.median(one) for one in zip(*times[arm], strict=True))
                before = [count / statistics.median(one) for one in zip(*times[ARMS[0]], strict=True)]
                ratios = f"{wall / before[0]:6.2f} {used / before[1]:17.2f}"
                print(f"{precision:10} {arm:12} {wall:10.3f} {used:17.3f} {ratios}", flush=True)


if __name__ == "__main__":
    main()
