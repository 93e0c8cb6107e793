"""Make mini, the embedded network, of InceptionV3 and a folder of photographs: the whole recipe.

    python scripts/train_mini.py --weights=inception_v3_notop.weights.h5 --images=photographs/ --output=mini-run/

It begins with the channels of InceptionV3 that matter most (`thin_inception.py`). Then the whole chain learns: first
the activations on photographs and drawn pictures, then also the gradient that a dream follows, and half of its pictures
are dreams of the student and of the teacher, so that the student is right where dreams go.
Progress is kept in OUTPUT/checkpoint every few hundred steps: the same command goes on where it stopped.
OUTPUT/weights.npz holds the moving mean of the weights as float16, ready to stand in kerasdream/model/mini/.
"""

import functools
import json
import pathlib
import time
from collections.abc import Callable
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from PIL import Image
from thin_inception import convolutions_of, thin_inception

from kerasdream.model import inception, zoo
from kerasdream.model.features import Features
from kerasdream.model.mini.network import BLOCKS, SCALES, network
from kerasdream.types import Tensor

Activations: TypeAlias = dict[str, Tensor]

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "weights", None, "InceptionV3 weights without top, in the layout of keras.applications", required=True
)
flags.DEFINE_string("images", None, "folder of photographs", required=True)
flags.DEFINE_string("output", None, "folder for checkpoints, log and weights", required=True)
flags.DEFINE_string("held_out", None, "file with one file name a line that training must not see")
flags.DEFINE_integer("first_steps", 2_500, "steps of phase one: activations of photographs")
flags.DEFINE_integer("second_steps", 7_500, "steps of phase two: activations and gradients, of photographs and dreams")
flags.DEFINE_float("rate", 1e-3, "learning rate at its peak")
flags.DEFINE_float("gradient_weight", 2.0, "weight of the gradient's cosine against the error of the activations")
flags.DEFINE_integer("batch", 6, "pictures a step")
flags.DEFINE_integer("size", 224, "side of a training crop, pixels")
flags.DEFINE_integer("seed", 1, "for everything random")
flags.DEFINE_string("precision", "bfloat16", "of teacher and student: float32 or bfloat16")

LAYERS = list(BLOCKS)
LIMIT = 1.5  # of the pictures' values: a dream goes past black and white
POOL = 240  # dreams kept in memory; each is dreamt further now and then, and replaced at last
WARM_UP = 200  # steps
MEAN_OVER = 0.998  # decay of the moving mean of the weights
KEEP_EVERY = 250  # steps between checkpoints


def ceiling(layer: str) -> float:
    """The strongest activation that the student can show."""
    return 6.0 * SCALES.get(layer, 1.0)


def photographs(folder: str, held_out: set[str], side: int = 320) -> np.ndarray:
    """Every photograph of the folder, but for the held-out ones: centre squares of `side` pixels."""
    squares = []
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.name in held_out or path.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
            continue
        image = Image.open(path).convert("RGB")
        scale = side / min(image.size)
        image = image.resize(
            (max(side, round(image.width * scale)), max(side, round(image.height * scale))), Image.Resampling.LANCZOS
        )
        left, top = (image.width - side) // 2, (image.height - side) // 2
        squares.append(np.asarray(image.crop((left, top, left + side, top + side))))
    return np.stack(squares)


