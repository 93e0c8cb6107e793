"""The compiled heart of a Dreamer: an objective on a network, ready for pictures of any size."""

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasdream import ascent
from kerasdream.ascent.measure import HEAD
from kerasdream.ascent.step import make_move, make_step, make_uphill, moved_along, preprocessed, regions_of, shaped
from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, LayerError
from kerasdream.image.blend import load_picture
from kerasdream.image.pyramid import pad_reflect
from kerasdream.model import padded
from kerasdream.model.classes import number_of
from kerasdream.model.features import Features
from kerasdream.objectives import Class, Content, Direction, Guide, Inside, Layer, Objective, Term

IMAGE = keras.KerasTensor((None, None, None, 3))
FREE = {
    *("step", "iterations", "max_loss", "num_octave", "octave_scale", "octaves_above", "detail", "jitter", "strength"),
    *("keep_color", "snapshots", "seed", "smooth_noise", "memory", "tile", "overlap", "max_pixels", "preset"),
}  # knobs that are not compiled in
GUIDE_SIDE = 384  # of a guide picture: its textures matter, not its size


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
        head = HEAD if wants_class else None
        self.features = Features(network, objective.layers(), head, self.backend.CONVOLUTION, self.backend.MIRRORED)
        self.channels = {name: tensor.shape[-1] for name, tensor in self.features.outputs().items()}
        if config.turns and (neuron := next((t for t in map(bare, self.terms) if getattr(t, "at", None)), None)):
            raise ConfigError(
                f"The neuron {neuron} has its place, and turns=True would move it. Leave one of them out."
            )
        self.roomy = self.backend.STATIC and self.features.supports_padding
        self.model_weights: dict[str, Any] = {}
        self.refresh()
        self.regions = regions_of(self.terms)
        self.compile()

    def compile(self) -> None:
        """Make the bodies of a step. What is not called is not traced."""
        config, numbers, tools, sizes = self.config, self.numbers_form(), self.tools_form, keras.KerasTensor((None,))
        uphill = make_uphill(self.features, self.preprocess, self.terms, self.backend.gradient)
        move = make_move(config)
        self.uphill = self.backend.compiled(uphill, IMAGE, numbers, held=self.model_weights)
        # The same for windows of a larger picture.
        framed = numbers | {"frame": keras.KerasTensor((None, 2, 4))}
        self.uphill_in_windows = self.backend.compiled(uphill, IMAGE, framed, held=self.model_weights)
        self.move = self.backend.compiled(move, IMAGE, [IMAGE] * len(self.regions), sizes, tools)
        step = make_step(uphill, move)
        self.step = self.backend.compiled(step, IMAGE, numbers, sizes, tools, held=self.model_weights)
        # The move in two halves, for a picture in parts.
        self.shape = self.backend.compiled(
            lambda gradient, tools: shaped(gradient, tools, config.gradient_scales),
            IMAGE,
            {"kernels": tools["kernels"]} if "kernels" in tools else {},
        )
        strength = [keras.KerasTensor((None, 1, 1, 1))] * 3
        tools = {name: form for name, form in tools.items() if name in ("mask", "moments", "time")}
        self.advance = self.backend.compiled(
            functools.partial(moved_along, config=config), IMAGE, IMAGE, strength, sizes, tools
        )

    def sharing(self, config: DreamConfig) -> "Engine":
        """The same compiled steps with other settings, which may differ in the FREE knobs."""
        engine = copy.copy(self)
        engine.config = config
        return engine

    def refresh(self) -> None:
        """Take up the weights that the network has now."""
        self.backend.hold(self.model_weights, self.features.weights(include_rest=self.backend.STATIC))
        self.constants = self.given_always()

    def slopes(self, image: Any, numbers: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The loss of each picture, and one gradient for each region; see `make_uphill`.

        Where each size would be compiled by itself, pictures get room around them up to one of few sizes.
        """
        uphill = self.uphill_in_windows if "frame" in numbers else self.uphill
        if not self.roomy:
            return uphill(image, numbers)
        height, width = image.shape[1:3]
        rows, columns = padded.bucket_shape((height, width))
        room = [(0, 0), (0, rows - height), (0, columns - width), (0, 0)]
        numbers = numbers | {name: ops.pad(numbers[name], room) for name in ("noise", "original") if name in numbers}
        numbers["size"] = np.array((height, width), np.int32)
        loss, gradients = uphill(ops.pad(image, room), numbers)
        return loss, [gradient[:, :height, :width] for gradient in gradients]

    @property
    def traces(self) -> int:
        """How often the gradient has been traced: on TensorFlow once for whole pictures of any size, once for
        those that are rolled, turned or looked at in noise, once for tiles."""
        return sum(map(self.backend.traces, (self.step, self.uphill, self.uphill_in_windows)))

    @functools.cached_property
    def bytes_per_pixel(self) -> float:
        """About how much memory the gradient of a pixel takes: several regions are climbed one after the other."""
        return self.features.bytes_per_pixel()

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
        form: dict[str, Any] = {
            "weights": keras.KerasTensor((None, None)),
            "given": given,
        }
        if self.config.smooth_samples:
            form["noise"] = IMAGE
        if any(isinstance(bare(term), Content) for term in self.terms):
            form["original"] = IMAGE
        if self.roomy:
            form["size"] = keras.KerasTensor((2,), "int32")
        return form

    @functools.cached_property
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
        given = constants(list(map(bare, self.terms)), self.channels)
        guides = {str(n): self.guide(term) for n, term in enumerate(map(bare, self.terms)) if isinstance(term, Guide)}
        return given | guides

    def guide(self, term: Guide) -> np.ndarray:
        """The activations of every place of a guide picture, one row each."""
        pixels = load_picture(term.image, self.config.max_pixels).pixels.astype(np.float32)
        shrink = min(1.0, GUIDE_SIDE / max(pixels.shape[1:3]))
        if shrink < 1:
            size = tuple(max(1, round(side * shrink)) for side in pixels.shape[1:3])
            pixels = ops.convert_to_numpy(ops.image.resize(pixels, size, antialias=True, data_format="channels_last"))
        pixels = pad_reflect(pixels, (self.features.min_side(1),) * 2)
        shown = ops.convert_to_numpy(self.show(ops.convert_to_tensor(pixels / 127.5 - 1.0))[term.layer])
        return np.asarray(shown, np.float32).reshape(-1, shown.shape[-1])


def constants(terms: Sequence[Term], channels: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The numbers of classes and the vectors of directions; LayerError for a channel that a layer does not have."""
    given: dict[str, np.ndarray] = {}
    for number, term in enumerate(terms):
        if isinstance(term, Class):
            given[str(number)] = np.array(number_of(term.name, channels[HEAD]), np.int32)
        elif isinstance(term, Direction):
            check_channel(term.layer, max(channel for channel, _ in term.weights), channels)
            vector = np.zeros(channels[term.layer], np.float32)
            for channel, weight in term.weights:
                vector[channel] = weight
            given[str(number)] = vector
        elif isinstance(term, Layer):
            check_channel(term.layer, max((*term.channels, term.picks()[0] - 1)), channels)
    return given


def check_channel(layer: str, channel: int, channels: Mapping[str, int]) -> None:
    """LayerError where a layer has no such channel."""
    if channel >= channels[layer]:
        raise LayerError(
            f"Channel {channel} of {layer!r} was asked for; it has {channels[layer]}, 0 to {channels[layer] - 1}."
        )
