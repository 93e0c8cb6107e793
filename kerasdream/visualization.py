"""What a network looks for, drawn from noise: feature visualisation, and atlases of whole layers."""

import dataclasses
import os
import pathlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Unpack

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasdream.ascent import parameterization
from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.step import Preprocess
from kerasdream.ascent.stepper import OctaveLayers
from kerasdream.drawing import Drawing, DrawingStep, State, siblings_of
from kerasdream.errors import ConfigError, DreamInterrupted, OutputError, warn
from kerasdream.forking import check_process
from kerasdream.image import files, metadata, spectra
from kerasdream.image.montage import montage
from kerasdream.image.opacity import opacity
from kerasdream.image.spectra import Spectrum
from kerasdream.knobs import check_names
from kerasdream.objectives import Layer, Objective, objective
from kerasdream.progress import progress_line
from kerasdream.resolution import build_network, resolve_config
from kerasdream.result import versions
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Array
from kerasdream.visual_config import VISUAL_DEFAULTS, VISUAL_KNOBS, VisualConfig, VisualSettings

CHECK_EVERY = 4  # steps after which sleeping channels are tried with their own ReLU
MAX_PIXELS = 1_200_000  # drawn together, about: more pictures go in turn


class Batch(NamedTuple):
    """Pictures that were drawn together, with the number of the objective of each, and its value in every step."""

    objectives: list[int]
    pictures: list[Image.Image]
    values: Array  # (pictures, steps); of what a picture shuns, how much it is there