class Pictures:
    """Batches of training pictures, each drawn from (seed, step) alone."""

    def __init__(self, squares: np.ndarray, batch: int, size: int, seed: int):
        self.squares, self.batch, self.size, self.seed = tf.constant(squares), batch, size, seed

    def uniform(self, step: Tensor, salt: int, shape: list[int], low: float = 0.0, high: float = 1.0) -> Tensor:
        return tf.random.stateless_uniform(shape, tf.stack([self.seed * 1000 + salt, step]), low, high)

    def crops(self, step: Tensor) -> Tensor:
        """Squares of photographs, mirrored or not, brighter or darker, some far past white."""
        n, draw = self.batch, functools.partial(self.uniform, step)
        which = tf.cast(draw(1, [n]) * float(len(self.squares)), tf.int32)
        side = draw(2, [n], 0.5, 1.0)
        top, left = draw(3, [n]) * (1 - side), draw(4, [n]) * (1 - side)
        x = tf.cast(tf.gather(self.squares, which), tf.float32) / 127.5 - 1
        x = tf.image.crop_and_resize(
            x, tf.stack([top, left, top + side, left + side], 1), tf.range(n), (self.size, self.size)
        )
        x = tf.where(draw(5, [n, 1, 1, 1]) < 0.5, x[:, :, ::-1], x)
        contrast = tf.where(
            draw(6, [n, 1, 1, 1]) < 0.15, draw(7, [n, 1, 1, 1], 1.2, 2.5), draw(8, [n, 1, 1, 1], 0.7, 1.2)
        )
        noise = tf.random.stateless_normal(tf.shape(x), tf.stack([self.seed * 1000 + 9, step]))
        x = x * contrast + draw(10, [n, 1, 1, 3], -0.15, 0.15)
        return x + noise * draw(11, [n, 1, 1, 1], -0.1, 0.1)

    def drawn(self, step: Tensor) -> Tensor:
        """One picture of what photographs lack: plain colours, slow gradients, blobs, noise, saturated or not."""
        x = self.uniform(step, 20, [1, 1, 1, 3], -1.3, 1.3) + tf.zeros([1, self.size, self.size, 3])
        for salt, cells in ((21, 2), (22, 6), (23, 24), (24, self.size)):
            grain = self.uniform(step, salt, [1, cells, cells, 3], -1.0, 1.0)
            amount = tf.nn.relu(self.uniform(step, salt + 10, [1, 1, 1, 1], -1.0, 1.0))
            x += amount * tf.image.resize(grain, (self.size, self.size), "bicubic")
        return x

    def fresh(self, step: Tensor) -> Tensor:
        """A batch: photographs; in every fourth one, the first gives way to a drawn picture."""
        x = self.crops(step)
        x = tf.cond(step % 4 == 0, lambda: tf.concat([self.drawn(step), x[1:]], 0), lambda: x)
        return tf.clip_by_value(x, -LIMIT, LIMIT)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """How far two gradients point the same way, per picture."""
    dot, first, second = (tf.reduce_sum(product, [1, 2, 3]) for product in (a * b, a * a, b * b))
    return dot / (tf.sqrt(first * second) + 1e-12)


