"""Dreaming: one object that keeps a model compiled, and one function that uses it once."""

import collections
import dataclasses
import inspect
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias, Unpack

import keras
import numpy as np
from keras import ops

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.ascent.current_backend import current_backend
from kerasdream.ascent.memory import MAX_TILE
from kerasdream.ascent.octaves import OctaveLoop
from kerasdream.ascent.plan import DreamPlan, plan_dream
from kerasdream.ascent.step import Preprocess
from kerasdream.ascent.stepper import Stepper
from kerasdream.config import DEFAULTS, KNOBS, DreamConfig
from kerasdream.errors import ConfigError, DreamInterrupted, NonFiniteError, warn
from kerasdream.forking import check_process
from kerasdream.image.blend import blend, load_mask, unchanged_pixels
from kerasdream.image.picture import Picture
from kerasdream.image.tiles import release_pages
from kerasdream.knobs import knobs_help
from kerasdream.progress import progress_line
from kerasdream.resolution import build_network, open_picture, resolve_config
from kerasdream.result import DreamResult, Moment, Snapshot
from kerasdream.settings import ObjectiveLike, Settings
from kerasdream.types import Array

Callback: TypeAlias = Callable[[Moment], None]


class Dreamer:
    """A model that stays compiled, for pictures of any size.

    >>> dreamer = kerasdream.Dreamer(layers={"mixed4": 1.0}, iterations=2, model="mini")
    >>> results = [dreamer.run(path) for path in ("sky.jpg", "forest.jpg")]
    """

    def __init__(
        self,
        layers: ObjectiveLike | None = None,
        *,
        model: str | keras.Model | None = None,
        preprocess: Preprocess | None = None,
        **settings: Unpack[Settings],
    ):
        """Build and compile a model.

        `layers` and `settings` are the knobs of DreamConfig; `model` is a name or a functional keras.Model. A
        keras.Model takes pictures from -1 to 1, or what its `preprocess` makes of RGB from 0 to 255, such as
        `keras.applications.vgg16.preprocess_input`. Raises ConfigError, ModelError or WeightsError.
        """
        self.backend = current_backend()
        self.config = resolve_config(layers, model, preprocess, settings)
        with self.backend.on_device(self.config.device):
            network, preprocess = build_network(self.config, model, preprocess)
            self.compiled = compile_objective(self.config, network, preprocess)
        self.features = self.compiled.features

    @classmethod
    def from_compiled(cls, compiled: CompiledObjective) -> "Dreamer":
        """Return a Dreamer with an objective that is compiled already, and its settings."""
        dreamer = cls.__new__(cls)
        dreamer.backend, dreamer.config = compiled.backend, compiled.config
        dreamer.compiled, dreamer.features = compiled, compiled.features
        return dreamer

    def __repr__(self) -> str:
        return f"Dreamer({str(self.config.layers)!r}, model={self.config.model!r})"

    @property
    def traces(self) -> int:
        """How often the gradient has been traced; see `CompiledObjective.traces`."""
        return self.compiled.traces

    def refresh(self) -> None:
        """Take the weights that the model has now, where it was trained since."""
        with self.backend.on_device(self.config.device):
            self.compiled.refresh()

    def run(self, image: object, *, callback: Callback | None = None, verbose: bool | str = "auto") -> DreamResult:
        """Dream a picture, or a batch of pictures of one size.

        `image` is a path, bytes, a file object, a PIL image, an array or a tensor; the kind that goes in comes out.
        `callback` gets a Moment after each step. `verbose` shows a bar; "auto" shows it on a terminal and in a
        notebook. Returns a DreamResult. Raises InputImageError for what is no picture, NonFiniteError with the last
        finite picture, and DreamInterrupted on Ctrl-C, whose `.result` holds the picture so far.
        """
        check_process()
        check_callback(callback)
        began, config = time.perf_counter(), self.config
        source = DreamSource.open(image, self.compiled)
        with self.backend.on_device(config.device):
            stepper = Stepper(self.compiled, source.plan, source.mask)
            loop = OctaveLoop(source.padded_pixels(), source.plan, config, stepper.step, source.plain_pictures())
            line, snapshots = progress_line(verbose, loop.total_steps()), list[Snapshot]()

            def result() -> DreamResult:
                dreamt = source.restore(loop.picture(), loop.changed)
                seconds = time.perf_counter() - began
                losses, opacity = source.losses(loop), source.opacity(stepper)
                return DreamResult(dreamt, losses, config, seconds, source.picture, snapshots, opacity)

            def current_picture() -> Any:
                return source.restore(loop.picture())

            try:
                for count, step in enumerate(loop.steps(), 1):
                    moment = moment_of(loop, step, current_picture)
                    if line:
                        details = f"octave {moment.octave + 1}/{moment.num_octave}, loss {moment.loss:.2f}"
                        line.update(loop.steps_before() + step + 1, details)
                    if takes_snapshot(config.snapshots, count):
                        snapshots.append(Snapshot(count, current_picture()))
                    if callback:
                        callback(moment)
                    if moment.stopped:
                        break
            except KeyboardInterrupt:
                interrupt = DreamInterrupted("The dream was interrupted; .result holds the picture so far.")
                interrupt.result = result()
                raise interrupt from None
            except NonFiniteError as fault:
                raise self.diagnose_non_finite(fault, loop, current_picture) from None
            finally:
                if line:
                    line.close()
            warn_of_no_effect(loop, config)
            return result()

    def diagnose_non_finite(
        self, fault: NonFiniteError, loop: OctaveLoop, current_picture: Callable[[], Any]
    ) -> NonFiniteError:
        """Return the error with the layer that left the finite numbers, what to do, and the last finite picture."""
        corner = loop.image[:, :MAX_TILE, :MAX_TILE]  # of a large picture, what fits
        activations = self.compiled.activations(self.compiled.whole_view(corner))
        layer = next((name for name, a in activations.items() if not np.isfinite(to_numpy(a)).all()), None)
        where = (
            f"Layer {layer!r} is the first that is not finite" if layer else f"The layers are {', '.join(activations)}"
        )
        advice = (
            "Try a smaller step, smaller layer weights, or a model in float32. .image holds the last finite picture."
        )
        diagnosed = NonFiniteError(f"{fault} {where}. {advice}")
        diagnosed.image = current_picture()
        return diagnosed


