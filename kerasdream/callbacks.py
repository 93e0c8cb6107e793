"""Dreams of a network in training: what its layers have learnt so far, every epoch or every so many batches."""

import importlib
import io
import math
import os
import pathlib
import re
import time
import warnings
from collections.abc import Mapping
from typing import Any

import keras
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig, check_names
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, DreamError, DreamWarning
from kerasdream.image import files
from kerasdream.image.animation import animate
from kerasdream.image.picture import Picture
from kerasdream.objectives import objective
from kerasdream.resolution import open_picture
from kerasdream.result import DreamResult, as_array

FRAMES = 60  # of a growing film, at most


class DreamCallback(keras.callbacks.Callback):
    """Dreams on the model that is being trained, and writes numbered pictures and a growing GIF for each image.

    >>> callback = DreamCallback("sky.jpg", layers={"conv3": 1.0}, every=2, output_dir="dreams")
    >>> model.fit(x, y, epochs=10, callbacks=[callback])
    """

    def __init__(
        self,
        images: Any,
        layers: Any,
        every: int = 1,
        unit: str = "epoch",
        output_dir: str | os.PathLike[str] = "dreams",
        tensorboard: bool | str | os.PathLike[str] = False,
        preprocess: Preprocess | None = None,
        model: keras.Model | None = None,
        **settings: Any,
    ):
        """`images` is one picture of any kind that `dream` takes, or a list or batch of them, or a dict with names.

        `unit` is "epoch" or "batch". With `tensorboard`, True or a folder, each picture and its loss also go there. The
        model takes pictures from -1 to 1, or what `preprocess` makes of RGB from 0 to 255. `model` is one of layers of
        the trained one that dreams for it, such as the network inside a model of your own class. `settings` are the
        knobs of DreamConfig.
        """
        super().__init__()
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise ConfigError(f"every={every!r} was given; a whole number, 1 or more was expected.")
        if unit not in ("epoch", "batch"):
            raise ConfigError(f"unit={unit!r} was given; 'epoch' or 'batch' was expected.")
        check_names(settings)
        if not isinstance(model, keras.Model | None):
            raise ConfigError(
                f"model={model!r} was given; a keras.Model made of layers of the trained one was expected, or none."
            )
        if own := {"weights", "precision"} & settings.keys():
            raise ConfigError(
                f"{', '.join(sorted(own))} was given; the model that is trained has its own. Leave it out."
            )
        config = DreamConfig(layers=layers, **settings)
        self.every, self.unit, self.preprocess, self.network = every, unit, preprocess, model
        self.layers, self.settings = objective(layers), settings
        self.pictures = named(images, config)
        self.folder = pathlib.Path(output_dir)
        self.board = None
        if tensorboard:
            self.board = Board(self.folder if tensorboard is True else tensorboard)
        self.dreamer: Dreamer | None = None
        self.dreamer_of: Any = None
        self.batches = self.batch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Look at the model before the training has begun: a layer that it does not have is told now."""
        files.make_folder(self.folder)
        if (self.network or self.model).built:
            self.look()

    def look(self) -> None:
        """Compile the dream for the model; once, however often it is trained."""
        model = self.network or self.model
        if self.dreamer is None or self.dreamer_of is not model:
            self.dreamer_of = model
            self.dreamer = Dreamer(self.layers, model=model, preprocess=self.preprocess, **self.settings)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.unit == "epoch" and (epoch + 1) % self.every == 0:
            self.dream(epoch + 1)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.batch = batch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.look()  # a model that its first batch has built
        before, self.batches = self.batches, self.batches + batch - self.batch + 1  # Keras may take several at once
        if self.unit == "batch" and self.batches // self.every > before // self.every:
            # The optimiser counts on where a resumed training goes on.
            optimizer = getattr(self.model, "optimizer", None)
            self.dream(int(optimizer.iterations) if optimizer is not None else self.batches)

    def on_train_end(self, logs: Any = None) -> None:
        if self.board:
            self.board.flush()

    def dream(self, number: int) -> None:
        """Dream every picture with the weights of this moment; one that fails is told, and the training goes on."""
        assert self.dreamer is not None
        _ = self.model  # lets JAX's trainer put back the variables that it holds
        for name, picture in self.pictures.items():
            try:
                self.dreamer.refresh()
                self.keep(name, number, self.dreamer.run(picture, verbose=False))
            except Exception as fault:
                kind = "" if isinstance(fault, DreamError) else f"{type(fault).__name__}: "
                warnings.warn(
                    f"{name!r} could not be dreamt after {self.unit} {number}: {kind}{fault} The training goes on.",
                    DreamWarning,
                    stacklevel=2,
                )

    def keep(self, name: str, number: int, result: DreamResult) -> None:
        """Write a picture, replacing one of the same number, and the film of all up to it."""
        result.save(self.folder / f"{name}-{number:05d}.png", overwrite=True)
        picture = files.as_rgb(result.picture.as_pillow(as_array(result.image)))
        if self.board and result.losses:
            self.board.add(name, number, picture, float(result.losses[-1][-1]))
        numbers = [re.fullmatch(rf"{re.escape(name)}-(\d+)\.png", path.name) for path in self.folder.iterdir()]
        kept = sorted((int(found[1]), found[0]) for found in numbers if found and int(found[1]) <= number)
        thin = math.ceil(len(kept) / FRAMES)
        frames = [files.decode(str(self.folder / file), None) for _, file in kept[::-1][::thin][::-1]]
        frames = [frame for frame in frames if frame.size == picture.size]  # others are of another training
        animate(frames, self.folder / f"{name}.gif", seconds=0.2 * len(frames), overwrite=True)


def named(images: Any, config: DreamConfig) -> dict[str, Picture]:
    """The pictures to dream, each with a name for its files."""
    if isinstance(images, Mapping):
        for name in images:
            check_file_name(str(name))
        return {str(name): open_picture(image, config.max_pixels, config.seed) for name, image in images.items()}
    several = isinstance(images, list | tuple) or getattr(images, "ndim", 0) == 4
    found: dict[str, Picture] = {}
    for number, image in enumerate(images if several else [images], 1):
        picture = open_picture(image, config.max_pixels, config.seed)
        name = pathlib.Path(picture.path).stem.replace(":", "-") if picture.path else f"picture{number}"
        found[name if name not in found else f"{name}-{number}"] = picture
    if not found:
        raise ConfigError("No picture was given; one or more was expected, such as 'sky.jpg' or an array.")
    return found


def check_file_name(name: str) -> None:
    """ConfigError for a name that is no plain file name: it could lead out of the folder, or into another."""
    if not name or name.startswith(".") or set(name) & set("/\\:\0"):
        raise ConfigError(
            f"A picture is named {name!r}; its files begin with that name, so one without slashes, backslashes or "
            "colons that does not begin with a dot was expected."
        )


class Board:
    """Pictures and losses for TensorBoard."""

    def __init__(self, folder: str | os.PathLike[str]):
        try:
            self.protos = importlib.import_module("tensorboard.compat.proto.summary_pb2")
            self.events = importlib.import_module("tensorboard.compat.proto.event_pb2")
            writers = importlib.import_module("tensorboard.summary.writer.event_file_writer")
        except ImportError as fault:
            raise ConfigError(
                'tensorboard= needs the extra "tensorboard": pip install "kerasdream[tensorboard]"; or leave it out.'
            ) from fault
        self.writer = writers.EventFileWriter(os.fspath(folder))

    def add(self, name: str, number: int, picture: Image.Image, loss: float) -> None:
        """One picture with its loss."""
        file = io.BytesIO()
        picture.save(file, "PNG")
        image = self.protos.Summary.Image(
            height=picture.height, width=picture.width, colorspace=3, encoded_image_string=file.getvalue()
        )
        values = [
            self.protos.Summary.Value(tag=f"dream/{name}", image=image),
            self.protos.Summary.Value(tag=f"dream_loss/{name}", simple_value=loss),
        ]
        event = self.events.Event(step=number, wall_time=time.time(), summary=self.protos.Summary(value=values))
        self.writer.add_event(event)
        self.flush()

    def flush(self) -> None:
        """Let a TensorBoard that is looking see what was added."""
        self.writer.flush()
