"""Dreaming: one object that keeps a model warm, and one function that uses it once."""

import dataclasses
import inspect
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasdream import ascent, presets
from kerasdream.ascent.engine import Engine, bare
from kerasdream.ascent.loop import Climb
from kerasdream.ascent.measure import BORDER, HEAD
from kerasdream.ascent.stride import Stride
from kerasdream.ascent.tiling import LARGEST as TILE
from kerasdream.config import DEFAULTS, OWN_WEIGHTS, DreamConfig, check_names, files_named
from kerasdream.errors import ConfigError, DreamInterrupted, DreamWarning, ModelError, NonFiniteError
from kerasdream.image.blend import blend, load_mask, unchanged_pixels
from kerasdream.image.files import check_regular, check_size
from kerasdream.image.picture import GREY, Picture
from kerasdream.image.pyramid import crop_center, octave_shapes, pad_reflect
from kerasdream.image.sample import noise, noise_size
from kerasdream.image.tiles import release_pages
from kerasdream.model import zoo
from kerasdream.model.graph import FUNCTIONAL_HINT
from kerasdream.objectives import Class
from kerasdream.result import DreamResult, Moment, Snapshot

MOST_CHANNELS = 64  # of a picture; an input with more has its channels elsewhere
Preprocess = Callable[[Any], Any]
Callback = Callable[[Moment], None]


