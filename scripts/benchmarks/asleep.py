"""How many channels show nothing: random channels of some layers, drawn with and without the soft ReLU.

    python scripts/benchmarks/asleep.py --weights=inception_v3_notop.weights.h5

Prints a row for each layer: how many of its channels no picture had excited after the last step.
"""

import argparse
import warnings

import numpy as np

import kerasdream
from kerasdream import visualization
from kerasdream.errors import DreamWarning


def asleep(names: list[str], model: str, weights: str | None, size: int, steps: int) -> int:
    """Return how many of the channels show nothing."""
    drawn = visualization.Visualizer(names, model=model, weights=weights, size=size, steps=steps)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drawn.run(verbose=False)
    return sum(name in str(w.message) for name in names for w in caught if issubclass(w.category, DreamWarning))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="inception_v3")
    parser.add_argument("--weights")
    parser.add_argument("--layers", default="mixed3,mixed4,mixed5,mixed6,mixed7")
    parser.add_argument("--channels", type=int, default=20, help="of each layer")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=32)
    flags = parser.parse_args()
    widths = {info.name: info.channels for info in kerasdream.layers(flags.model)}
    rng, soft = np.random.default_rng(1), visualization.CHECK_EVERY
    print(f"{'layer':10} {'channels':>8} {'ReLU alone':>11} {'softened':>9}")
    for layer in flags.layers.split(","):
        chosen = rng.choice(widths[layer], min(flags.channels, widths[layer]), replace=False)
        names, counts = [f"{layer}:{channel}" for channel in chosen], []
        for every in (1, soft):  # with 1, each step is one with the channel's own ReLU
            visualization.CHECK_EVERY = every
            counts.append(asleep(names, flags.model, flags.weights, flags.size, flags.steps))
        print(f"{layer:10} {len(names):8} {counts[0]:11} {counts[1]:9}", flush=True)


if __name__ == "__main__":
    main()
