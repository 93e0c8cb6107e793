"""Dreams of a network in training: what its layers have learnt so far, every epoch or every so many batches."""

import contextlib
import importlib
import math
import os
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DreamConfig, check_names
from kerasdream.dreamer import Dreamer
from kerasdream.errors import ConfigError, DreamError, warn
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.objectives import objective
from kerasdream.resolution import open_picture
from kerasdream.result import DreamResult, as_array
from kerasdream.video.animation import animate

FRAMES = 60  # of a growing film, at most
PAUSE = 0.2  # seconds that each of them is shown
Logs = Mapping[str, float] | None


class DreamCallback(keras.callbacks.Callback):
    """Dream on the model that is being trained, and write numbered pictures and a growing GIF for each image.

    Raises ConfigError, InputImageError or OutputError when it is made, and LayerError when the training begins; a dream
    that fails later is a DreamWarning.

    >>> model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, name="conv")])
    >>> model.compile("sgd", "mse")
    >>> callback = DreamCallback("sky.jpg", layers={"conv": 1.0}, output_dir="dreams", max_loss=None)
    >>> x, y = np.zeros((2, 8, 8, 3)), np.zeros((2, 6, 6, 4))
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    >>> sorted(os.listdir("dreams"))
    ['sky-00001.png', 'sky-00002.png', 'sky.gif']
    """

    def __init__(
        self,
        images: object,
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
        check_arguments(every, unit, model, settings)
        config = DreamConfig(layers=layers, **settings)
        self.every, self.unit, self.preprocess, self.network = every, unit, preprocess, model
        self.layers, self.settings = objective(layers), settings
        self.pictures = named_pictures(images, config)
        self.folder = pathlib.Path(output_dir)
        files.make_folder(self.folder)  # a folder that cannot be is an error now
        self.board: Board | None = None
        if tensorboard:
            self.board = Board(self.folder if tensorboard is True else pathlib.Path(tensorboard))
        self.dreamer: Dreamer | None = None
        self.dreamer_of: keras.Model | None = None
        self.batches = self.first_batch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Compile the dream where the model is built: LayerError for a layer that it does not have."""
        files.make_folder(self.folder)  # it may be gone since
        if (self.network or self.model).built:
            self.compile()

    def compile(self) -> None:
        """Compile the dream for the model; once, however often it is trained."""
        model = self.network or self.model
        if self.dreamer is None or self.dreamer_of is not model:
            self.dreamer_of = model
            self.dreamer = Dreamer(self.layers, model=model, preprocess=self.preprocess, **self.settings)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.unit == "epoch" and (epoch + 1) % self.every == 0:
            self.dream(epoch + 1)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.first_batch = batch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.compile()  # for a model that its first batch has built
        before = self.batches
        self.batches += batch - self.first_batch + 1  # Keras may take several at once
        if self.unit == "batch" and self.batches // self.every > before // self.every:
            # The optimiser counts on where a resumed training goes on.
            optimizer = getattr(self.model, "optimizer", None)
            self.dream(int(optimizer.iterations) if optimizer is not None else self.batches)

    def dream(self, number: int) -> None:
        """Dream every picture with the present weights; one that fails is a warning, and the training goes on."""
        assert self.dreamer is not None
        _ = self.model  # lets JAX's trainer put back the variables that it holds
        for name, picture in self.pictures.items():
            try:
                self.dreamer.refresh()
                self.write(name, number, self.dreamer.run(picture, verbose=False))
            except Exception as fault:
                kind = "" if isinstance(fault, DreamError) else f"{type(fault).__name__}: "
                warn(f"{name!r} could not be dreamt after {self.unit} {number}: {kind}{fault} The training goes on.")

    def write(self, name: str, number: int, result: DreamResult) -> None:
        """Write a picture, replacing one of the same number, and the film of all up to it."""
        result.save(self.folder / f"{name}-{number:05d}.png", overwrite=True)
        picture = files.as_rgb(result.picture.as_pillow(as_array(result.image)))
        if self.board and result.losses:
            self.board.add(name, number, picture, float(result.losses[-1][-1]))
        matches = [re.fullmatch(rf"{re.escape(name)}-(\d+)\.png", path.name) for path in self.folder.iterdir()]
        shown = sorted((int(match[1]), match[0]) for match in matches if match and int(match[1]) <= number)
        every = math.ceil(len(shown) / FRAMES)
        frames = [files.decode(str(self.folder / file), None) for _, file in shown[::-1][::every][::-1]]
        frames = [frame for frame in frames if frame.size == picture.size]  # others are of another training
        animate(frames, self.folder / f"{name}.gif", seconds=PAUSE * len(frames), overwrite=True)


def check_arguments(every: object, unit: object, model: object, settings: Mapping[str, object]) -> None:
    """Raise ConfigError for what a DreamCallback cannot be made with."""
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
        raise ConfigError(f"{', '.join(sorted(own))} was given; the model that is trained has its own. Leave it out.")


def named_pictures(images: Any, config: DreamConfig) -> dict[str, Picture]:
    """Return the pictures to dream, each with a name for its files.

    >>> list(named_pictures(["sky.jpg", np.zeros((8, 8, 3), "uint8")], DreamConfig()))
    ['sky', 'picture2']
    """
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
    """Raise ConfigError for a name that is no plain file name: it could lead out of the folder, or into another."""
    if not name or name.startswith(".") or set(name) & set("/\\:\0"):
        raise ConfigError(
            f"A picture is named {name!r}; its files begin with that name, so one without slashes, backslashes or "
            "colons that does not begin with a dot was expected."
        )


class Board:
    """Writes pictures and losses for TensorBoard, with `tf.summary` as Keras's own callback does on every backend."""

    def __init__(self, folder: pathlib.Path):
        try:
            importlib.import_module("tensorboard")
            tensorflow = importlib.import_module("tensorflow")
        except ImportError as fault:
            raise ConfigError(
                'tensorboard= needs the extra "tensorboard": pip install "kerasdream[tensorboard]"; or leave it out.'
            ) from fault
        if keras.backend.backend() != "tensorflow":
            for gpu in tensorflow.config.list_physical_devices("GPU"):
                with contextlib.suppress(RuntimeError):  # it is in use already
                    # Else TensorFlow would take all of its memory away from the framework that trains.
                    tensorflow.config.experimental.set_memory_growth(gpu, True)
        files.make_folder(folder)
        self.summary = tensorflow.summary
        self.writer = self.summary.create_file_writer(os.fspath(folder))

    def add(self, name: str, number: int, picture: Image.Image, loss: float) -> None:
        """Write one picture with its loss, at once."""
        with self.writer.as_default(step=number), self.summary.record_if(True):
            self.summary.image(f"dream/{name}", np.asarray(picture)[None])
            self.summary.scalar(f"dream_loss/{name}", loss)
        self.writer.flush()
