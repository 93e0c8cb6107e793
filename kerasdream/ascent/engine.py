"""The compiled heart of a Dreamer, and one dream's steps through it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasdream import ascent
from kerasdream.ascent.loop import Place, resize
from kerasdream.ascent.measure import HEAD
from kerasdream.ascent.smoothing import kernels
from kerasdream.ascent.step import make_move, make_uphill, preprocessed, regions_of
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, LayerError
from kerasdream.image.blend import as_picture, mask_of
from kerasdream.image.pyramid import pad
from kerasdream.model.classes import number_of
from kerasdream.model.features import Features
from kerasdream.objectives import Class, Content, Direction, Guide, Inside, Layer, Objective, Term

IMAGE = keras.KerasTensor((None, None, None, 3))
GUIDE_SIDE = 384  # of a guide picture: its textures matter, not its size
SAMPLE_PIXELS = 4_000_000  # noisy copies that go through the network together


def bare(term: Term) -> Any:
    """The term itself, where it stands inside a mask."""
    return term.term if isinstance(term, Inside) else term


class Engine:
    """An objective on a network, compiled once, for pictures of any size."""

    def __init__(
        self,
        network: keras.Model,
        preprocess: Callable[[Any], Any] | None,
        objective: Objective,
        config: DreamConfig,
    ):
        self.backend, self.config, self.preprocess = ascent.backend(), config, preprocess
        self.terms = [term for term, _ in objective.terms]
        self.weights = np.array([weight for _, weight in objective.terms], np.float32)
        wants_class = any(isinstance(bare(term), Class) for term in self.terms)
        self.features = Features(network, objective.layers(), HEAD if wants_class else None)
        self.channels = {name: tensor.shape[-1] for name, tensor in self.features.outputs().items()}
        folded = self.features.weights()
        self.model_weights = {name: tuple(map(ops.convert_to_tensor, arrays)) for name, arrays in folded.items()}
        if config.turns and (neuron := next((t for t in map(bare, self.terms) if getattr(t, "at", None)), None)):
            raise ConfigError(
                f"The neuron {neuron} has its place, and turns=True would move it. Leave one of them out."
            )
        self.constants = self.given_always()
        self.regions = regions_of(self.terms)
        self.uphill = self.backend.compiled(
            make_uphill(self.features, preprocess, self.terms, self.backend.gradient),
            IMAGE,
            self.numbers_form(),
            keras.tree.map_structure(lambda array: keras.KerasTensor(array.shape), folded),
        )
        gradients = [IMAGE] * len(self.regions)
        self.move = self.backend.compiled(
            make_move(config), IMAGE, gradients, keras.KerasTensor((None,)), self.tools_form()
        )

    @property
    def traces(self) -> int:
        """How often the gradient has been traced: once, however many sizes of picture came."""
        return self.backend.traces(self.uphill)

    def show(self, image: Any) -> dict[str, Any]:
        """What the network shows in pictures from -1 to 1."""
        return self.features(preprocessed(self.preprocess, image), self.model_weights)

    def numbers_form(self) -> dict[str, Any]:
        """The shapes of what `uphill` takes besides the picture."""
        given: dict[str, Any] = {}
        for number, term in enumerate(map(bare, self.terms)):
            if isinstance(term, Layer) and term.pick:
                given[str(number)] = keras.KerasTensor((None, None), "int32")
            elif isinstance(term, Layer) and term.at is not None:
                given[str(number)] = keras.KerasTensor((2,), "int32")
        given |= {key: keras.KerasTensor(value.shape, str(value.dtype)) for key, value in self.constants.items()}
        form: dict[str, Any] = {"weights": keras.KerasTensor((None,)), "given": given}
        if self.config.smooth_samples:
            form["noise"] = IMAGE
        if any(isinstance(bare(term), Content) for term in self.terms):
            form["original"] = IMAGE
        return form

    def tools_form(self) -> dict[str, Any]:
        """The shapes of what `move` takes besides picture, gradients and sizes."""
        form: dict[str, Any] = {}
        plane = keras.KerasTensor((None, None, 1))
        if self.config.mask is not None:
            form["mask"] = plane
        if any(region.mask is not None for region in self.regions):
            form["regions"] = [plane] * len(self.regions)
        if self.blurs():
            form["kernels"] = [keras.KerasTensor((None,))] * (3 if self.config.blur_kind == "cascade" else 1)
        if self.config.optimizer == "adam":
            form |= {"moments": [IMAGE, IMAGE], "time": keras.KerasTensor(())}
        return form

    def blurs(self) -> bool:
        """Whether the gradient is smoothed at any time."""
        return bool(np.any(self.config.gradient_blur) or self.config.blur_growth)

    def given_always(self) -> dict[str, np.ndarray]:
        """What terms need besides, the same for every picture; LayerError for what the network does not have."""
        given: dict[str, np.ndarray] = {}
        for number, term in enumerate(map(bare, self.terms)):
            if isinstance(term, Class):
                given[str(number)] = np.array(number_of(term.name, self.channels[HEAD]), np.int32)
            elif isinstance(term, Direction):
                given[str(number)] = self.direction(term)
            elif isinstance(term, Guide):
                given[str(number)] = self.guide(term)
            elif isinstance(term, Layer):
                self.check_channel(term.layer, max((*term.channels, term.picks()[0] - 1)))
        return given

    def check_channel(self, layer: str, channel: int) -> None:
        if channel >= self.channels[layer]:
            raise LayerError(
                f"Channel {channel} of {layer!r} was asked for; it has {self.channels[layer]}, "
                f"0 to {self.channels[layer] - 1}."
            )

    def direction(self, term: Direction) -> np.ndarray:
        self.check_channel(term.layer, max(channel for channel, _ in term.weights))
        vector = np.zeros(self.channels[term.layer], np.float32)
        for channel, weight in term.weights:
            vector[channel] = weight
        return vector

    def guide(self, term: Guide) -> np.ndarray:
        """The activations of every place of a guide picture, one row each."""
        pixels = as_picture(term.image, self.config.max_pixels).pixels
        shrink = min(1.0, GUIDE_SIDE / max(pixels.shape[1:3]))
        if shrink < 1:
            size = tuple(max(1, round(side * shrink)) for side in pixels.shape[1:3])
            pixels = ops.convert_to_numpy(ops.image.resize(pixels, size, antialias=True))
        pixels = pad(pixels, (self.features.least_side(1),) * 2)
        shown = ops.convert_to_numpy(self.show(ops.convert_to_tensor(pixels / 127.5 - 1.0))[term.layer])
        return np.asarray(shown, np.float32).reshape(-1, shown.shape[-1])


class Stride:
    """The steps of one dream: what is random, and what belongs to this picture."""

    def __init__(self, engine: Engine, size: tuple[int, int], full: tuple[int, int], mask: np.ndarray | None):
        """`size` is the picture's own, `full` that with room around it; `mask` (H, W) belongs to `size`."""
        self.engine, self.config, self.full = engine, engine.config, full

        def plane(mask: np.ndarray) -> Any:
            return ops.convert_to_tensor(pad(mask[None, ..., None], full))

        self.mask = None if mask is None else plane(mask)
        self.planes = [None if r.mask is None else plane(self.cut(r.mask, r.black, size)) for r in engine.regions]
        self.picked: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.tools: dict[str, Any] = {}

    def cut(self, image: Any, black: bool, size: tuple[int, int]) -> np.ndarray:
        mask = mask_of(image, size, self.config.max_pixels)
        return 1.0 - mask if black else mask

    def __call__(self, image: Any, sizes: np.ndarray, place: Place) -> tuple[Any, np.ndarray, np.ndarray]:
        """One step; its numbers on the host."""
        if place.number == 0:
            self.begin(place)
        rng = np.random.default_rng([self.config.seed, place.octave, place.number])
        shift, turn = self.drawn(rng)
        loss, gradients = self.uphill(moved(image, shift, turn), moved(place.original, shift, turn), rng)
        gradients = [moved_back(gradient, shift, turn) for gradient in gradients]
        if "kernels" in self.engine.tools_form():
            share = (place.number + 1) / self.config.at("iterations", place.octave)
            sigma = self.config.at("gradient_blur", place.octave) + self.config.blur_growth * share
            self.tools["kernels"] = [ops.convert_to_tensor(row) for row in kernels(sigma, self.config.blur_kind)]
        if "moments" in self.tools:
            self.tools["time"] = ops.convert_to_tensor(float(place.number + 1), "float32")
        image, slope, moments = self.engine.move(image, gradients, sizes, self.tools)
        if moments:
            self.tools["moments"] = moments
        return image, ops.convert_to_numpy(loss), ops.convert_to_numpy(slope)

    def begin(self, place: Place) -> None:
        """What stays the same throughout an octave."""
        shape = tuple(place.original.shape[1:3])
        form = self.engine.tools_form()
        self.tools = {}
        if "mask" in form:
            self.tools["mask"] = resize(self.mask, shape)[0]
        if "regions" in form:
            everywhere = ops.ones((*shape, 1))
            self.tools["regions"] = [everywhere if p is None else resize(p, shape)[0] for p in self.planes]
        if "moments" in form:
            self.tools["moments"] = [ops.zeros_like(place.original)] * 2
        self.given = dict(self.engine.constants)
        for number, term in enumerate(map(bare, self.engine.terms)):
            if isinstance(term, Layer) and term.at is not None:
                self.given[str(number)] = self.cell(term, shape)
            if isinstance(term, Layer) and term.pick:
                self.given[str(number)] = self.pick(str(number), term, place.original)

    def cell(self, term: Layer, shape: tuple[int, int]) -> np.ndarray:
        """The neuron's place in this octave: where it lies in the full picture."""
        here = np.array(self.engine.features.shapes(shape)[term.layer][1:3])
        if not isinstance(term.at, tuple):
            return (here // 2).astype(np.int32)
        there = np.array(self.engine.features.shapes(self.full)[term.layer][1:3])
        if (np.array(term.at) >= there).any():
            raise LayerError(
                f"The neuron {term} lies outside: {term.layer!r} has {there[0]} x {there[1]} cells for this picture."
            )
        return (np.array(term.at) * here // there).astype(np.int32)

    def pick(self, number: str, term: Layer, original: Any) -> np.ndarray:
        """The channels that the original excites most or least, one row for each picture."""
        count, strong, each = term.picks()
        if each or number not in self.picked:
            shown = ops.convert_to_numpy(self.engine.show(original)[term.layer]).astype(np.float32)
            order = np.argsort(np.square(shown).mean((1, 2)), axis=-1, kind="stable").astype(np.int32)
            self.picked[number] = order[:, ::-1][:, :count] if strong else order[:, :count]
        return self.picked[number]

    def drawn(self, rng: np.random.Generator) -> tuple[tuple[int, int], int]:
        """The roll and the turn of this step."""
        reach = self.config.jitter
        shift = tuple(rng.integers(-reach, reach + 1, 2).tolist()) if reach else (0, 0)
        return shift, int(rng.integers(8)) if self.config.turns else 0

    def uphill(self, image: Any, original: Any, rng: np.random.Generator) -> tuple[Any, list[Any]]:
        """Losses and gradients; those of noisy copies averaged, as many at once as fit."""
        numbers: dict[str, Any] = {"weights": self.engine.weights, "given": self.given}
        if "original" in self.engine.numbers_form():
            numbers["original"] = original
        samples = self.config.smooth_samples
        if not samples:
            return self.engine.uphill(image, numbers, self.engine.model_weights)
        count, height, width, _ = image.shape
        at_once = max(1, SAMPLE_PIXELS // (count * height * width))
        total_loss: Any = 0.0
        total: list[Any] = []
        for start in range(0, samples, at_once):
            some = min(at_once, samples - start)
            noise = rng.standard_normal((some, height, width, 3), np.float32) * np.float32(self.config.smooth_noise)
            numbers["noise"] = ops.convert_to_tensor(noise)
            loss, gradients = self.engine.uphill(image, numbers, self.engine.model_weights)
            share = some / samples
            total_loss = total_loss + share * loss
            total = [share * g + (total[i] if total else 0.0) for i, g in enumerate(gradients)]
        return total_loss, total


def moved(image: Any, shift: tuple[int, int], turn: int) -> Any:
    """Rolled, then turned: the bits of `turn` mirror it upside down, mirror it sideways, and swap its sides."""
    if any(shift):
        image = ops.roll(image, shift, axis=(1, 2))
    for bit, axis in ((1, 1), (2, 2)):
        image = ops.flip(image, axis=axis) if turn & bit else image
    return ops.transpose(image, (0, 2, 1, 3)) if turn & 4 else image


def moved_back(gradient: Any, shift: tuple[int, int], turn: int) -> Any:
    """A gradient of the moved picture as one of the picture itself."""
    if turn & 4:
        gradient = ops.transpose(gradient, (0, 2, 1, 3))
    for bit, axis in ((1, 1), (2, 2)):
        gradient = ops.flip(gradient, axis=axis) if turn & bit else gradient
    return ops.roll(gradient, (-shift[0], -shift[1]), axis=(1, 2)) if any(shift) else gradient
