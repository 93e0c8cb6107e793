"""What each control costs: the time of a step with it, over that of a plain step, side by side.

    python scripts/benchmarks/controls_cost.py --side=384

InceptionV3 with random weights; every round times all of them in turn; medians.
"""

import argparse
import time
import warnings
from typing import Any

import numpy as np

import kerasdream
from kerasdream.errors import DreamWarning

CONTROLS: dict[str, dict[str, Any]] = {
    "jitter=32": {"jitter": 32},
    "turns": {"turns": True},
    "smooth_samples=4": {"smooth_samples": 4},
    "gradient_blur=1.5": {"gradient_blur": 1.5},
    "gradient_scales=4": {"gradient_scales": 4},
    "optimizer=adam": {"optimizer": "adam"},
    "normalize=std": {"normalize": "std"},
    "clip": {"clip": True},
    "mask": {"mask": np.tri(64)},
    "content": {"layers": "mixed4 + content(mixed4)"},
    "two masks": {
        "layers": kerasdream.Layer("mixed4").inside(np.tri(64)) + kerasdream.Layer("mixed4").outside(np.tri(64))
    },
}


def step_stamps(dreamer: kerasdream.Dreamer, picture: np.ndarray) -> list[float]:
    """When each step ended."""
    stamps: list[float] = []
    dreamer.run(picture, callback=lambda _: stamps.append(time.perf_counter()))
    return stamps


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    warnings.simplefilter("ignore", DreamWarning)
    picture = np.random.default_rng(0).integers(0, 256, (options.side, options.side, 3), np.uint8)
    common: dict[str, Any] = {"model": "inception_v3", "weights": "random", "layers": "mixed4", "max_loss": None}
    common |= {"num_octave": 1, "iterations": 4}
    every: dict[str, dict[str, Any]] = {"plain": {}} | CONTROLS
    dreamers = {name: kerasdream.Dreamer(**common | more) for name, more in every.items()}
    times: dict[str, list[float]] = {name: [] for name in dreamers}
    for number in range(options.rounds + 1):
        for name, dreamer in dreamers.items():
            stamps = step_stamps(dreamer, picture)
            if number:  # the first round traces
                times[name].append(float(np.median(np.diff(stamps))))
    plain = np.array(times["plain"])
    for name, seconds in times.items():
        print(f"{name:20} {np.median(seconds) * 1000:7.1f} ms   {np.median(np.array(seconds) / plain):5.2f}")


if __name__ == "__main__":
    main()
