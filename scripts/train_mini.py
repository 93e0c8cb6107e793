"""Train mini, the embedded network, from InceptionV3 and a folder of photographs: the whole recipe.

    python scripts/train_mini.py --weights=inception_v3_notop.weights.h5 --images=photographs/ --output=mini-run/

Phase one teaches the activations on photographs and drawn pictures. Phase two adds the gradient that a dream follows,
and half of its pictures are dreams of the student and of the teacher, so that the student is right where dreams go.
Progress is kept in OUTPUT/checkpoint every few hundred steps: the same command goes on where it stopped.
At the end the heads are fitted once more to the activations, and OUTPUT/weights.npz holds float16 weights, ready to
stand in kerasdream/model/mini/.
"""

import json
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from PIL import Image

from kerasdream.model.features import Features
from kerasdream.model.mini.network import CHANNELS, LIMIT, network

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "weights", None, "InceptionV3 weights without top, in the layout of keras.applications", required=True
)
flags.DEFINE_string("images", None, "folder of photographs", required=True)
flags.DEFINE_string("output", None, "folder for checkpoints, log and weights", required=True)
flags.DEFINE_string("held_out", None, "file with one file name a line that training must not see")
flags.DEFINE_string("start", None, "weights.npz of an earlier run to begin with")
flags.DEFINE_integer("first_steps", 12_000, "steps of phase one: activations")
flags.DEFINE_integer("second_steps", 15_000, "steps of phase two: activations, gradients and dreams")
flags.DEFINE_float("gradient_weight", 8.0, "weight of the gradient's cosine against the error of the activations")
flags.DEFINE_float("calibration", 0.55, "how far the heads move, at the end, to the best fit of the activations")
flags.DEFINE_integer("batch", 5, "pictures a step")
flags.DEFINE_integer("size", 224, "side of a training crop, pixels")
flags.DEFINE_integer("seed", 1, "for everything random")
flags.DEFINE_string("precision", "mixed_bfloat16", "Keras dtype policy of teacher and student")

LAYERS = list(CHANNELS)
POOL = 256  # dreams kept in memory; each is dreamt further now and then, and replaced at last


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

    def uniform(self, step, salt: int, shape, low=0.0, high=1.0):
        return tf.random.stateless_uniform(shape, tf.stack([self.seed * 1000 + salt, step]), low, high)

    def crops(self, step):
        """Squares of photographs, mirrored or not, brighter or darker, some far past white."""
        n, draw = self.batch, lambda salt, *a: self.uniform(step, salt, *a)
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

    def drawn(self, step):
        """One picture of what photographs lack: plain colours, slow gradients, blobs, noise, saturated or not."""
        x = self.uniform(step, 20, [1, 1, 1, 3], -1.3, 1.3) + tf.zeros([1, self.size, self.size, 3])
        for salt, cells in ((21, 2), (22, 6), (23, 24), (24, self.size)):
            grain = self.uniform(step, salt, [1, cells, cells, 3], -1.0, 1.0)
            amount = tf.nn.relu(self.uniform(step, salt + 10, [1, 1, 1, 1], -1.0, 1.0))
            x += amount * tf.image.resize(grain, (self.size, self.size), "bicubic")
        return x

    def fresh(self, step):
        """A batch: photographs; in every other one, the first gives way to a drawn picture."""
        x = self.crops(step)
        x = tf.cond(step % 4 < 2, lambda: tf.concat([self.drawn(step), x[1:]], 0), lambda: x)
        return tf.clip_by_value(x, -LIMIT, LIMIT)


def measure_teacher(teacher, pictures: Pictures, batches: int = 60):
    """Per layer: the scale of each channel's error, and the usual strength of a picture."""
    variance: dict[str, list[np.ndarray]] = {name: [] for name in LAYERS}
    squares: dict[str, list[np.ndarray]] = {name: [] for name in LAYERS}
    for step in range(batches):
        for name, a in teacher(pictures.crops(tf.constant(-1 - step))).items():
            variance[name].append(np.var(a, (0, 1, 2)))
            squares[name].append(np.mean(np.square(a), (0, 1, 2)))
    scales, usual = {}, {}
    for name in LAYERS:
        deviation = np.sqrt(np.mean(variance[name], 0))
        # Nearer to "every error counts the same" than to "every channel counts the same": strong channels carry the
        # dream.
        scales[name] = tf.constant((deviation + 1e-3) ** 0.25 * np.mean(deviation**2) ** 0.375, tf.float32)
        usual[name] = float(np.mean(np.mean(squares[name], 0) / scales[name].numpy() ** 2))
    return scales, usual