class Distillation:
    """Teacher, student and the two kinds of training step between them."""

    def __init__(self) -> None:
        held_out = set(pathlib.Path(FLAGS.held_out).read_text().split()) if FLAGS.held_out else set()
        squares = photographs(FLAGS.images, held_out)
        self.pictures = Pictures(squares, FLAGS.batch, FLAGS.size, FLAGS.seed)
        print(f"{len(squares)} photographs, {len(held_out)} held out", flush=True)

        short = inception.read(FLAGS.weights, LAYERS)
        began = thin_inception(short, squares[::6].astype(np.float32) / 127.5 - 1)
        with zoo.computing_in(FLAGS.precision):
            teacher = Features(inception.read(FLAGS.weights, LAYERS), LAYERS)
            thin = network(began)
        weights = {name: tuple(map(tf.constant, arrays)) for name, arrays in teacher.weights().items()}

        def bounded(x: Tensor) -> Activations:
            return {name: tf.minimum(tf.cast(a, tf.float32), ceiling(name)) for name, a in teacher(x, weights).items()}

        self.teacher = bounded
        self.features = Features(thin, LAYERS)
        self.weights = {
            layer.name: tuple(keras.Variable(array, dtype="float32") for array in layer.arrays)
            for layer in convolutions_of(thin)
        }
        self.variables = [variable for pair in self.weights.values() for variable in pair]
        self.means = [tf.Variable(variable.value) for variable in self.variables]
        self.optimizer = keras.optimizers.AdamW(1e-3, weight_decay=1e-5, global_clipnorm=1.0)
        self.optimizer.build(self.variables)
        self.measure_teacher()
        self.pool = tf.Variable(tf.zeros([POOL, FLAGS.size, FLAGS.size, 3], tf.float16), trainable=False)
        self.filled = tf.Variable(0, trainable=False)
        self.step = tf.Variable(0, trainable=False)

    def measure_teacher(self, batches: int = 40) -> None:
        """Per layer: the variance of the teacher's activations over photographs, and their mean square."""
        teacher = tf.function(self.teacher)
        seen = [teacher(self.pictures.crops(tf.constant(-1 - step))) for step in range(batches)]
        self.variance = {n: float(np.mean([np.var(a[n], (0, 1, 2)).mean() for a in seen])) for n in LAYERS}
        self.square = {n: float(np.mean([np.mean(np.square(a[n])) for a in seen])) for n in LAYERS}

    def student(self, x: Tensor) -> Activations:
        return {name: tf.cast(a, tf.float32) for name, a in self.features(x, self.weights).items()}

    def errors(self, shown: Activations, wanted: Activations) -> list[Tensor]:
        """The unexplained variance per layer. A picture that is stronger than photographs are counts by its share:
        dreams are many times as strong, and would drown them."""
        errors = []
        for name in LAYERS:
            error = tf.reduce_mean(tf.square(shown[name] - wanted[name]), [1, 2, 3])
            strength = tf.reduce_mean(tf.square(wanted[name]), [1, 2, 3]) / self.square[name]
            errors.append(tf.reduce_mean(error / tf.maximum(1.0, strength)) / self.variance[name])
        return errors

    def update(self, tape: tf.GradientTape, loss: Tensor) -> None:
        gradients = tape.gradient(loss, [variable.value for variable in self.variables])
        self.optimizer.apply_gradients(zip(gradients, self.variables, strict=True))
        for mean, variable in zip(self.means, self.variables, strict=True):
            mean.assign_add((variable.value - mean) * (1 - MEAN_OVER))

    @tf.function
    def first(self, x: Tensor) -> Tensor:
        """Learn the activations; returns the errors per layer and a cosine of zero, which it has not looked at."""
        wanted = self.teacher(x)
        with tf.GradientTape() as tape:
            errors = self.errors(self.student(x), wanted)
            loss = tf.add_n(errors)
        self.update(tape, loss)
        return tf.stack([*errors, 0.0])

    def dream_loss(self, activations: Activations, mixture: Tensor) -> Tensor:
        """The dream's loss for each picture: the mean squares of its activations, by its row of weights."""
        return tf.add_n(
            [
                mixture[:, i] * tf.reduce_mean(tf.square(activations[name]), [1, 2, 3]) / self.square[name]
                for i, name in enumerate(LAYERS)
            ]
        )

    def mixture(self, step: Tensor) -> Tensor:
        """Weights of the layers that each picture's gradient is asked for, a row each: one layer alone, or several."""
        n, draw = FLAGS.batch, functools.partial(self.pictures.uniform, step)
        mixed = draw(50, [n, len(LAYERS)]) ** 2
        alone = tf.one_hot(tf.cast(draw(51, [n]) * len(LAYERS), tf.int32), len(LAYERS))
        weights = tf.where(draw(52, [n, 1]) < 0.3, mixed, alone)
        return weights / tf.reduce_sum(weights, 1, keepdims=True)

    @tf.function
    def second(self, step: Tensor, x: Tensor) -> Tensor:
        """Learn the activations and the gradient; returns the errors per layer and the cosine of the gradients."""
        mixture = self.mixture(step)
        with tf.GradientTape() as tape:
            tape.watch(x)
            wanted = self.teacher(x)
            score = tf.reduce_sum(self.dream_loss(wanted, mixture))
        direction = tape.gradient(score, x)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                shown = self.student(x)
                score = tf.reduce_sum(self.dream_loss(shown, mixture))
            alike = tf.reduce_mean(cosine(inner.gradient(score, x), direction))
            errors = self.errors(shown, wanted)
            loss = tf.add_n(errors) + FLAGS.gradient_weight * (1.0 - alike)
        self.update(outer, loss)
        return tf.stack([*errors, alike])

    def ascend(self, activations: Callable[[Tensor], Activations], x: Tensor, mixture: Tensor, size: Tensor) -> Tensor:
        """Return pictures after four steps of gradient ascent."""
        for _ in range(4):
            with tf.GradientTape() as tape:
                tape.watch(x)
                score = tf.reduce_sum(self.dream_loss(activations(x), mixture))
            g = tape.gradient(score, x)
            x = x + size * g / (tf.reduce_mean(tf.abs(g), [1, 2, 3], keepdims=True) + 1e-9)
            x = tf.clip_by_value(x, -LIMIT, LIMIT)
        return x

    @tf.function
    def dream_on(self, step: Tensor, start: Tensor, by_student: Tensor) -> None:
        """Replace part of the pool by fresh pictures, and dream four steps further on all of the part."""
        part = tf.cast(self.pool[start : start + FLAGS.batch], tf.float32)
        young = self.pictures.uniform(step, 60, [FLAGS.batch, 1, 1, 1]) < 0.25
        x = tf.where((start >= self.filled) | young, self.pictures.fresh(step + 1_000_000), part)
        mixture, size = self.mixture(step), 10 ** self.pictures.uniform(step, 61, [], -2.0, -1.1)
        x = tf.cond(
            by_student,
            lambda: self.ascend(self.student, x, mixture, size),
            lambda: self.ascend(self.teacher, x, mixture, size),
        )
        self.pool[start : start + FLAGS.batch].assign(tf.cast(x, tf.float16))
        self.filled.assign(tf.maximum(self.filled, start + FLAGS.batch))

    def run_step(self, step: int) -> np.ndarray:
        """One step of the schedule; returns the errors per layer and the gradient's cosine."""
        first, second, now = FLAGS.first_steps, FLAGS.second_steps, tf.constant(step)
        share = step / (first + second)
        self.optimizer.learning_rate = FLAGS.rate * min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * np.cos(np.pi * share))
        if step < first:
            return self.first(self.pictures.fresh(now))
        rng = np.random.default_rng([FLAGS.seed, step])
        if step % 8 == 0 or int(self.filled) < FLAGS.batch:
            fresh, last = int(self.filled), POOL - FLAGS.batch
            start = min(fresh, last) if fresh < POOL else int(rng.integers(last))
            self.dream_on(now, tf.constant(start), tf.constant(bool(rng.random() < 0.7)))
        if step % 2:
            return self.second(now, self.pictures.fresh(now))
        some = rng.choice(int(self.filled), FLAGS.batch, replace=False)
        return self.second(now, tf.cast(tf.gather(self.pool, some), tf.float32))

    def export(self, path: pathlib.Path) -> None:
        """Write the moving mean of the weights as float16."""
        arrays = {}
        for i in range(len(self.means) // 2):
            arrays[f"kernel{i}"] = self.means[2 * i].numpy().astype(np.float16)
            arrays[f"bias{i}"] = self.means[2 * i + 1].numpy().astype(np.float16)
        np.savez(path, **arrays)


def main(_: list[str]) -> None:
    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    run = Distillation()
    state = tf.train.Checkpoint(
        step=run.step,
        pool=run.pool,
        filled=run.filled,
        means=run.means,
        weights=[variable.value for variable in run.variables],
        optimizer=run.optimizer.variables,
    )
    manager = tf.train.CheckpointManager(state, str(output / "checkpoint"), max_to_keep=2)
    if manager.restore_or_initialize():
        print(f"going on after step {int(run.step)}", flush=True)
    began = time.time()
    recent: list[np.ndarray] = []
    total = FLAGS.first_steps + FLAGS.second_steps
    for step in range(int(run.step), total):
        measured = run.run_step(step)
        if step < FLAGS.first_steps or step % 2:  # photographs, not dreams
            recent.append(measured)
        if (step + 1) % KEEP_EVERY == 0 or step + 1 == total:
            run.step.assign(step + 1)
            manager.save()
            run.export(output / "weights.npz")
            mean = np.mean(recent, 0).round(3).tolist()
            line = {"step": step + 1, "seconds": round(time.time() - began), "errors": mean[:-1], "cosine": mean[-1]}
            with open(output / "log.jsonl", "a") as log:
                log.write(json.dumps(line) + "\n")
            print(line, flush=True)
            recent = []


if __name__ == "__main__":
    app.run(main)
