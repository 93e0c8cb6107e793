"""The judge of a study: a classifier that says what it sees in a picture."""

import keras
import numpy as np
from keras import ops
from PIL import Image

from kerasdream.ascent.step import Preprocess, preprocess_images
from kerasdream.errors import ModelError
from kerasdream.model import zoo
from kerasdream.model.classes import IMAGENET
from kerasdream.studies.records import Verdict

GUESSES = 5  # kept of each verdict
DEFAULT_SIDE = 224  # pixels, of a classifier that takes any size


class Judge:
    """A classifier of ImageNet's classes, by name or as a keras.Model of your own.

    Raises ModelError for a network that does not give a probability, or a logit, for each class.

    >>> Judge("mobilenet_v2")(np.zeros((1, 256, 256, 3), "uint8")).shape  # doctest: +SKIP
    (1, 1000)
    """

    def __init__(
        self,
        judge: str | keras.Model,
        weights: str = "imagenet",
        preprocess: Preprocess | None = None,
    ):
        self.preprocess = preprocess
        if isinstance(judge, str):
            self.network = zoo.build(judge, weights, 0, top=True)
            self.preprocess = zoo.preprocess_of(judge)
        else:
            self.network = judge
        shape = tuple(self.network.output_shape) if isinstance(self.network.output_shape, tuple) else ()
        if len(shape) != 2 or shape[-1] != IMAGENET:
            raise ModelError(
                f"The judge {self.network.name!r} gives {self.network.output_shape}; a classifier with its top was "
                f"expected, which gives (None, {IMAGENET}) for ImageNet's classes."
            )
        self.side: int = self.network.input_shape[1] or DEFAULT_SIDE

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Return the probability of each class in each picture (N, H, W, 3) of bytes."""
        side = (self.side, self.side)
        resized = [np.asarray(Image.fromarray(one).resize(side, Image.Resampling.BILINEAR)) for one in pictures]
        image = ops.convert_to_tensor(np.stack(resized).astype(np.float32) / np.float32(127.5) - np.float32(1.0))
        inputs = ops.convert_to_numpy(preprocess_images(self.preprocess, image))
        scores = np.asarray(self.network.predict_on_batch(inputs), np.float64)
        if not (np.allclose(scores.sum(-1), 1.0, atol=1e-2) and (scores >= 0).all()):  # logits
            scores = np.exp(scores - scores.max(-1, keepdims=True))
        probabilities: np.ndarray = scores / scores.sum(-1, keepdims=True)
        return probabilities


def verdict_of(picture: int, probabilities: np.ndarray, change: float) -> Verdict:
    """Return what is kept of the judge's probabilities for one picture: its first guesses and their entropy.

    >>> verdict_of(1, np.array([0.25, 0.75]), change=3.0)
    Verdict(picture=1, classes=[1, 0], probabilities=[0.75, 0.25], entropy=0.8112781244591328, change=3.0)
    """
    first = np.argsort(-probabilities, kind="stable")[:GUESSES]
    positive = probabilities[probabilities > 0]
    entropy = float(-(positive * np.log2(positive)).sum())
    return Verdict(picture, first.tolist(), probabilities[first].tolist(), entropy, float(change))