def excitement(activations, weights):
    """The dream's loss for each picture: the mean squares of its activations, weighted as its row of weights says."""
    return tf.add_n(
        [weights[:, i] * tf.reduce_mean(tf.square(activations[name]), [1, 2, 3]) for i, name in enumerate(LAYERS)]
    )


def cosine(a, b):
    """How far two gradients point the same way, per picture."""
    dot, square = tf.reduce_sum(a * b, [1, 2, 3]), lambda v: tf.reduce_sum(v * v, [1, 2, 3])
    return dot / (tf.sqrt(square(a) * square(b)) + 1e-12)


class Distillation:
    """Teacher, student and the two kinds of training step between them."""

    def __init__(self):
        keras.config.set_dtype_policy(FLAGS.precision)
        held_out = set(pathlib.Path(FLAGS.held_out).read_text().split()) if FLAGS.held_out else set()
        squares = photographs(FLAGS.images, held_out)
        self.pictures = Pictures(squares, FLAGS.batch, FLAGS.size, FLAGS.seed)
        print(f"{len(squares)} photographs, {len(held_out)} held out", flush=True)

        inception = keras.applications.InceptionV3(weights=None, include_top=False)
        inception.load_weights(FLAGS.weights)
        inception.trainable = False
        features = Features(inception, LAYERS)
        weights = {name: tuple(map(tf.constant, arrays)) for name, arrays in features.weights().items()}
        self.teacher = lambda x: {name: tf.cast(a, tf.float32) for name, a in features(x, weights).items()}
        self.scales, self.usual = measure_teacher(tf.function(self.teacher), self.pictures)

        student = network(dtype=FLAGS.precision)
        self.student = keras.Model(student.inputs, [student.get_layer(f"{name}_head").output for name in LAYERS])
        if FLAGS.start:
            self.begin_with(FLAGS.start)
        # What is shipped is the moving mean of the weights: steadier than where the last batch left them.
        self.optimizer = keras.optimizers.AdamW(
            1e-3, weight_decay=1e-4, global_clipnorm=1.0, use_ema=True, ema_momentum=0.999
        )
        self.optimizer.build(self.student.trainable_variables)
        self.pool = tf.Variable(tf.zeros([POOL, FLAGS.size, FLAGS.size, 3], tf.float16), trainable=False)
        self.filled = tf.Variable(0, trainable=False)
        self.step = tf.Variable(0, trainable=False)

    def heads(self, x):
        """The student's linear outputs, in units of `scales`."""
        return dict(zip(LAYERS, [tf.cast(h, tf.float32) for h in self.student(x)], strict=True))

    def shown(self, x):
        """The student's activations as the finished network shows them: scaled and rectified."""
        return {n: tf.nn.relu(h * self.scales[n]) for n, h in self.heads(x).items()}

    def errors(self, heads, target, calm=False):
        """Squared error per layer; a leak below zero keeps silent channels alive while they learn.

        With `calm`, a picture counts by its share of error where it is stronger than photographs are: dreams are
        many times as strong, and would drown them.
        """
        errors = []
        for name in LAYERS:
            wanted = target[name] / self.scales[name]
            error = tf.reduce_mean(tf.square(tf.nn.leaky_relu(heads[name], 0.1) - wanted), [1, 2, 3])
            if calm:
                error /= tf.maximum(1.0, tf.reduce_mean(tf.square(wanted), [1, 2, 3]) / self.usual[name])
            errors.append(tf.reduce_mean(error))
        return errors

    def update(self, tape, loss):
        variables = self.student.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    @tf.function
    def first(self, step):
        x = self.pictures.fresh(step)
        target = self.teacher(x)
        with tf.GradientTape() as tape:
            errors = self.errors(self.heads(x), target)
            loss = tf.add_n(errors) / len(LAYERS)
        self.update(tape, loss)
        return tf.stack([*errors, 0.0])

    def mixture(self, step):
        """Weights of the layers that each picture's gradient is asked for, a row each: one layer alone, or several."""
        n, draw = FLAGS.batch, lambda salt, *shape: self.pictures.uniform(step, salt, shape)
        mixed = draw(50, n, len(LAYERS)) ** 2
        alone = tf.one_hot(tf.cast(draw(51, n) * len(LAYERS), tf.int32), len(LAYERS))
        weights = tf.where(draw(52, n, 1) < 0.3, mixed, alone)
        return weights / tf.reduce_sum(weights, 1, keepdims=True)

    @tf.function
    def second(self, step, x):
        weights = self.mixture(step)
        with tf.GradientTape() as tape:
            tape.watch(x)
            target = self.teacher(x)
            score = tf.reduce_sum(excitement(target, weights))
        wanted = tape.gradient(score, x)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                heads = self.heads(x)
                shown = {n: tf.nn.relu(h * self.scales[n]) for n, h in heads.items()}
                score = tf.reduce_sum(excitement(shown, weights))
            alike = tf.reduce_mean(cosine(inner.gradient(score, x), wanted))
            errors = self.errors(heads, target, calm=True)
            loss = tf.add_n(errors) / len(LAYERS) + FLAGS.gradient_weight * (1.0 - alike)
        self.update(outer, loss)
        return tf.stack([*errors, alike])

    def climb(self, network, x, weights, size):
        for _ in range(4):
            with tf.GradientTape() as tape:
                tape.watch(x)
                score = tf.reduce_sum(excitement(network(x), weights))
            g = tape.gradient(score, x)
            x = x + size * g / (tf.reduce_mean(tf.abs(g), [1, 2, 3], keepdims=True) + 1e-9)
            x = tf.clip_by_value(x, -LIMIT, LIMIT)
        return x

    @tf.function
    def dream_on(self, step, start, by_student):
        """Replace part of the pool by fresh pictures, and dream four steps further on all of the part."""
        part = tf.cast(self.pool[start : start + FLAGS.batch], tf.float32)
        young = self.pictures.uniform(step, 60, [FLAGS.batch, 1, 1, 1]) < 0.25
        x = tf.where((start >= self.filled) | young, self.pictures.fresh(step + 1_000_000), part)
        weights, size = self.mixture(step), 10 ** self.pictures.uniform(step, 61, [], -2.0, -1.1)
        x = tf.cond(
            by_student,
            lambda: self.climb(self.shown, x, weights, size),
            lambda: self.climb(self.teacher, x, weights, size),
        )
        self.pool[start : start + FLAGS.batch].assign(tf.cast(x, tf.float16))
        self.filled.assign(tf.maximum(self.filled, start + FLAGS.batch))

    def run_step(self, step: int) -> np.ndarray:
        """One step of the schedule; returns the errors per layer and the gradient's cosine."""
        a, b, now = FLAGS.first_steps, FLAGS.second_steps, tf.constant(step)
        if step < a:
            self.optimizer.learning_rate = 1.5e-3 * min(1.0, (step + 1) / 500) * (1 - 0.6 * step / a)
            return self.first(now)
        self.optimizer.learning_rate = 6e-4 * (0.5 + 0.5 * np.cos(np.pi * (step - a) / b))
        rng = np.random.default_rng([FLAGS.seed, step])
        if step % 8 == 0 or int(self.filled) < POOL:
            fresh, last = int(self.filled), POOL - FLAGS.batch
            start = min(fresh, last) if fresh < POOL else int(rng.integers(last))
            self.dream_on(now, tf.constant(start), tf.constant(bool(rng.random() < 0.7)))
        if step % 2:
            return self.second(now, self.pictures.fresh(now))
        some = rng.choice(int(self.filled), FLAGS.batch, replace=False)
        return self.second(now, tf.cast(tf.gather(self.pool, some), tf.float32))

    def calibrate(self, share: float, every: int = 3) -> None:
        """Move each head a share of the way to its least-squares fit over photographs as they are.

        The gradient's cosine does not care how large an activation is; the activations do.
        """
        heads = [self.student.get_layer(f"{name}_head") for name in LAYERS]
        before = keras.Function(self.student.inputs, [head.input for head in heads])

        @tf.function
        def look(squares):
            x = tf.cast(squares, tf.float32) / 127.5 - 1
            return before([x]), self.teacher(x)

        seen: dict[str, list[np.ndarray]] = {name: [] for name in LAYERS}
        wanted: dict[str, list[np.ndarray]] = {name: [] for name in LAYERS}
        rng = np.random.default_rng(FLAGS.seed)
        photographs = self.pictures.squares[::every]
        for start in range(0, len(photographs) // 4 * 4, 4):
            features, target = look(photographs[start : start + 4])
            for name, feature in zip(LAYERS, features, strict=True):
                rows = np.asarray(tf.cast(feature, tf.float32)).reshape(-1, feature.shape[-1])
                some = rng.choice(len(rows), min(len(rows), 700), replace=False)
                seen[name].append(np.c_[rows[some], np.ones(len(some), np.float32)])
                whole = np.asarray(target[name] / self.scales[name])
                wanted[name].append(whole.reshape(-1, whole.shape[-1])[some])
        for name, head in zip(LAYERS, heads, strict=True):
            a, b = np.concatenate(seen[name]), np.concatenate(wanted[name])
            kernel, bias = head.get_weights()
            first = fit = np.r_[kernel[0, 0], bias[None]]
            square = a.T @ a
            inverse = np.linalg.inv(square + 1e-3 * np.trace(square) / len(square) * np.eye(len(square)))
            for _ in range(6):  # where the teacher is silent, all that is below zero is right
                guess = a @ fit
                fit = fit + inverse @ (a.T @ (np.where((b <= 0) & (guess < 0), guess, b) - guess))
            mixed = first + share * (fit - first)
            head.set_weights([mixed[:-1][None, None], mixed[-1]])

    def parts(self):
        """Every layer with weights, and what turns its kernel and bias into those of the finished network."""
        for layer in self.student.layers:
            if layer.weights:
                yield layer, self.scales.get(layer.name.removesuffix("_head"), tf.constant(1.0)).numpy()

    def begin_with(self, path: str) -> None:
        """Take the weights of an earlier export."""
        with np.load(path) as arrays:
            for i, (layer, scale) in enumerate(self.parts()):
                layer.set_weights([arrays[f"{part}{i}"].astype(np.float32) / scale for part in ("kernel", "bias")])

    def export(self, path: pathlib.Path) -> None:
        """Write the float16 weights, with the scales folded into the heads."""
        arrays = {}
        for i, (layer, scale) in enumerate(self.parts()):
            for part, values in zip(("kernel", "bias"), layer.get_weights(), strict=True):
                arrays[f"{part}{i}"] = (np.asarray(values) * scale).astype(np.float16)
        np.savez(path, **arrays)


def main(_):
    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(FLAGS.seed)
    run = Distillation()
    state = tf.train.Checkpoint(
        step=run.step, pool=run.pool, filled=run.filled, weights=run.student.weights, optimizer=run.optimizer.variables
    )
    manager = tf.train.CheckpointManager(state, str(output / "checkpoint"), max_to_keep=2)
    if manager.restore_or_initialize():
        print(f"going on after step {int(run.step)}", flush=True)
    began, recent = time.time(), []
    total = FLAGS.first_steps + FLAGS.second_steps
    for step in range(int(run.step), total):
        measured = run.run_step(step)
        if step < FLAGS.first_steps or step % 2:  # photographs, not dreams
            recent.append(measured)
        if (step + 1) % 500 == 0 or step + 1 == total:
            run.step.assign(step + 1)
            manager.save()
            run.export(output / "weights.npz")
            mean = np.mean(recent, 0).round(3).tolist()
            line = {"step": step + 1, "seconds": round(time.time() - began), "errors": mean[:-1], "cosine": mean[-1]}
            with open(output / "log.jsonl", "a") as log:
                log.write(json.dumps(line) + "\n")
            print(line, flush=True)
            recent = []
    run.optimizer.finalize_variable_values(run.student.trainable_variables)
    run.calibrate(FLAGS.calibration)
    run.export(output / "weights.npz")


if __name__ == "__main__":
    app.run(main)
