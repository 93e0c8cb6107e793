"""kerasdream against a plain rendering of the Keras example: whole processes in turn, A B A B, medians and ratios.

    python scripts/benchmarks/versus_example.py --weights=inception_v3_notop.weights.h5 --rounds=4

Each process imports, as our programs do, builds InceptionV3, dreams one picture with the defaults (cold), then the same
size again and a size never seen before (warm). Without --weights the network has random weights, and max_loss is off.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

EXAMPLE = """
import json, sys, time
began = time.perf_counter()
import numpy as np
import tensorflow as tf
import keras
from keras.applications import inception_v3
imported = time.perf_counter()
weights, limit = sys.argv[1], 15.0 if sys.argv[1] else 1e9
model = inception_v3.InceptionV3(weights=None, include_top=False)
if weights:
    model.load_weights(weights)
settings = {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}
extractor = keras.Model(inputs=model.inputs, outputs={name: model.get_layer(name).output for name in settings})
built = time.perf_counter()

def compute_loss(image):
    features, loss = extractor(image), tf.zeros(shape=())
    for name in features.keys():
        activation = features[name]
        scaling = tf.reduce_prod(tf.cast(tf.shape(activation), "float32"))
        loss += settings[name] * tf.reduce_sum(tf.square(activation[:, 2:-2, 2:-2, :])) / scaling
    return loss

@tf.function
def gradient_ascent_step(image, learning_rate):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = compute_loss(image)
    grads = tape.gradient(loss, image)
    grads /= tf.maximum(tf.reduce_mean(tf.abs(grads)), 1e-6)
    image += learning_rate * grads
    return loss, image

def dream(pixels):
    original = inception_v3.preprocess_input(pixels[None].astype("float32"))
    shape = original.shape[1:3]
    shapes = [tuple(int(side / 1.4**i) for side in shape) for i in range(3)][::-1]
    shrunk = tf.image.resize(original, shapes[0])
    image = tf.identity(original)
    for shape in shapes:
        image = tf.image.resize(image, shape)
        for i in range(20):
            loss, image = gradient_ascent_step(image, 0.01)
            if limit is not None and loss > limit:
                break
        same = tf.image.resize(original, shape)
        image += same - tf.image.resize(shrunk, shape)
        shrunk = tf.image.resize(original, shape)
    return np.clip((image[0].numpy() / 2 + 0.5) * 255, 0, 255).astype("uint8")
"""
OURS = """
import json, sys, time
began = time.perf_counter()
import numpy as np
from kerasdream.loading import fast_loading
with fast_loading():
    from kerasdream import Dreamer
imported = time.perf_counter()
dreamer = Dreamer(
    model="inception_v3", weights=sys.argv[1] or "random", max_loss=15.0 if sys.argv[1] else None, precision=PRECISION
)
built = time.perf_counter()
dream = lambda pixels: dreamer.run(pixels).image
"""
REST = """
def timed(size):
    pixels = np.tile(np.linspace(60, 200, size[1])[None, :, None], (size[0], 1, 3))
    pixels = (pixels + np.random.default_rng(0).normal(0, 20, (*size, 3))).clip(0, 255).astype("uint8")
    start = time.perf_counter()
    dream(pixels)
    return time.perf_counter() - start

first = timed((288, 512))
cold = time.perf_counter() - began
print(json.dumps({"import": imported - began, "model": built - imported, "first dream": first, "cold, in process": cold,
                  "warm, same size": timed((288, 512)), "warm, new size": timed((300, 480))}))
"""
CODES = {"example": EXAMPLE, "float32": OURS.replace("PRECISION", '"float32"')}
CODES["bfloat16"] = OURS.replace("PRECISION", '"bfloat16"')


def measured(code: str, weights: str) -> dict[str, float]:
    """The seconds that one process reports, and those of the whole process from outside."""
    began = time.perf_counter()
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", code + REST, weights], capture_output=True, text=True, env=quiet)
    whole = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    times = json.loads(done.stdout.splitlines()[-1])
    # The process also dreams the two warm pictures; what is left is a cold start with one dream.
    return {"cold, whole process": whole - times["warm, same size"] - times["warm, new size"]} | times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", default="")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", help="file to write the figures into")
    options = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CODES}
    for _ in range(options.rounds):
        for name, code in CODES.items():
            runs[name].append(measured(code, options.weights))
    table: dict[str, Any] = {}
    print(f"{'':22} {'example':>9} {'float32':>9} {'ratio':>6} {'bfloat16':>9} {'ratio':>6}")
    for row in runs["example"][0]:
        seconds = {name: np.array([run[row] for run in runs[name]]) for name in CODES}
        ratio = {name: float(np.median(seconds["example"] / seconds[name])) for name in CODES}
        middle = {name: float(np.median(seconds[name])) for name in CODES}
        table[row] = {"seconds": middle, "ratio": ratio}
        print(
            f"{row:22} {middle['example']:9.2f} {middle['float32']:9.2f} {ratio['float32']:6.2f} "
            f"{middle['bfloat16']:9.2f} {ratio['bfloat16']:6.2f}"
        )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
