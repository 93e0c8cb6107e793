"""What a network sees at a place of a picture: the channels that stand out there."""

import collections
import threading
from collections.abc import Callable
from typing import TypedDict

import numpy as np
from PIL import Image

from kerasdream.ascent.backend import to_numpy
from kerasdream.ascent.compiled import CompiledObjective
from kerasdream.dreamer import Dreamer
from kerasdream.types import Array
from kerasdream.web.films import smaller
from kerasdream.web.models import layers_of
from kerasdream.web.names import name_of
from kerasdream.web.views import Settings

SIDE = 320  # pixels: the longer one of what is looked at
KEPT = 4  # pictures whose activations are kept
STRONGEST = 6  # channels of a layer


class ChannelSeen(TypedDict):
    """A channel, its name where one is known, and by how many deviations it stands out."""

    channel: int
    name: str
    strength: float


class LayerSeen(TypedDict):
    """The channels of a layer that stand out at a place, the strongest first."""

    layer: str
    look: str
    channels: list[ChannelSeen]


class Seen:
    """Looks at pictures with the models at hand; for several threads, one at a time.

    >>> seen = Seen({"mini": {}})
    >>> layers = seen.at("a picture", lambda: Image.effect_noise((96, 64), 90), "mini", 0.5, 0.5)
    >>> [layer["layer"] for layer in layers][:2], len(layers[0]["channels"])
    (['mixed0', 'mixed1'], 6)
    """

    def __init__(self, models: dict[str, Settings]):
        self.models = models
        self.networks: dict[str, CompiledObjective] = {}
        self.activations: collections.OrderedDict[tuple[str, str], dict[str, Array]] = collections.OrderedDict()
        self.lock = threading.Lock()

    def at(self, id: str, opened: Callable[[], Image.Image], model: str, x: float, y: float) -> list[LayerSeen]:
        """Return what stands out at a place of a picture, given as shares of its width and height.

        `id` tells pictures apart: what a network makes of one is worked out once, and only then is it `opened`.
        """
        with self.lock:
            key = id, model
            if key not in self.activations:
                self.activations[key] = self.look_at(opened(), model)
            self.activations.move_to_end(key)
            while len(self.activations) > KEPT:
                self.activations.popitem(last=False)
            activations = self.activations[key]
        return [
            {"layer": one.name, "look": one.look, "channels": strongest(activations[one.name], model, one.name, x, y)}
            for one in layers_of(model)
        ]

    def look_at(self, picture: Image.Image, model: str) -> dict[str, Array]:
        """Return the activations (rows, columns, channels) of every layer."""
        if model not in self.networks:
            layers = {one.name: 1.0 for one in layers_of(model)}
            settings: Settings = {"model": model, **self.models[model]}
            self.networks[model] = Dreamer(layers, **settings).compiled
        network = self.networks[model]
        small = smaller(picture, SIDE)
        least = network.features.min_side(1)
        size = max(small.width, least), max(small.height, least)
        image = np.asarray(small.resize(size), np.float32)[None] / 127.5 - 1.0
        with network.backend.on_device(network.config.device):
            activations = network.activations(network.whole_view(image))
            return {name: to_numpy(values)[0].astype(np.float32) for name, values in activations.items()}


def strongest(activations: Array, model: str, layer: str, x: float, y: float) -> list[ChannelSeen]:
    """Return the channels that stand out at a place from what they are elsewhere in the picture."""
    rows, columns, _ = activations.shape
    here = activations[min(rows - 1, int(y * rows)), min(columns - 1, int(x * columns))]
    mean, deviation = activations.mean((0, 1)), activations.std((0, 1))
    out = (here - mean) / (deviation + 0.2 * deviation.mean() + 1e-6)
    order = np.argsort(-out)[:STRONGEST]
    return [
        {"channel": int(one), "name": name_of(model, layer, int(one)), "strength": round(float(out[one]), 2)}
        for one in order
        if out[one] > 0
    ]
