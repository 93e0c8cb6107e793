"""Teach a network a user's own pictures, from a folder to a model file."""

import io
import os
import pathlib
import tempfile
import zipfile
from collections.abc import Callable
from typing import Unpack

import keras

from kerasdream.config import DEFAULTS
from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.knobs import check_names
from kerasdream.model.card import MEMBER, ModelCard
from kerasdream.model.saved import ENDING
from kerasdream.teaching.classes import read_classes
from kerasdream.teaching.config import TEACH_KNOBS, TeachConfig, TeachSettings
from kerasdream.teaching.teaching import Teaching, TeachMoment


def teach(
    pictures: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str],
    overwrite: bool = False,
    dreams: str | os.PathLike[str] | None = None,
    callback: Callable[[TeachMoment], None] | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[TeachSettings],
) -> ModelCard:
    """Teach a network the pictures in a folder, and write it into a .keras file that dreams of them.

    Each folder in the folder is a class; a folder of pictures alone is told from a background, and many of them from
    one another by kinds. The upper blocks of the base learn, the lower ones stay as they are. A teaching that was cut
    off goes on with the same call. Into the folder `dreams` go dreams of now; `callback` gets a TeachMoment after each
    round. `verbose` shows a bar. `settings` are those of TeachConfig. Nothing leaves this machine.

    Returns the ModelCard, which the file holds, too. Raises ConfigError or InputImageError for a folder that nothing
    can be learnt from, OutputError where the file is there already and `overwrite` is not given.

    >>> card = kerasdream.teach("plants/", output="plants.keras", minutes=10)  # doctest: +SKIP
    >>> kerasdream.dream("sky.jpg", "class:chanterelle", model="plants.keras").save("dream.png")  # doctest: +SKIP
    """
    check_names(settings, TEACH_KNOBS)
    if (backend := keras.backend.backend()) != "tensorflow":
        raise ConfigError(
            f"Keras runs on {backend}; teaching runs on TensorFlow: set KERAS_BACKEND=tensorflow for it. The model "
            "that it writes dreams on any framework."
        )
    config = TeachConfig(**settings)
    target = files.check_target(output, overwrite=overwrite, endings=(ENDING,))
    classes = read_classes(pathlib.Path(pictures), config.side, DEFAULTS["max_pixels"])
    teaching = Teaching(classes, config, target, dreams)
    teaching.run(callback, verbose)
    card = teaching.card()
    files.write_whole(target, lambda file: file.write(model_file(teaching.plain_model(), card)), overwrite)
    teaching.checkpoint.forget()
    teaching.warn_of_confusion()
    return card


def model_file(model: keras.Model, card: ModelCard) -> bytes:
    """Return a .keras file with a card inside."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"model{ENDING}"
        model.save(path)
        content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content, "a") as file:
        file.writestr(MEMBER, card.as_json())
    return content.getvalue()
