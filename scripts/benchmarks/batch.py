"""Sixteen pictures in one batch against one after the other: pictures per second, in turn A B A B, medians.

    python scripts/benchmarks/batch.py --weights=inception_v3_notop.weights.h5 --rounds=3

Both are warm: the Dreamer has seen the size before. Without --weights the network has random weights.
"""

import argparse
import json
import os
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import kerasdream


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="inception_v3")
    parser.add_argument("--weights", default="random")
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="file to write the figures into")
    options = parser.parse_args()
    sample = np.asarray(kerasdream.sample())
    rng, side = np.random.default_rng(0), options.side
    corners = [rng.integers(0, np.array(sample.shape[:2]) - side) for _ in range(options.pictures)]
    pictures = np.stack([sample[y : y + side, x : x + side] for y, x in corners])
    table: dict[str, Any] = {}
    print(f"{'':10} {'one by one':>12} {'in a batch':>12} {'ratio':>6}   pictures per second")
    for precision in ("float32", "bfloat16"):
        settings = {"model": options.model, "precision": precision, "iterations": options.iterations, "max_loss": None}
        if options.model != "mini":
            settings["weights"] = options.weights
        dreamer = kerasdream.Dreamer(**settings)
        times: list[list[float]] = [[], []]
        for number in range(options.rounds):
            for times_of, some in zip(times, (list(pictures), [pictures]), strict=True):
                if not number:
                    dreamer.run(some[0])
                began = time.perf_counter()
                for one in some:
                    dreamer.run(one)
                times_of.append(time.perf_counter() - began)
        single, batch = (options.pictures / np.array(one) for one in times)
        ratio = float(np.median(batch / single))
        table[precision] = {"one by one": float(np.median(single)), "batch": float(np.median(batch)), "ratio": ratio}
        print(f"{precision:10} {np.median(single):12.3f} {np.median(batch):12.3f} {ratio:6.2f}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
