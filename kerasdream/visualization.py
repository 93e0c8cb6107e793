"""What a network looks for, drawn from noise: feature visualisation, and atlases of whole layers."""

import dataclasses
import os
import pathlib
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasdream.ascent import canvas, check_process
from kerasdream.ascent.engine import Engine, bare
from kerasdream.ascent.measure import Seen, measure
from kerasdream.ascent.step import adam, preprocessed
from kerasdream.config import check_names
from kerasdream.dreamer import Preprocess, network_of, resolve
from kerasdream.errors import ConfigError, DreamInterrupted, DreamWarning, OutputError
from kerasdream.image import files, metadata
from kerasdream.image.montage import montage
from kerasdream.objectives import Content, Inside, Layer, Objective, objective
from kerasdream.result import versions
from kerasdream.visual_config import VISUAL_DEFAULTS, VISUAL_KNOBS, VisualConfig

WAKE = 1.5  # growth of the noise, step by step, that a sleeping channel sees
AT_ONCE = 1_200_000  # pixels that climb together, about: more pictures go in turn


class Task(NamedTuple):
    """One picture to draw: the number of its objective and of its answer, and whether it shows the opposite."""

    objective: int
    answer: int
    sign: float


class Visualizer:
    """Pictures from noise on one network, for several objectives at once.

    >>> Visualizer(["mixed4:150", "mixed4:30"], model="mini", size=256).run()
    [<PIL.Image.Image ...>, <PIL.Image.Image ...>]
    """

    def __init__(
        self,
        objectives: Sequence[Any],
        *,
        model: str | keras.Model | None = None,
        weights: str | None = None,
        preprocess: Preprocess | None = None,
        device: str | None = None,
        **settings: Any,
    ):
        check_names(settings, VISUAL_KNOBS)
        self.settings = VisualConfig(**settings)
        self.objectives = [objective(one) for one in objectives]
        if not self.objectives:
            raise ConfigError("No objective was given; one or more was expected, such as 'mixed4:150'.")
        for wish in self.objectives:
            check_wish(wish)
        every = sum(self.objectives[1:], self.objectives[0])
        every = Objective(tuple((term, 1.0) for term, _ in every.terms))
        more = {key: value for key, value in {"weights": weights, "device": device}.items() if value is not None}
        self.config = resolve(every, model, preprocess, more | {"seed": self.settings.seed})
        network, preprocess = network_of(self.config, model, preprocess)
        self.engine = Engine(network, preprocess, every, self.config)
        self.backend = self.engine.backend
        side = self.settings.size + 2 * canvas.PAD
        if not self.engine.features.fits((side, side)):
            raise ConfigError(self.misfit(network))
        self.given = dict(self.engine.constants)
        for number, term in enumerate(self.engine.terms):
            if isinstance(term, Layer) and term.at is not None:
                cells = np.array(self.engine.features.shapes((side, side))[term.layer][1:3])
                self.given[str(number)] = np.minimum(
                    cells // 2 if isinstance(term.at, str) else term.at, cells - 1
                ).astype(np.int32)

    def misfit(self, network: keras.Model) -> str:
        """Why the size will not do, and which would."""
        fixed = network.inputs[0].shape[1]
        least = fixed if fixed and self.engine.features.fits((fixed, fixed)) else self.engine.features.least_side(1)
        words = "exactly" if least == fixed else "at least"
        return f"size={self.settings.size} was given; {words} {least - 2 * canvas.PAD} was expected for this network."

    def run(self, verbose: bool | str = "auto") -> list[Image.Image]:
        """The pictures: for each objective its answers, each with its opposite where pairs are asked for."""
        check_process()
        done: list[Image.Image] = []
        try:
            for _, pictures in self.groups(verbose):
                done += pictures
        except DreamInterrupted as interrupt:
            interrupt.result = [*done, *interrupt.result]  # type: ignore[misc]
            raise
        return done

    def groups(
        self, verbose: bool | str = "auto", only: Sequence[int] | None = None
    ) -> Iterator[tuple[list[int], list[Image.Image]]]:
        """The pictures as they come, with the numbers of their objectives; as many climb together as fit."""
        signs = [1.0, -1.0] if self.settings.pair else [1.0]
        which = range(len(self.objectives)) if only is None else only
        tasks = [Task(i, k, sign) for i in which for k in range(self.settings.answers) for sign in signs]
        sisters = len(signs) * self.settings.answers  # they must see each other
        together = max(1, AT_ONCE // self.settings.size**2 // sisters) * sisters
        groups = [tasks[start : start + together] for start in range(0, len(tasks), together)]
        wanted = sys.stdout.isatty() if verbose == "auto" else verbose
        bar = keras.utils.Progbar(len(groups) * self.settings.steps) if wanted else None
        for number, group in enumerate(groups):
            with self.backend.on_device(self.config.device):
                yield [task.objective for task in group], self.climb(group, number, bar)

    def climb(self, tasks: Sequence[Task], number: int, bar: Any) -> list[Image.Image]:
        """One batch of pictures, from noise to the last step."""
        s = self.settings
        # Each picture draws from its own objective and answer, whatever it climbs beside.
        names = [zlib.crc32(str(self.objectives[task.objective]).encode()) for task in tasks]
        rngs = [np.random.default_rng([s.seed, name, task.answer]) for name, task in zip(names, tasks, strict=True)]
        weights = np.zeros((len(self.engine.terms), len(tasks)), np.float32)
        alike = np.zeros((len(tasks), len(tasks)), np.float32)
        for column, one in enumerate(tasks):
            for term, weight in self.objectives[one.objective].terms:
                weights[self.engine.terms.index(term), column] = one.sign * weight
            alike[column] = [float((task.objective, task.sign) == (one.objective, one.sign)) for task in tasks]
        np.fill_diagonal(alike, 0.0)
        magnitude = ops.convert_to_tensor(canvas.spectrum(s.size))
        x = ops.convert_to_tensor(np.concatenate([canvas.start(s.method, 1, s.size, rng) for rng in rngs], axis=1))
        moments = [ops.zeros_like(x), ops.zeros_like(x)]
        step = self.compiled(x, magnitude, weights, alike)
        side, awake = s.size + 2 * canvas.PAD, np.zeros(len(tasks), bool)

        def pictures() -> list[Image.Image]:
            shown = ops.convert_to_numpy(canvas.picture(s.method, x, magnitude))
            return [Image.fromarray(one) for one in np.round((shown + 1) * 127.5).astype(np.uint8)]

        try:
            for time in range(1, s.steps + 1):
                rows = np.concatenate([canvas.transformations(1, side, s.method, rng) for rng in rngs])
                now = ops.convert_to_tensor(float(time), "float32")
                x, moments, strength = step(x, moments, now, rows)
                awake |= ops.convert_to_numpy(strength) > 0
                if bar:
                    bar.update(number * s.steps + time)
        except KeyboardInterrupt:
            interrupt = DreamInterrupted("The visualisation was interrupted; .result holds the pictures so far.")
            interrupt.result = pictures()
            raise interrupt from None
        if not awake.all():
            asleep = ", ".join(
                dict.fromkeys(str(self.objectives[tasks[i].objective]) for i in np.flatnonzero(~awake).tolist())
            )
            warnings.warn(
                f"Nothing was drawn for {asleep}: no noise excites it. It may be dead in this network, or try "
                "another seed.",
                DreamWarning,
                stacklevel=4,
            )
        return pictures()

    def compiled(self, x: Any, magnitude: Any, weights: np.ndarray, alike: np.ndarray) -> Any:
        """One step of Adam on the numbers of the pictures."""
        s, engine = self.settings, self.engine

        def step(x: Any, moments: Any, time: Any, rows: Any, model_weights: Any) -> tuple[Any, Any, Any]:
            def height(x: Any) -> Any:
                seen = canvas.padded(canvas.picture(s.method, x, magnitude))
                seen = canvas.transformed(seen, rows) if s.transform else seen
                shown = Seen(seen, engine.features(preprocessed(engine.preprocess, seen), model_weights))
                total: Any = 0.0
                for number in np.flatnonzero(weights.any(axis=1)):
                    given = self.given.get(str(number))
                    total = total + ops.convert_to_tensor(weights[number]) * measure(engine.terms[number], shown, given)
                if s.answers > 1 and s.diversity:
                    total = total - s.diversity * ops.abs(ops.stop_gradient(total)) * likeness(shown, alike)
                return total

            _, uphill = self.backend.gradient(height, x)
            # Each picture counts as one, however strong its layer is.
            strength = ops.sqrt(ops.mean(ops.square(uphill), axis=(0, 2, 3, 4), keepdims=True))
            direction, moments = adam(uphill / (strength + 1e-12), moments, time)
            # A channel that finds nothing in the first faint noise gets stronger noise until it does.
            loudness = ops.std(x, axis=(0, 2, 3, 4), keepdims=True)
            louder = ops.where(loudness < canvas.LOUDEST, x * WAKE, x)
            return ops.where(strength > 0, x + s.rate * direction, louder), moments, ops.reshape(strength, (-1,))

        form = keras.KerasTensor(x.shape, keras.backend.standardize_dtype(x.dtype))
        rows = keras.KerasTensor((len(alike), 8))
        return self.backend.compiled(step, form, [form] * 2, keras.KerasTensor(()), rows, held=engine.model_weights)

    def record(self, wish: Objective) -> dict[str, Any]:
        """What one of the pictures was drawn with. Of paths, only the names."""
        settings = {"objective": str(wish.without_folders()), "model": self.config.model}
        settings["weights"] = os.path.basename(self.config.weights)
        return {"settings": settings | dataclasses.asdict(self.settings), "versions": versions()}


def likeness(shown: Seen, alike: np.ndarray) -> Any:
    """How much each picture's textures are those of its sisters: the mean cosine of their Gram matrices."""
    layer = next(iter(shown.activations.values()))
    if len(layer.shape) != 4:
        return 0.0
    a = ops.cast(layer, "float32")
    shape = ops.shape(a)
    a = ops.reshape(a, (shape[0], -1, shape[3]))
    gram = ops.reshape(ops.matmul(ops.transpose(a, (0, 2, 1)), a), (shape[0], -1))
    gram = gram / (ops.sqrt(ops.sum(ops.square(gram), axis=-1, keepdims=True)) + 1e-12)
    share = alike / np.maximum(alike.sum(-1, keepdims=True), 1.0)
    return ops.sum(ops.matmul(gram, ops.transpose(gram)) * ops.convert_to_tensor(share), axis=-1)


def check_wish(wish: Objective) -> None:
    """ConfigError for terms that need a picture to start from."""
    for term, _ in wish.terms:
        needs = {Inside: "a mask", Content: "an original"}.get(type(term))
        needs = "channels of a picture" if getattr(bare(term), "pick", None) else needs
        if needs:
            raise ConfigError(f"{term} needs {needs}; a visualisation starts from noise. Use it with dream().")


def visualize(objectives: Any, *, verbose: bool | str = "auto", **settings: Any) -> Any:
    """Draw from noise what excites an objective most: a PIL image, or a list of them for a list of objectives.

    The settings are those of VisualConfig, and `model`, `weights`, `preprocess` and `device` as in `dream`.

    >>> kerasdream.visualize("mixed4:150", model="mini").save("mixed4-150.png")
    """
    several = isinstance(objectives, list | tuple)
    pictures = Visualizer(objectives if several else [objectives], **settings).run(verbose)
    return pictures if several or len(pictures) > 1 else pictures[0]


def atlas(
    layer: str,
    channels: Iterable[int] = range(16),
    *,
    output: str | os.PathLike[str] | None = None,
    columns: int | None = None,
    verbose: bool | str = "auto",
    size: int = 160,
    **settings: Any,
) -> Image.Image:
    """A labelled contact sheet of a layer's channels.

    With a folder as `output` every channel is kept there as it comes: a second call goes on where one ended.

    >>> kerasdream.atlas("mixed4", channels=range(4), model="mini").size
    (344, 394)
    """
    if not isinstance(channels, Iterable):
        raise ConfigError(f"channels={channels!r} was given; numbers of channels were expected, such as range(16).")
    channels = list(dict.fromkeys(channels))
    if not channels:
        raise ConfigError("An atlas of no channels was asked for; one or more was expected, such as range(16).")
    for name in ("pair", "answers"):
        if settings.get(name, VISUAL_DEFAULTS[name]) != VISUAL_DEFAULTS[name]:
            raise ConfigError(f"{name}={settings[name]} was given; an atlas shows each channel once. Use visualize().")
    wishes = [objective(Layer(layer, (channel,))) for channel in channels]
    visualizer = Visualizer(wishes, size=size, **settings)
    folder = None if output is None else pathlib.Path(output)
    pictures: dict[int, Image.Image] = {}
    if folder is not None:
        files.make_folder(folder)
        for channel, wish in zip(channels, wishes, strict=True):
            if (kept := file_of(folder, layer, channel)).exists():
                pictures[channel] = kept_picture(kept, visualizer.record(wish))
    missing = [number for number, channel in enumerate(channels) if channel not in pictures]
    for numbers, drawn in visualizer.groups(verbose, missing):
        for number, picture in zip(numbers, drawn, strict=True):
            pictures[channels[number]] = picture
            if folder is not None:
                file = file_of(folder, layer, channels[number])
                files.save(picture, file, record=visualizer.record(wishes[number]))
    return montage([pictures[channel] for channel in channels], [f"{layer}:{c}" for c in channels], columns=columns)


def kept_picture(path: pathlib.Path, record: dict[str, Any]) -> Image.Image:
    """The picture of an earlier call, or OutputError where other settings drew it."""
    before = metadata.record_of(path)["settings"]
    if before != record["settings"]:
        other = [name for name, value in record["settings"].items() if before.get(name) != value]
        raise OutputError(
            f"{str(path)!r} was drawn with another {', '.join(other)}. Name another folder, or empty this one."
        )
    return files.decode(str(path), None)


def file_of(folder: pathlib.Path, layer: str, channel: int) -> pathlib.Path:
    """The file of one channel."""
    return folder / f"{layer.replace('/', '_')}-{channel:04d}.png"
