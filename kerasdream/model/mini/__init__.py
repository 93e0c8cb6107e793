"""The embedded network: a thin InceptionV3 that ships with the package, weights and all."""

import hashlib
import importlib.resources
import io
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from kerasdream.errors import WeightsError
from kerasdream.model.mini.network import BLOCKS, network
from kerasdream.types import Array

SHA256 = "1b7545a86e3cb61956be3b954de0df0ca73c0e2f746cdcb8f1d04b2605ba354a"


def read(file: object = "imagenet", names: Sequence[str] = ()) -> keras.Model | None:
    """Return mini with its weights from the package, as deep as the layers named.

    All of it where these are not blocks of it. None where other weights than "imagenet" are asked for.

    >>> read(names=["mixed4"]).output.shape
    (None, None, None, 768)
    """
    if file != "imagenet":
        return None
    blocks = list(BLOCKS)
    deepest = max(map(blocks.index, names)) if names and BLOCKS.keys() >= set(names) else len(blocks) - 1
    return network(convolutions(), blocks[: deepest + 1])


def convolutions() -> Iterator[tuple[Array, Array]]:
    """Yield the embedded kernels and biases, in the order of the network; WeightsError where the file is damaged."""
    file = importlib.resources.files("kerasdream.model.mini").joinpath("weights.npz")
    content = file.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise WeightsError(
            f"The embedded weights {str(file)!r} are damaged: their sha256 is {found}; {SHA256} was expected. "
            "Install kerasdream again."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for i in range(len(arrays.files) // 2):
            yield arrays[f"kernel{i}"].astype(np.float32), arrays[f"bias{i}"].astype(np.float32)
