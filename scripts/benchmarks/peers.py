"""The same dream by kerasdream and its peers: same picture, weights, layers and steps; whole processes in turn.

    python scripts/benchmarks/peers.py --weights=inception_v3_notop.weights.h5 --rounds=3

The Keras example, a plain PyTorch loop on the same weights (its network walked from Keras's, operation by operation),
and tf-keras-vis, with the octaves around it that it does not have; those that are not installed are left out. Printed
are processor seconds of a process until its first dream is done, of that dream, of a later one, and of one of another
size, each with its ratio to kerasdream's; and how near the picture after one step per octave is to the Keras example's.
All have one thread, so that what else the machine does and how threads wait for each other do not count.
"""

import argparse
import functools
import importlib.util
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile

import keras
import numpy as np

from kerasdream.types import Array

BEGIN = """
import sys, time
began = time.process_time()
import numpy as np
settings = {"mixed4": 1.0, "mixed5": 1.5, "mixed6": 2.0, "mixed7": 2.5}
weights, operations, one_step, width, height = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
"""
IN_KERAS = """
import tensorflow as tf
import keras
model = keras.applications.InceptionV3(weights=None, include_top=False)
model.load_weights(weights)
extractor = keras.Model(model.inputs[0], [model.get_layer(name).output for name in settings])

def loss_of(features):
    loss = 0.0
    for activation, weight in zip(features, settings.values()):
        scaling = tf.reduce_prod(tf.cast(tf.shape(activation), "float32"))
        loss += weight * tf.reduce_sum(tf.square(activation[:, 2:-2, 2:-2, :])) / scaling
    return loss

def normalised(gradient):
    return gradient / tf.maximum(tf.reduce_mean(tf.abs(gradient)), 1e-6)

resize = tf.image.resize
tensor = lambda pixels: tf.constant(pixels[None].astype("float32") / 127.5 - 1)
array = lambda image: image[0].numpy()
"""
OCTAVES = """
def dream(pixels, steps=20):
    original = tensor(pixels)
    shapes = [tuple(int(side / 1.4**i) for side in pixels.shape[:2]) for i in range(3)][::-1]
    shrunk, image = resize(original, shapes[0]), original
    for shape in shapes:
        image = climb(resize(image, shape), steps)
        same = resize(original, shape)
        image = image + same - resize(shrunk, shape)
        shrunk = same
    return np.clip((array(image) / 2 + 0.5) * 255, 0, 255).astype("uint8")
"""
EXAMPLE = """
@tf.function
def step(image):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = loss_of(extractor(image))
    return image + 0.01 * normalised(tape.gradient(loss, image))

def climb(image, steps):
    for _ in range(steps):
        image = step(image)
    return image
"""
TF_KERAS_VIS = """
from tf_keras_vis.activation_maximization import ActivationMaximization
maximization = ActivationMaximization(extractor, clone=False)
scores = [
    lambda activation, weight=weight: weight * tf.reduce_sum(tf.square(activation[:, 2:-2, 2:-2, :]))
    / tf.reduce_prod(tf.cast(tf.shape(activation), "float32"))
    for weight in settings.values()
]

def climb(image, steps):
    return maximization(
        scores, seed_input=image, input_range=(None, None), input_modifiers=[], regularizers=[], steps=steps,
        optimizer=tf.optimizers.SGD(0.01), gradient_modifier=normalised,
    )
"""
PYTORCH = """
import pickle
import torch
import torch.nn.functional as F
with open(operations, "rb") as file:
    graph = pickle.load(file)
graph = [(name, kind, inputs, {key: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
                               for key, value in data.items()}) for name, kind, inputs, data in graph]

def features_of(image):
    values = {"input": image}
    for name, kind, inputs, data in graph:
        x = values[inputs[0]]
        if kind == "conv":
            x = F.conv2d(x, data["kernel"], stride=data["stride"], padding=data["padding"])
        elif kind == "norm":
            x = F.batch_norm(x, data["mean"], data["variance"], None, data["beta"], eps=data["epsilon"])
        elif kind == "relu":
            x = F.relu(x)
        elif kind == "max":
            x = F.max_pool2d(x, 3, 2)
        elif kind == "average":
            x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        else:
            x = torch.cat([values[one] for one in inputs], 1)
        values[name] = x
    return [values[name] for name in settings]

def climb(image, steps):
    for _ in range(steps):
        image = image.detach().requires_grad_()
        loss = 0.0
        for activation, weight in zip(features_of(image), settings.values()):
            loss = loss + weight * activation[:, :, 2:-2, 2:-2].square().sum() / activation.numel()
        (gradient,) = torch.autograd.grad(loss, image)
        image = image + 0.01 * gradient / gradient.abs().mean().clamp(min=1e-6)
    return image.detach()

resize = lambda image, shape: F.interpolate(image, shape, mode="bilinear", align_corners=False)
tensor = lambda pixels: torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype("float32") / 127.5 - 1)
array = lambda image: image[0].numpy().transpose(1, 2, 0)
"""
OURS = """
from kerasdream.loading import fast_loading
with fast_loading():
    from kerasdream import Dreamer
made = {}
def dream(pixels, steps=20):
    if steps not in made:
        made[steps] = Dreamer(settings, model="inception_v3", weights=weights, iterations=steps, max_loss=None)
    return made[steps].run(pixels).image
"""
END = """
def timed(*size):
    pixels = np.tile(np.linspace(60, 200, size[1])[None, :, None], (size[0], 1, 3))
    pixels = (pixels + np.random.default_rng(0).normal(0, 20, (*size, 3))).clip(0, 255).astype("uint8")
    start = time.process_time()
    dream(pixels)
    return time.process_time() - start

import json
times = {"first dream": timed(height, width), "whole": time.process_time() - began, "same size": timed(height, width),
         "another size": timed(height + 12, width - 32)}
rng = np.random.default_rng(1)
np.save(one_step, dream(rng.normal(128, 40, (height, width, 3)).clip(0, 255).astype("uint8"), 1))
print(json.dumps(times))
"""
CODES = {
    "kerasdream": BEGIN + OURS + END,
    "Keras example": BEGIN + IN_KERAS + EXAMPLE + OCTAVES + END,
    "plain PyTorch loop": BEGIN + PYTORCH + OCTAVES + END,
    "tf-keras-vis": BEGIN + IN_KERAS + TF_KERAS_VIS + OCTAVES + END,
}
NEEDS = {"plain PyTorch loop": "torch", "tf-keras-vis": "tf_keras_vis"}
ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
COLUMNS = ("whole", "first dream", "same size", "another size")