class Dreamer:
    """A model that stays warm: built and compiled once, for pictures of any size.

    >>> dreamer = kerasdream.Dreamer(layers={"mixed4": 1.0}, iterations=40)
    >>> results = [dreamer.run(path) for path in ("sky.jpg", "forest.jpg")]
    """

    def __init__(
        self,
        layers: Any = None,
        *,
        model: str | keras.Model | None = None,
        preprocess: Preprocess | None = None,
        **settings: Any,
    ):
        """`layers` and `settings` are the knobs of DreamConfig; `model` is a name or a functional keras.Model.

        A keras.Model takes pictures from -1 to 1, or what its `preprocess` makes of RGB from 0 to 255, such as
        `keras.applications.vgg16.preprocess_input`.
        """
        self.backend = ascent.backend()
        self.config = resolve(layers, model, preprocess, settings)
        with self.backend.on_device(self.config.device):
            self.engine = engine_of(self.config, *network_of(self.config, model, preprocess))
        self.features = self.engine.features

    @classmethod
    def on(cls, engine: Engine) -> "Dreamer":
        """A Dreamer with an engine that is there already, and its settings."""
        dreamer = cls.__new__(cls)
        dreamer.backend, dreamer.config = engine.backend, engine.config
        dreamer.engine, dreamer.features = engine, engine.features
        return dreamer

    @property
    def traces(self) -> int:
        """How often the gradient has been traced; see `Engine.traces`."""
        return self.engine.traces

    def refresh(self) -> None:
        """Take up the weights that the model has now, where it was trained since."""
        with self.backend.on_device(self.config.device):
            self.engine.refresh()

    def run(self, image: Any, *, callback: Callback | None = None, verbose: bool | str = "auto") -> DreamResult:
        """Dream a picture, or a batch of pictures of one size.

        `callback` gets a Moment after each step. `verbose` shows a bar; "auto" shows it on a terminal only.
        Ctrl-C raises DreamInterrupted, whose `.result` holds the picture so far.
        """
        ascent.check_process()
        if callback is not None and not callable(callback):
            raise ConfigError(f"callback={callback!r} was given; a function of a Moment was expected.")
        began = time.perf_counter()
        picture = read(image, self.config.max_pixels, self.config.seed)
        size = picture.pixels.shape[1:3]
        pixels = self.with_room(picture.pixels)
        shapes = self.shapes(pixels.shape[1:3])
        still = np.array([plain(one) for one in picture.pixels])
        config = self.config
        snapshots: list[Snapshot] = []
        mask = None if config.mask is None else load_mask(config.mask, size, config.max_pixels)
        with self.backend.on_device(config.device):
            stride = Stride(self.engine, size, pixels.shape[1:3], mask)
            climb = Climb(pixels, list(shapes.values()), config, stride, still, list(shapes))

            def kind(final: bool = False) -> Any:
                moved = climb.moved if final else np.ones(len(pixels), bool)
                dreamt = restored(crop_center(climb.picture(), size), picture, config, mask, moved)
                if not ops.is_tensor(image):
                    return dreamt
                return ops.convert_to_tensor(dreamt, keras.backend.standardize_dtype(image.dtype))

            def result() -> DreamResult:
                losses = [np.array(octave) for octave in climb.losses if octave]
                if getattr(picture.source, "ndim", 3) < 4:  # one picture: one number a step
                    losses = [octave[:, 0] for octave in losses]
                seconds = time.perf_counter() - began
                return DreamResult(kind(final=True), losses, config, seconds, picture, snapshots)

            try:
                for step in watch(climb, callback, progress_bar(verbose, climb), kind):
                    if due(config.snapshots, step):
                        snapshots.append(Snapshot(step, kind()))
            except KeyboardInterrupt:
                interrupt = DreamInterrupted("The dream was interrupted; .result holds the picture so far.")
                interrupt.result = result()
                raise interrupt from None
            except NonFiniteError as fault:
                raise self.explained(fault, climb, kind) from None
            notices(climb, self.config)
            return result()

    def with_room(self, pixels: np.ndarray) -> np.ndarray:
        """The pixels, grown by reflection where a layer would show nothing inside its border."""
        cells = 2 * BORDER + 1
        if HEAD in self.features.names or self.features.min_cells(pixels.shape[1:3]) >= cells:
            return pixels
        return pad_reflect(pixels, (self.features.min_side(cells),) * 2)

    def shapes(self, size: tuple[int, int]) -> dict[int, tuple[int, int]]:
        """The octaves of a picture that the model can look at, by number, smallest first; a notice for the others."""
        shapes = octave_shapes(size, self.config.num_octave, self.config.octave_scale, self.config.octaves_above)
        fitting = {number: self.features.nearest_size(shape) for number, shape in enumerate(shapes)}
        kept = {number: shape for number, shape in fitting.items() if shape}
        if not kept:
            raise ModelError(
                f"{self.config.model} cannot look at a picture of {size[0]} x {size[1]} pixels: with these layers it "
                "takes one size only. Resize the picture, and dream with num_octave=1; or name other layers."
            )
        if len(kept) < len(shapes):
            warnings.warn(
                f"Left out {len(shapes) - len(kept)} of {len(shapes)} octaves, the smallest "
                f"{shapes[0][0]} x {shapes[0][1]}: they do not fit {self.config.model}.",
                DreamWarning,
                stacklevel=4,
            )
        return kept

    def explained(self, fault: NonFiniteError, climb: Climb, kind: Callable[[], Any]) -> NonFiniteError:
        """The error with the layer that left the finite numbers, what to do, and the last finite picture."""
        corner = climb.image[:, :TILE, :TILE]  # of a large picture, what fits
        activations = self.engine.show(ops.convert_to_tensor(corner))
        layer = next((name for name, a in activations.items() if not np.isfinite(ops.convert_to_numpy(a)).all()), None)
        where = (
            f"Layer {layer!r} is the first that is not finite" if layer else f"The layers are {', '.join(activations)}"
        )
        advice = (
            "Try a smaller step, smaller layer weights, or a model in float32. .image holds the last finite picture."
        )
        explained = NonFiniteError(f"{fault} {where}. {advice}")
        explained.image = kind()
        return explained


def plain(pixels: np.ndarray) -> bool:
    """Whether a picture (H, W, 3) is of one colour; of most, the first row says that it is not.

    >>> plain(np.zeros((2, 2, 3)))
    True
    """
    return all(bool((row == pixels[0, 0]).all()) for row in pixels)


def restored(dreamt: np.ndarray, picture: Picture, config: DreamConfig, mask: Any, moved: np.ndarray) -> Any:
    """A dream from -1 to 1 in the kind that went in, blended with it as the settings say."""

    def rows_of(rows: slice) -> np.ndarray:
        pixels = (dreamt[:, rows] / 2.0 + 0.5) * 255.0
        release_pages(dreamt)
        return blend(pixels, picture.pixels[:, rows], config.strength, config.keep_color)

    return picture.restore(rows_of, unchanged_pixels(mask, moved, dreamt.shape))


def dream(
    image: Any,
    layers: Any = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    callback: Callback | None = None,
    verbose: bool | str = "auto",
    **settings: Any,
) -> Any:
    """Dream a picture; the kind that went in comes out. A path comes out as a PIL image.

    The settings are the knobs of DreamConfig. For several pictures, keep a Dreamer: it builds its model once.

    >>> kerasdream.dream("sky.jpg", layers={"mixed4": 1.0}, iterations=40).save("dream.png")
    """
    if isinstance(image, str | os.PathLike) and not noise_size(image):
        check_regular(image)  # before a model is built or fetched
    dreamer = Dreamer(layers, model=model, preprocess=preprocess, **settings)
    return dreamer.run(image, callback=callback, verbose=verbose).image