class Visualizer:
    """Pictures from noise on one network, for several objectives at once.

    >>> Visualizer(["mixed0:3", "mixed0:7"], model="mini", size=64, steps=4).run()
    [<PIL.Image.Image ...>, <PIL.Image.Image ...>]
    """

    def __init__(
        self,
        objectives: Sequence[ObjectiveLike],
        *,
        model: str | keras.Model | None = None,
        weights: str | None = None,
        preprocess: Preprocess | None = None,
        device: str | None = None,
        **settings: Unpack[VisualSettings],
    ):
        """Build and compile a network; the settings are those of VisualConfig, the rest as in Dreamer."""
        check_names(settings, VISUAL_KNOBS)
        self.settings = VisualConfig(**settings)
        self.objectives = [objective(one) for one in objectives]
        if not self.objectives:
            raise ConfigError("No objective was given; one or more was expected, such as 'mixed4:150'.")
        for one in self.objectives:
            check_needs_no_picture(one)
        every = sum(self.objectives[1:], self.objectives[0])
        every = Objective(tuple((term, 1.0) for term, _ in every.terms))
        more = {key: value for key, value in {"weights": weights, "device": device}.items() if value is not None}
        self.config = resolve_config(every, model, preprocess, more | {"seed": self.settings.seed})
        network, preprocess = build_network(self.config, model, preprocess)
        self.compiled = CompiledObjective(network, preprocess, every, self.config)
        self.backend = self.compiled.backend
        self.pad, fixed = parameterization.PAD, self.compiled.features.fixed_size
        if fixed:  # the picture and its margin are as large as the network takes them
            self.pad = min(self.pad, fixed[0] // 8)
        if fixed and "size" not in settings:
            self.settings = dataclasses.replace(self.settings, size=fixed[0] - 2 * self.pad)
        self.padded_side = self.settings.size + 2 * self.pad
        size = (self.padded_side, self.padded_side)
        if not self.compiled.features.fits(size):
            raise ConfigError(self.size_error(network))
        layers = OctaveLayers(self.compiled, None, size, size, None)
        self.term_inputs = dict(self.compiled.constants)
        for number, term in enumerate(self.compiled.terms):
            if term.octave_input_shape is not None:
                self.term_inputs[str(number)] = term.octave_input(layers, None)

    def size_error(self, network: keras.Model) -> str:
        """Return why the size will not do, and which would."""
        features, fixed = self.compiled.features, network.inputs[0].shape[1]
        least = fixed if fixed and features.fits((fixed, fixed)) else features.min_side(1)
        words, size = "exactly" if least == fixed else "at least", least - 2 * self.pad
        return f"size={self.settings.size} was given; {words} {size} was expected for this network."

    def run(self, verbose: bool | str = "auto", should_stop: Callable[[], bool] | None = None) -> list[Image.Image]:
        """Draw the pictures: for each objective its answers, each with its opposite where pairs are asked for.

        `verbose` shows a bar, as in Dreamer.run. Where `should_stop` returns True after a step, the pictures so far
        are returned; Ctrl-C raises DreamInterrupted, whose `.result` holds them.
        """
        check_process()
        done: list[Image.Image] = []
        try:
            for batch in self.batches(verbose, should_stop=should_stop):
                done += batch.pictures
        except DreamInterrupted as interrupt:
            interrupt.result = [*done, *interrupt.result]  # type: ignore[misc]
            raise
        return done

    def batches(
        self,
        verbose: bool | str = "auto",
        only: Sequence[int] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[Batch]:
        """Yield the pictures as they come; as many are drawn together as fit."""
        signs = [1.0, -1.0] if self.settings.pair else [1.0]
        numbers = range(len(self.objectives)) if only is None else only
        drawings = [Drawing(i, k, sign) for i in numbers for k in range(self.settings.answers) for sign in signs]
        related = len(signs) * self.settings.answers  # they are driven apart, and so drawn together
        together = max(1, MAX_PIXELS // self.settings.size**2 // related) * related
        batches = [drawings[start : start + together] for start in range(0, len(drawings), together)]
        line = progress_line(verbose, len(batches) * self.settings.steps)
        try:
            for number, batch in enumerate(batches):

                def after_step(step: int, before: int = number * self.settings.steps) -> bool:
                    if line:
                        line.update(before + step)
                    return should_stop is not None and should_stop()

                with self.backend.on_device(self.config.device):
                    yield self.draw(batch, after_step)
        finally:
            if line:
                line.close()

    def draw(self, drawings: Sequence[Drawing], after_step: Callable[[int], bool]) -> Batch:
        """Draw a batch of pictures, from noise to the last step, or to the one after which `after_step` says True."""
        s, side = self.settings, self.padded_side
        rngs = [self.rng_of(drawing) for drawing in drawings]
        magnitude = ops.convert_to_tensor(self.magnitude())
        weights, siblings = self.term_weights(drawings), siblings_of(drawings)
        step = DrawingStep(self.compiled, s, self.pad, magnitude, weights, siblings, self.term_inputs)
        state = step.initial_state(rngs)
        own_step, soft_step = (step.compile(state, soft) for soft in (False, True))
        awake, asleep = np.zeros((2, len(drawings)), bool)
        values: list[Array] = []
        try:
            for time in range(1, s.steps + 1):
                rows = np.concatenate([parameterization.random_affine(1, side, s.method, rng) for rng in rngs])
                soft = asleep.any() and time % CHECK_EVERY != 0 and time < s.steps
                inputs = ops.convert_to_tensor(float(time), "float32"), rows, asleep.astype(np.float32)
                *changed, silent, value = (soft_step if soft else own_step)(*state, *inputs)
                state = State(*changed)
                # Not what the soft ReLU makes of it.
                values.append(np.where(asleep, values[-1], to_numpy(value)) if soft else to_numpy(value))
                if not soft:
                    asleep = to_numpy(silent)
                    awake |= ~asleep
                if after_step(time):
                    break
        except KeyboardInterrupt:
            interrupt = DreamInterrupted("The visualisation was interrupted; .result holds the pictures so far.")
            interrupt.result = self.pictures(step, state)
            raise interrupt from None
        if time == s.steps:
            self.warn_of_dead([one for one, woke in zip(drawings, awake, strict=True) if not woke])
        signed = np.stack(values, axis=-1) * [[drawing.sign] for drawing in drawings]
        return Batch([drawing.objective for drawing in drawings], self.pictures(step, state), signed)

    def warn_of_dead(self, asleep: Sequence[Drawing]) -> None:
        """Warn of the objectives that nothing excited; what shows the opposite of one may sleep."""
        dead = dict.fromkeys(str(self.objectives[drawing.objective]) for drawing in asleep if drawing.sign > 0)
        if dead:
            warn(
                f"Nothing was drawn for {', '.join(dead)}: no noise excites it. It may be dead in this network, or try "
                "another seed."
            )

    def pictures(self, step: DrawingStep, state: State) -> list[Image.Image]:
        """Return the pictures as they are, with their opacity where it is asked for."""
        levels = np.round((to_numpy(step.render(state.parameters)) + 1) * 127.5).astype(np.uint8)
        if not self.settings.opacity:
            return [Image.fromarray(one) for one in levels]
        maps = [np.round(255 * opacity(one)).astype(np.uint8) for one in to_numpy(state.importance)]
        return [Image.fromarray(np.dstack(both)) for both in zip(levels, maps, strict=True)]

    def magnitude(self) -> Array:
        """Return the magnitudes of all frequencies: of photographs for MaCo, which keeps them, else natural ones."""
        if self.settings.method == "maco":
            return Spectrum.load(self.settings.spectrum or spectra.SHIPPED).magnitude(self.settings.size)
        return parameterization.natural_magnitude(self.settings.size)

    def rng_of(self, drawing: Drawing) -> np.random.Generator:
        """Return the random numbers of a picture, which do not depend on what it is drawn beside."""
        name = zlib.crc32(str(self.objectives[drawing.objective]).encode())
        return np.random.default_rng([self.settings.seed, name, drawing.answer])

    def term_weights(self, drawings: Sequence[Drawing]) -> Array:
        """Return the weight of each term for each picture."""
        weights = np.zeros((len(self.compiled.terms), len(drawings)), np.float32)
        for column, drawing in enumerate(drawings):
            for term, weight in self.objectives[drawing.objective].terms:
                weights[self.compiled.terms.index(term), column] = drawing.sign * weight
        return weights

    def record(self, drawn: Objective) -> dict[str, Any]:
        """Return what one of the pictures was drawn with; of paths, only the names."""
        settings = {"objective": str(drawn.without_folders()), "model": self.config.model}
        settings["weights"] = os.path.basename(self.config.weights)
        return {"settings": settings | dataclasses.asdict(self.settings), "versions": versions()}


def check_needs_no_picture(wanted: Objective) -> None:
    """Raise ConfigError for terms that need a picture to start from."""
    for term, _ in wanted.terms:
        if term.needs:
            raise ConfigError(f"{term} needs {term.needs}; a visualisation starts from noise. Use it with dream().")


def visualize(
    objectives: ObjectiveLike,
    *,
    model: str | keras.Model | None = None,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[VisualSettings],
) -> Any:
    """Draw from noise what excites an objective most: a PIL image, or a list of them for a list of objectives.

    The settings are those of VisualConfig, and `model`, `weights`, `preprocess` and `device` as in `dream`.

    >>> kerasdream.visualize("mixed0:3", model="mini", size=64, steps=4).save("mixed0-3.png")
    """
    several = isinstance(objectives, list | tuple)
    wanted: Sequence[ObjectiveLike] = objectives if several else [objectives]  # type: ignore[assignment]
    network = {"model": model, "weights": weights, "preprocess": preprocess, "device": device}
    pictures = Visualizer(wanted, **network, **settings).run(verbose)  # type: ignore[arg-type]
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
    """Draw a labelled contact sheet of a layer's channels.

    With a folder as `output` every channel is kept there as it comes: a second call goes on where one ended.

    >>> kerasdream.atlas("mixed0", channels=range(4), model="mini", size=64, steps=4).size
    (152, 180)
    """
    if not isinstance(channels, Iterable):
        raise ConfigError(f"channels={channels!r} was given; numbers of channels were expected, such as range(16).")
    channels = list(dict.fromkeys(channels))
    if not channels:
        raise ConfigError("An atlas of no channels was asked for; one or more was expected, such as range(16).")
    for name in ("pair", "answers"):
        if settings.get(name, VISUAL_DEFAULTS[name]) != VISUAL_DEFAULTS[name]:
            raise ConfigError(f"{name}={settings[name]} was given; an atlas shows each channel once. Use visualize().")
    objectives = [objective(Layer(layer, (channel,))) for channel in channels]
    visualizer = Visualizer(objectives, size=size, **settings)
    folder = None if output is None else pathlib.Path(output)
    pictures: dict[int, Image.Image] = {}
    if folder is not None:
        files.make_folder(folder)
        for channel, one in zip(channels, objectives, strict=True):
            if (kept := file_of(folder, layer, channel)).exists():
                pictures[channel] = kept_picture(kept, visualizer.record(one))
    missing = [number for number, channel in enumerate(channels) if channel not in pictures]
    for batch in visualizer.batches(verbose, missing):
        for number, picture in zip(batch.objectives, batch.pictures, strict=True):
            pictures[channels[number]] = picture
            if folder is not None:
                file = file_of(folder, layer, channels[number])
                files.save(picture, file, record=visualizer.record(objectives[number]))
    return montage([pictures[channel] for channel in channels], [f"{layer}:{c}" for c in channels], columns=columns)


def kept_picture(path: pathlib.Path, record: dict[str, Any]) -> Image.Image:
    """Return the picture of an earlier call; OutputError where other settings drew it."""
    kept_record(path, record)
    return files.decode(str(path), None)


def kept_record(path: pathlib.Path, record: Mapping[str, Mapping[str, object]]) -> metadata.Record:
    """Return the record of a picture of an earlier call; OutputError where other settings drew it."""
    kept = metadata.record_of(path)
    before = kept["settings"]
    if before != record["settings"]:
        other = [name for name, value in record["settings"].items() if before.get(name) != value]
        raise OutputError(
            f"{str(path)!r} was drawn with another {', '.join(other)}. Name another folder, or empty this one."
        )
    return kept


def file_of(folder: pathlib.Path, layer: str, channel: int) -> pathlib.Path:
    """Return the file of one channel."""
    return folder / f"{layer.replace('/', '_')}-{channel:04d}.png"