def operations_of(weights: str) -> list[tuple[str, str, list[str], dict[str, object]]]:
    """Return what InceptionV3 computes up to mixed7, operation by operation, with its weights as PyTorch has them."""
    model = keras.applications.InceptionV3(weights=None, include_top=False)
    model.load_weights(weights)
    found: list[tuple[str, str, list[str], dict[str, object]]] = []
    names = {model.layers[0].name: "input"}
    for layer in model.layers[1 : [one.name for one in model.layers].index("mixed7") + 1]:
        names[layer.name] = layer.name
        inputs = [names[one._keras_history.operation.name] for one in layer._inbound_nodes[0].input_tensors]
        found.append((layer.name, *operation_of(layer, inputs)))
    return found


def operation_of(layer: keras.Layer, inputs: list[str]) -> tuple[str, list[str], dict[str, object]]:
    """Return what one layer computes: its kind, its inputs, its numbers."""
    layers = keras.layers
    if isinstance(layer, layers.Conv2D):
        kernel = np.ascontiguousarray(np.asarray(layer.kernel).transpose(3, 2, 0, 1))
        padding = tuple((side - 1) // 2 for side in layer.kernel_size) if layer.padding == "same" else (0, 0)
        return "conv", inputs, {"kernel": kernel, "stride": tuple(layer.strides), "padding": padding}
    if isinstance(layer, layers.BatchNormalization):
        named = {"beta": layer.beta, "mean": layer.moving_mean, "variance": layer.moving_variance}
        return "norm", inputs, {name: np.asarray(one) for name, one in named.items()} | {"epsilon": layer.epsilon}
    kinds = {layers.Activation: "relu", layers.MaxPooling2D: "max", layers.AveragePooling2D: "average"}
    return kinds.get(type(layer), "concatenate"), inputs, {}


def measured(name: str, arguments: list[str]) -> dict[str, float]:
    """Return the seconds that one process reports."""
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | dict.fromkeys(ONE_THREAD, "1")
    done = subprocess.run([sys.executable, "-c", CODES[name], *arguments], capture_output=True, text=True, env=quiet)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-3000:]}")
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return times


def decibels(first: Array, second: Array) -> float:
    """Return how near two pictures are."""
    return float(10 * np.log10(255**2 / max(np.mean((first.astype(float) - second) ** 2), 1e-9)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--size", default="512x288", help="from 384x216 on: in smaller octaves kerasdream takes no steps"
    )
    parser.add_argument("--without", default="", help="programs to leave out, with commas between them")
    options = parser.parse_args()
    left_out = options.without.split(",")
    names = [name for name in CODES if name not in left_out]
    names = [name for name in names if name not in NEEDS or importlib.util.find_spec(NEEDS[name])]
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "graph").write_bytes(pickle.dumps(operations_of(options.weights)))
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            files = [options.weights, str(folder / "graph"), str(folder / f"{name}.npy")]
            runs[name].append(measured(name, files + options.size.split("x")))
    reference = np.load(folder / "Keras example.npy")
    print(f"{'':20}" + "".join(f"{column:>22}" for column in COLUMNS) + f"{'one step':>12}")
    for name in names:
        median = functools.partial(np.median, axis=0)
        seconds = median([[run[column] for column in COLUMNS] for run in runs[name]])
        pairs = zip(runs[name], runs["kerasdream"], strict=True)
        ratios = median([[run[column] / ours[column] for column in COLUMNS] for run, ours in pairs])
        cells = "".join(f"{second:12.2f} s x{ratio:7.2f}" for second, ratio in zip(seconds, ratios, strict=True))
        print(f"{name:20}{cells}{decibels(np.load(folder / f'{name}.npy'), reference):9.0f} dB", flush=True)


if __name__ == "__main__":
    main()
