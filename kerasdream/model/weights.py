"""Weights into a model: all of them, the right ones, or one WeightsError that says what is wrong."""

import hashlib
import math
import os
import pathlib
import tempfile
import threading
import time
import warnings

import keras
import numpy as np

from kerasdream.errors import WeightsError

STALL_SECONDS = 30.0  # a download that brings nothing for so long has ended


def load(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Fill a model with the weights of a .h5, .weights.h5 or .keras file.

    Raises WeightsError where the file is missing, damaged, of another network, or lacks a part.
    """
    file = pathlib.Path(path)
    if not file.is_file():
        raise WeightsError(
            f"There is no weights file {str(file)!r}. A .h5, .weights.h5 or .keras file for {model.name} was expected."
        )
    if file.suffix not in (".h5", ".keras"):
        raise WeightsError(
            f"{str(file)!r} ends in {file.suffix!r}; a .h5, .weights.h5 or .keras file for {model.name} was expected."
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.load_weights(file)
        except Exception as fault:  # h5py, zipfile and Keras raise a dozen kinds between them
            raise WeightsError(f"{str(file)!r} does not hold the weights of {model.name}: {cause(fault)}") from fault
    # Keras only warns where a layer finds nothing in the file, and leaves it its random numbers.
    warned = [warning.message for warning in caught if issubclass(warning.category, UserWarning)]
    if warned:
        raise WeightsError(
            f"{str(file)!r} lacks a part of the weights of {model.name}: {one_line(warned[0])} "
            "A file saved from this very architecture was expected."
        )


def cause(fault: Exception) -> str:
    """Return the likely cause of an error in reading weights, and what to do.

    >>> cause(OSError("truncated file"))
    'the file is damaged or cut short (truncated file). Fetch it again.'
    """
    text = one_line(fault)
    if isinstance(fault, OSError):
        return f"the file is damaged or cut short ({text}). Fetch it again."
    return f"it seems to be made for another network ({text}). Name its model=, or give the weights of this one."


def one_line(message: object) -> str:
    """Return the beginning of a message on one line.

    >>> one_line("Expected shape\\n   (3, 3)")
    'Expected shape (3, 3)'
    """
    return " ".join(str(message).split())[:300]


def randomize(model: keras.Model, seed: int) -> None:
    """Fill a model with He-normal kernels from the seed alone, whatever else runs in the process."""
    for index, variable in enumerate(model.weights):
        if len(variable.shape) > 1:
            deviation = np.sqrt(2.0 / np.prod(variable.shape[:-1]))
            rng = np.random.default_rng([seed, index])
            variable.assign(rng.standard_normal(variable.shape, np.float32) * np.float32(deviation))


def cache_folder() -> pathlib.Path:
    """Return the folder where Keras keeps the weights that it has downloaded."""
    return pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras") / "models"


def cached_file(url: str) -> pathlib.Path:
    """Return where the file of a URL is kept.

    >>> cached_file("https://example.com/net.h5").name
    'net.h5'
    """
    return cache_folder() / url.rsplit("/", 1)[-1]


def imagenet(
    url: str, hash: str | None, *, stall_seconds: float = STALL_SECONDS, total_seconds: float = math.inf
) -> pathlib.Path:
    """Return the file of a URL in Keras's cache, downloaded by Keras where it is missing or has another hash.

    `hash` is as in `wrong_hash`. Raises WeightsError where a download brings nothing for `stall_seconds`, takes longer
    than `total_seconds`, fails, or cannot be kept; the cache then stays as it is.
    """
    file = cached_file(url)
    wrong = wrong_file(file, hash)
    if file.is_file() and not wrong:
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kerasdream-", dir=file.parent, ignore_cleanup_errors=True) as folder:
            os.replace(download(url, hash, folder, stall_seconds, total_seconds), file)
    except OSError as fault:
        raise WeightsError(
            f"The weights cannot be kept in {str(file.parent)!r}: {fault}. Set KERAS_HOME to a writable folder."
        ) from fault
    except WeightsError as fault:
        raise WeightsError(f"{wrong}{fault}") from fault.__cause__
    return file


def wrong_file(file: pathlib.Path, hash: str | None) -> str:
    """Return a sentence on a file of the cache that has another hash; nothing where it is right or missing."""
    if not file.is_file() or not (wrong := wrong_hash(file, hash)):
        return ""
    return (
        f"{str(file)!r} is not the file of the ImageNet weights: {wrong}. If it is one of yours, name it with "
        f"weights={str(file)!r}; else delete it. "
    )


def wrong_hash(file: str | os.PathLike[str], hash: str | None) -> str:
    """Return which hash a file has and which was expected; nothing where it is the right one, or none is known.

    `hash` is an md5 sum as keras.applications states it, or a sha256 sum or its first digits.
    """
    if hash is None:
        return ""
    kind = "md5" if len(hash) == 32 else "sha256"
    with open(file, "rb") as stream:
        found = hashlib.file_digest(stream, kind).hexdigest()
    return "" if found.startswith(hash) else f"its {kind} is {found}, {hash} was expected"


def download(url: str, hash: str | None, folder: str, stall_seconds: float, total_seconds: float) -> str:
    """Download a file with Keras into a folder, check its hash, and return its path.

    The folder is watched, for Keras itself would wait for ever. Raises WeightsError where the download fails.
    """
    outcome: list[str | Exception] = []

    def fetch() -> None:
        try:
            file = keras.utils.get_file(origin=url, cache_dir=folder, cache_subdir="")
            outcome.append(ValueError(f"it came changed or cut short: {w}") if (w := wrong_hash(file, hash)) else file)
        except Exception as fault:  # get_file raises bare Exception
            outcome.append(fault)

    threading.Thread(target=fetch, daemon=True).start()
    size, began = -1, time.monotonic()
    grew = began
    while not outcome:
        time.sleep(0.05)
        now = sum(entry.stat().st_size for entry in os.scandir(folder))
        if now != size:
            size, grew = now, time.monotonic()
        elif time.monotonic() - grew > stall_seconds:
            outcome.append(TimeoutError(f"nothing came for {stall_seconds:g} seconds"))
        if time.monotonic() - began > total_seconds:
            outcome.append(TimeoutError(f"it took more than {total_seconds:g} seconds"))
    if isinstance(outcome[0], str):
        return outcome[0]
    raise WeightsError(
        f"The ImageNet weights could not be downloaded from {url}: {one_line(outcome[0])}. Check the network; or "
        f"fetch the file on another machine and put it into {str(cache_folder())!r}, or name it with weights=PATH; or "
        "dream with weights='random'."
    ) from outcome[0]