def show_knobs(function: Callable[..., Any]) -> None:
    """Let `help()` and editors see every knob of DreamConfig in the signature, where `**settings` stands."""
    signature = inspect.signature(function)
    kept = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    knobs = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(DreamConfig)
        if field.name not in signature.parameters
    ]
    function.__signature__ = signature.replace(parameters=kept + knobs)  # type: ignore[attr-defined]


show_knobs(dream)
show_knobs(Dreamer.__init__)


def resolve(layers: Any, model: Any, preprocess: Preprocess | None, settings: dict[str, Any]) -> DreamConfig:
    """The settings of a dream: what the user said, then what the model wants, then the defaults."""
    check_names(settings)
    if preprocess is not None and not callable(preprocess):
        raise ConfigError(
            f"preprocess={preprocess!r} was given; a function of RGB pictures from 0 to 255 was expected."
        )
    given = {name: value for name, value in {"layers": layers, "model": model}.items() if value is not None} | settings
    name = given.get("preset", DEFAULTS["preset"])
    if given.get("weights") == OWN_WEIGHTS:
        del given["weights"]
        if not isinstance(model, keras.Model):
            raise ModelError(f"These settings were made with a model of your own, {model!r}; pass it as model=.")
    if isinstance(model, keras.Model):
        if "weights" in given:
            raise ConfigError(
                f"weights={settings['weights']!r} was given with the model {model.name!r}, which has its own. "
                "Leave weights out."
            )
        if given.get("precision", "float32") != "float32":
            raise ConfigError(
                f"precision={given['precision']!r} was given with the model {model.name!r}, which has its own. "
                "Build it with another dtype policy, and leave precision out."
            )
        if layers is None:
            raise ConfigError(
                f"No layers were named; the model {model.name!r} has no default ones. "
                "kerasdream.layers(model) lists its layers."
            )
        own = {"model": model.name, "weights": OWN_WEIGHTS}
        return settled(presets.settings(name) | given | own)
    if preprocess is not None:
        raise ConfigError(
            "preprocess was given with a named model, which has its own. Leave it out, or pass a keras.Model."
        )
    if not isinstance(model, str | None):
        raise ModelError(f"model is a {type(model).__name__}; a name or a functional keras.Model was expected.")
    config = DreamConfig(**presets.settings(name) | given)  # a wrong value is told before anything is fetched
    if "model" not in given and "weights" not in given and not top_wanted(config):
        given["model"] = zoo.at_hand(DEFAULTS["model"])
    network = given.get("model", DEFAULTS["model"])
    return settled({**zoo.entry_of(network).defaults, **presets.settings(name, network), **given})


def settled(settings: dict[str, Any]) -> DreamConfig:
    """The config, with what depends on the machine and on the objective.

    The default max_loss, made for whole layers, does not end a climb on anything else.
    """
    config = DreamConfig(**settings)
    named = files_named({"layers": config.layers, "mask": config.mask})
    for file in (file for files in named.values() for file in files):
        check_regular(file)
    if config.precision == "auto":
        config = config.replace(precision="bfloat16" if ascent.backend().has_bfloat16() else "float32")
    if "max_loss" in settings or config.layers is None or config.layers.is_plain():
        return config
    return config.replace(max_loss=None)


def engine_of(config: DreamConfig, network: keras.Model, preprocess: Preprocess | None) -> Engine:
    """The objective of the settings, on a network."""
    assert config.layers is not None
    return Engine(network, preprocess, config.layers, config)


def network_of(config: DreamConfig, model: Any, preprocess: Preprocess | None) -> tuple[keras.Model, Preprocess | None]:
    """The network that the settings name, or the user's own, and what its pictures must go through."""
    if isinstance(model, keras.Model):
        channels = channels_of(model)
        if preprocess is None and channels == 1:
            return model, as_grey
        if preprocess is None and channels != 3:
            raise ModelError(
                f"The model {model.name!r} takes pictures of {channels} channels; pass preprocess=, a function that "
                "makes them of RGB from 0 to 255."
            )
        return model, preprocess
    assert config.layers is not None
    top, layers = top_wanted(config), config.layers.layers()
    network = zoo.build(config.model, config.weights, config.seed, layers, top=top, precision=config.precision)
    return network, zoo.preprocess_of(config.model)


