"""One dream on every framework that is installed: python scripts/benchmarks/backends.py --weights=PATH

Each in processes of its own, in turn, several rounds; medians. Seconds of the first dream in a process, of the next one
of the same size, of one of a size never seen before, and of one step; and their ratios to TensorFlow's.
"""

import importlib.util
import json
import os
import statistics
import subprocess
import sys

from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_string("weights", "random", "InceptionV3's weights")
flags.DEFINE_integer("rounds", 3, "processes for each framework")
flags.DEFINE_integer("size", 512, "width of the picture")
flags.DEFINE_enum("precision", "float32", ["float32", "bfloat16"], "what the network computes in")
flags.DEFINE_list("backends", ["tensorflow", "jax", "torch"], "frameworks; those that are missing are left out")

DREAMS = """
import json, sys, time
import numpy as np, kerasdream
weights, size, precision = sys.argv[1], int(sys.argv[2]), sys.argv[3]
dreamer = kerasdream.Dreamer(model="inception_v3", weights=weights, precision=precision, max_loss=None)
picture = kerasdream.sample().convert("RGB")
times, steps = [], []
for width in (size, size, size - 40):
    pixels = np.asarray(picture.resize((width, round(width * 9 / 16))))
    steps.clear()
    began = time.perf_counter()
    dreamer.run(pixels, callback=lambda moment: steps.append(time.perf_counter()))
    times.append(time.perf_counter() - began)
    if len(times) == 2:
        step = float(np.median(np.diff(steps)[-15:]))
print(json.dumps([*times, step]))
"""


def main(_: list[str]) -> None:
    backends = [name for name in FLAGS.backends if importlib.util.find_spec(name)]
    seen: dict[str, list[list[float]]] = {name: [] for name in backends}
    for _round in range(FLAGS.rounds):
        for name in backends:
            environment = os.environ | {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": "3"}
            command = [sys.executable, "-c", DREAMS, FLAGS.weights, str(FLAGS.size), FLAGS.precision]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
            seen[name].append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{FLAGS.size} pixels wide, {FLAGS.precision}")
    print(" " * 12 + "".join(f"{part:>14}" for part in ("first", "same size", "new size", "step")))
    for name in backends:
        cells = []
        for part in range(4):
            here = statistics.median(run[part] for run in seen[name])
            ratios = [run[part] / first[part] for run, first in zip(seen[name], seen[backends[0]], strict=True)]
            cells.append(f"{here:8.3f} x{statistics.median(ratios):4.2f}")
        print(f"{name:12}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


if __name__ == "__main__":
    app.run(main)
