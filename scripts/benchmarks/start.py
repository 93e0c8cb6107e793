"""Seconds from the start of a cold process: to the end of --help, and to the first preview picture; medians.

python scripts/benchmarks/start.py --weights=inception_v3_notop.weights.h5 --rounds=3
"""

import argparse
import os
import subprocess
import sys
import time

import numpy as np

PREVIEW = """
import sys
import kerasdream
from kerasdream.cli import quiet_start
quiet_start()
dreamer = kerasdream.Dreamer(model=sys.argv[1], weights=sys.argv[2], max_loss=None)
def preview(moment):
    moment.picture().save("/dev/null", "PNG")
    moment.stop()
dreamer.run(kerasdream.sample().resize((512, 341)), callback=preview)
print("preview", flush=True)
"""


def seconds(*command: str) -> float:
    """How long a process takes to say its first line."""
    began = time.perf_counter()
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet
    ) as run:
        assert run.stdout is not None
        if not run.stdout.readline():
            raise SystemExit(f"{command} said nothing")
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", default="random")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    commands = {
        "--help": ("-m", "kerasdream", "--help"),
        "preview by mini": ("-c", PREVIEW, "mini", "imagenet"),
        "preview by inception_v3": ("-c", PREVIEW, "inception_v3", options.weights),
    }
    for name, command in commands.items():
        times = [seconds(*command) for _ in range(options.rounds)]
        print(f"{name:24} {np.median(times):6.2f} s")


if __name__ == "__main__":
    main()
