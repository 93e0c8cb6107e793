"""Dreams of 1 to 256 megapixels: seconds per megapixel and step, and the peak memory of the whole process.

    python scripts/benchmarks/sizes.py --sides=1024,2048,4096,8192,16384 --weights=inception_v3_notop.weights.h5

Each size is a process of its own: it reads a PNG file, dreams it with the defaults but for few iterations in each of
two octaves, and saves a PNG. Without --weights the network has random weights.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from PIL import Image

import kerasdream

CODE = """
import json, resource, sys, time
began = time.perf_counter()
import kerasdream
settings = json.loads(sys.argv[3])
dreamer = kerasdream.Dreamer(num_octave=2, max_loss=None, max_pixels=10**10, **settings)
dreamer.run(kerasdream.sample().resize((256, 192)))  # traces
started = time.perf_counter()
result = dreamer.run(sys.argv[1])
dreamt = time.perf_counter()
result.save(sys.argv[2], metadata=False)
print(json.dumps({
    "start": started - began, "dream": dreamt - started, "save": time.perf_counter() - dreamt,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "loss": float(result.losses[-1][-1]),
}))
"""
OCTAVES = 1 + 1 / 1.4**2  # areas that are stepped through, in pictures


def measured(side: int, settings: dict[str, Any]) -> dict[str, float]:
    """What one process reports of a square picture."""
    with tempfile.TemporaryDirectory() as folder:
        picture, dream = os.path.join(folder, "picture.png"), os.path.join(folder, "dream.png")
        sample = kerasdream.sample()
        sample.resize((side, side), Image.Resampling.BICUBIC).save(picture, compress_level=1)
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-c", CODE, picture, dream, json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True, env=quiet)
        if done.returncode:
            raise SystemExit(f"{side} x {side}: exit status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sides", default="1024,2048,4096,8192,16384")
    parser.add_argument("--model", default="inception_v3")
    parser.add_argument("--weights", default="random")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--iterations", type=int, default=2)
    parser.add_argument("--json", help="file to write the figures into")
    options = parser.parse_args()
    settings = {name: getattr(options, name) for name in ("model", "weights", "precision", "memory", "iterations")}
    if options.model == "mini":
        settings["weights"] = "imagenet"
    table = {}
    print(f"{'picture':>16} {'megapixels':>10} {'s per megapixel':>16} {'dream s':>8} {'save s':>7} {'peak GB':>8}")
    for side in map(int, options.sides.split(",")):
        row = measured(side, settings)
        megapixels = side * side / 1e6
        row["per megapixel"] = row["dream"] / megapixels / OCTAVES / options.iterations
        table[side] = row
        print(
            f"{side:7} x {side:<6} {megapixels:10.1f} {row['per megapixel']:16.3f} {row['dream']:8.1f} "
            f"{row['save']:7.1f} {row['peak'] / 1e9:8.2f}",
            flush=True,
        )
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"settings": settings, "sizes": table}, file, indent=1)


if __name__ == "__main__":
    main()