@dataclasses.dataclass(frozen=True)
class DreamSource:
    """The picture of a dream: read and planned once, and made into the kind that came once."""

    picture: Picture
    plan: DreamPlan
    config: DreamConfig
    mask: Array | None  # (H, W), from 0 to 1
    tensor_dtype: str | None  # of a tensor that came

    @classmethod
    def open(cls, image: Any, compiled: CompiledObjective) -> "DreamSource":
        """Read a picture of any kind, and plan its dream."""
        config = compiled.config
        picture = open_picture(image, config.max_pixels, config.seed)
        size = picture.pixels.shape[1], picture.pixels.shape[2]
        plan = plan_dream(compiled.features, config, size)
        mask = None if config.mask is None else load_mask(config.mask, size, config.max_pixels)
        dtype = keras.backend.standardize_dtype(image.dtype) if ops.is_tensor(image) else None
        return cls(picture, plan, config, mask, dtype)

    def padded_pixels(self) -> Array:
        """Return the pixels (N, H, W, 3) from 0 to 255, padded as planned."""
        return self.plan.pad(self.picture.pixels)

    def plain_pictures(self) -> Array:
        """Return which pictures of the batch are of one colour, and stay as they are."""
        return np.array([has_one_color(pixels) for pixels in self.picture.pixels])

    def losses(self, loop: OctaveLoop) -> list[Array]:
        """Return the losses of each octave: a number a step, or a row of them for a batch."""
        losses = [np.array(octave) for octave in loop.losses if octave]
        return [octave[:, 0] for octave in losses] if self.is_single else losses

    @property
    def is_single(self) -> bool:
        """Whether one picture came, and no batch."""
        return getattr(self.picture.source, "ndim", 3) < 4

    def opacity(self, stepper: Stepper) -> Array | None:
        """Return how much each place counted, (H, W), or (N, H, W) for a batch; None where nobody asked."""
        if not self.config.opacity:
            return None
        count, height, width = self.picture.pixels.shape[:3]
        maps = np.zeros((count, height, width), np.float32)
        if stepper.importance is not None:
            maps = stepper.importance.opacity(self.plan.padded_size, self.plan.size)
        return maps[0] if self.is_single else maps

    def restore(self, dreamt: Array, changed: Array | None = None) -> Any:
        """Return a padded dream from -1 to 1 in the kind that came, blended with it as the settings say.

        Where `changed` is given, the other pictures of the batch come back exactly as they were.
        """
        dreamt, config = self.plan.crop(dreamt), self.config
        if changed is None:
            changed = np.ones(len(dreamt), bool)

        def rows_of(rows: slice) -> Array:
            pixels = (dreamt[:, rows] / 2.0 + 0.5) * 255.0
            release_pages(dreamt)
            return blend(pixels, self.picture.pixels[:, rows], config.strength, config.keep_color)

        restored = self.picture.restore(rows_of, unchanged_pixels(self.mask, changed, dreamt.shape))
        return restored if self.tensor_dtype is None else ops.convert_to_tensor(restored, self.tensor_dtype)