def channels_of(model: keras.Model) -> int:
    """How many channels a user's model takes; ModelError where it does not take one picture with channels last."""
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or []]  # an unbuilt one has none
    if len(shapes) != 1 or len(shapes[0]) != 4 or not shapes[0][-1] or shapes[0][-1] > MOST_CHANNELS:
        raise ModelError(
            f"The model {model.name!r} takes inputs of shape {shapes}; one input (batch, height, width, channels) was "
            f"expected, of a functional or built Sequential model. {FUNCTIONAL_HINT}"
        )
    return shapes[0][-1]


def as_grey(pixels: Any) -> Any:
    """RGB from 0 to 255 for a model of one channel from -1 to 1."""
    return ops.sum(pixels * ops.convert_to_tensor(GREY, "float32"), axis=-1, keepdims=True) / 127.5 - 1.0


def read(image: Any, max_pixels: int, seed: int) -> Picture:
    """The picture of anything that a user gives; "noise" is one drawn from the seed."""
    if isinstance(image, str | os.PathLike) and (size := noise_size(image)) and not os.path.exists(image):
        check_size(size[::-1], max_pixels, f"{os.fspath(image)!r}")
        return dataclasses.replace(Picture.of(noise(size, seed)), path=os.fspath(image))
    return Picture.of(np.asarray(ops.convert_to_numpy(image)) if ops.is_tensor(image) else image, max_pixels)


def top_wanted(config: DreamConfig) -> bool:
    """Whether the objective needs a model that tells classes apart."""
    return config.layers is not None and any(isinstance(bare(term), Class) for term, _ in config.layers.terms)


def due(snapshots: int | tuple[int, ...] | None, step: int) -> bool:
    """Whether the picture is to be kept after this step, counted from 1."""
    if snapshots is None:
        return False
    return step in snapshots if isinstance(snapshots, tuple) else step % snapshots == 0


def progress_bar(verbose: bool | str, climb: Climb) -> Any:
    """A Keras bar over all steps, or None."""
    if verbose not in (True, False, 0, 1, "auto"):
        raise ConfigError(f"verbose={verbose!r} was given; True, False or 'auto' was expected.")
    wanted = sys.stdout.isatty() if verbose == "auto" else verbose
    total = sum(map(climb.iterations, range(len(climb.shapes))))
    return keras.utils.Progbar(total, stateful_metrics=["octave", "loss"]) if wanted else None


def watch(climb: Climb, callback: Callback | None, bar: Any, kind: Callable[[], Any]) -> Iterator[int]:
    """Take the steps of a climb, with a bar and a callback after each; yields how many there have been."""
    for count, step in enumerate(climb.steps(), 1):
        losses, loss = climb.losses[-1][-1], 0.0
        if (bar or callback) and np.isfinite(losses).any():
            loss = float(np.nanmean(losses))
        if bar:
            before = sum(map(climb.iterations, range(climb.octave)))
            bar.update(before + step + 1, [("octave", climb.octave + 1), ("loss", loss)])
        yield count
        if callback:
            moment = Moment(climb.octave, len(climb.shapes), step, climb.iterations(climb.octave), loss, losses, kind)
            callback(moment)
            if moment.stopped:
                break
    if bar:
        bar.update(bar.target, finalize=True)


def notices(climb: Climb, config: DreamConfig) -> None:
    """Tell of pictures that stayed as they were, and of a max_loss that ended everything at once."""
    if not climb.moved.all():
        which = "The picture" if len(climb.moved) == 1 else f"{(~climb.moved).sum()} of {len(climb.moved)} pictures"
        warnings.warn(
            f"{which} came back unchanged: it is of one plain colour, or the layers find nothing in it to amplify. "
            "Try another picture, a little noise on it, or lower layers.",
            DreamWarning,
            stacklevel=3,
        )
    elif config.max_loss is not None and all(len(octave) == 1 for octave in climb.losses) and climb.iterations(0) > 1:
        warnings.warn(
            f"Every octave ended after one step: the loss, {np.nanmean(climb.losses[-1][-1]):.3g}, was above "
            f"max_loss={config.max_loss:g} at once. Give a larger max_loss, or None for no limit.",
            DreamWarning,
            stacklevel=3,
        )