class DreamerCache:
    """The latest Dreamers, by what is compiled in: settings that differ in other knobs share one compiled step."""

    def __init__(self, size: int | None = None):
        """Keep `size` of them; with None, all."""
        self.size = size
        self.kept: collections.OrderedDict[Hashable, CompiledObjective] = collections.OrderedDict()

    def get(
        self,
        config: DreamConfig,
        network: Callable[[], tuple[keras.Model, Preprocess | None]] | None = None,
        network_key: Hashable = None,
    ) -> Dreamer:
        """Return a Dreamer with these settings, on the network that `network` makes, or the one that they name."""
        key = (network_key, config.compiled_settings())
        if key not in self.kept:
            made = build_network(config, None, None) if network is None else network()
            self.kept[key] = compile_objective(config, *made)
        self.kept.move_to_end(key)
        while self.size is not None and len(self.kept) > self.size:
            self.kept.popitem(last=False)
        return Dreamer.from_compiled(self.kept[key].with_config(config))


def compile_objective(config: DreamConfig, model: keras.Model, preprocess: Preprocess | None) -> CompiledObjective:
    """Compile the objective of the settings, on a network."""
    assert config.layers is not None
    return CompiledObjective(model, preprocess, config.layers, config)


def dream(
    image: Any,
    layers: ObjectiveLike | None = None,
    *,
    model: str | keras.Model | None = None,
    preprocess: Preprocess | None = None,
    callback: Callback | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[Settings],
) -> Any:
    """Dream a picture; the kind that goes in comes out. A path comes out as a PIL image.

    For several pictures, keep a Dreamer: it builds its model once. See Dreamer and Dreamer.run for the arguments and
    the errors.

    >>> kerasdream.dream("sky.jpg", layers={"mixed4": 1.0}, iterations=2, model="mini").save("dream.png")
    """
    check_callback(callback)
    max_pixels, seed = [KNOBS[name].check(name, settings.get(name, DEFAULTS[name])) for name in ("max_pixels", "seed")]
    if not ops.is_tensor(image):
        image = open_picture(image, max_pixels, seed)  # before a model is built or fetched
    dreamer = Dreamer(layers, model=model, preprocess=preprocess, **settings)
    return dreamer.run(image, callback=callback, verbose=verbose).image


def check_callback(callback: object) -> None:
    """Raise ConfigError for a callback that cannot be called."""
    if callback is not None and not callable(callback):
        raise ConfigError(f"callback={callback!r} was given; a function of a Moment was expected.")


def document_knobs(function: Callable[..., Any]) -> None:
    """Show every knob of DreamConfig in the signature and the docstring, where `**settings` stands."""
    signature = inspect.signature(function)
    kept = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    knobs = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(DreamConfig)
        if field.name not in signature.parameters
    ]
    function.__signature__ = signature.replace(parameters=kept + knobs)  # type: ignore[attr-defined]
    function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nSettings:\n{knobs_help(KNOBS, DEFAULTS)}\n"


document_knobs(dream)
document_knobs(Dreamer.__init__)


def has_one_color(pixels: Array) -> bool:
    """Return whether a picture (H, W, 3) is of one colour; of most, the first row says that it is not.

    >>> has_one_color(np.zeros((2, 2, 3)))
    True
    """
    return all(bool((row == pixels[0, 0]).all()) for row in pixels)


def takes_snapshot(snapshots: int | tuple[int, ...] | None, step: int) -> bool:
    """Return whether the picture is to be kept after this step, counted from 1."""
    if snapshots is None:
        return False
    return step in snapshots if isinstance(snapshots, tuple) else step % snapshots == 0


def moment_of(loop: OctaveLoop, step: int, current_picture: Callable[[], Any]) -> Moment:
    """Return what a callback sees after a step."""
    losses = loop.losses[-1][-1]
    loss = float(np.nanmean(losses)) if np.isfinite(losses).any() else 0.0
    octave = loop.octave
    return Moment(octave, len(loop.shapes), step, loop.iterations(octave), loss, losses, current_picture)


def warn_of_no_effect(loop: OctaveLoop, config: DreamConfig) -> None:
    """Warn of pictures that stayed as they were, and of a max_loss that ended every octave at once."""
    changed, losses = loop.changed, loop.losses
    if not changed.all():
        which = "The picture" if len(changed) == 1 else f"{(~changed).sum()} of {len(changed)} pictures"
        warn(
            f"{which} came back unchanged: it is of one plain colour, or the layers find nothing in it to amplify. "
            "Try another picture, a little noise on it, or lower layers."
        )
    elif config.max_loss is not None and all(len(octave) == 1 for octave in losses) and loop.iterations(0) > 1:
        warn(
            f"Every octave ended after one step: the loss, {np.nanmean(losses[-1][-1]):.3g}, was above "
            f"max_loss={config.max_loss:g} at once. Give a larger max_loss, or None for no limit."
        )
