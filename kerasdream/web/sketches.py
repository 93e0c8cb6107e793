"""Sketches: what single channels look for, drawn small when no dream waits, and kept."""

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence

from kerasdream.errors import DreamWarning
from kerasdream.image import files
from kerasdream.model.zoo import LayerInfo
from kerasdream.objectives import Layer
from kerasdream.visualization import Visualizer
from kerasdream.web.films import write_webp
from kerasdream.web.store import Store
from kerasdream.web.views import Settings

SIZE, STEPS = 128, 96
MOST = 40  # that may wait
TOGETHER = 4  # channels of a layer that are drawn in one go
SHOWN = 8  # channels of each layer that an atlas shows unasked
Channel = tuple[str, str, int]  # model, layer, number


class Sketches:
    """The channels that are to be drawn, and why some cannot be; for several threads.

    >>> import pathlib, tempfile
    >>> sketches = Sketches(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> sketches.request(("mini", "mixed4", 150))
    ''
    >>> sketches.next()
    [('mini', 'mixed4', 150)]
    """

    def __init__(
        self,
        store: Store,
        models: dict[str, Settings],
        announce: Callable[[dict[str, object]], None] = lambda notice: None,
    ):
        self.store, self.models, self.announce = store, models, announce
        self.faults: dict[Channel, str] = {}  # empty where it is still to be drawn
        self.atlas: list[Channel] = []  # drawn after those that were asked for
        self.asked_at = 0.0
        self.lock = threading.Lock()

    def request(self, channel: Channel) -> str:
        """Have a channel drawn when no dream waits, and return why it cannot be, where that is known."""
        with self.lock:
            fault, self.asked_at = self.faults.setdefault(channel, ""), time.monotonic()
            while len(self.faults) > MOST:
                del self.faults[next(iter(self.faults))]
        return fault

    def request_atlas(self, model: str, layers: Iterable[LayerInfo]) -> None:
        """Have some channels of every layer drawn, those of another model no longer."""
        drawn = self.drawn(model)
        spread = [(model, one.name, place * one.channels // SHOWN) for one in layers for place in range(SHOWN)]
        missing = [channel for channel in dict.fromkeys(spread) if channel[2] not in drawn.get(channel[1], ())]
        with self.lock:
            self.atlas, self.asked_at = missing, time.monotonic()

    def next(self) -> list[Channel]:
        """Return the channels to draw next, of one layer; none where there are none."""
        with self.lock:
            waiting = [channel for channel, fault in self.faults.items() if not fault] or self.atlas
            return [channel for channel in waiting if channel[:2] == waiting[0][:2]][:TOGETHER]

    def drawn(self, model: str) -> dict[str, list[int]]:
        """Return the numbers of the channels that are drawn, by the layer as it stands in the names of files."""
        found: dict[str, list[int]] = {}
        for path in (self.store.folder / "channels").glob("*.webp"):
            if name := re.fullmatch(rf"{re.escape(model)}-(.+)-(\d+)\.webp", path.name):
                found.setdefault(name[1], []).append(int(name[2]))
        return {layer: sorted(numbers) for layer, numbers in found.items()}

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Draw the next channels, and return whether there were any."""
        channels = self.next()
        if channels:
            self.draw(channels, should_stop)
        return bool(channels)

    def draw(self, channels: Sequence[Channel], should_stop: Callable[[], bool]) -> None:
        """Draw channels of one layer and keep them, or note why they cannot be drawn.

        `should_stop` is asked before each step.
        """
        model, layer, _ = channels[0]
        folder = self.store.folder / "channels"
        try:
            files.make_folder(folder)
            wanted = [Layer(layer, (number,)) for _, _, number in channels]
            settings: Settings = {"model": model, **self.models[model]}
            visualizer = Visualizer(wanted, size=SIZE, steps=STEPS, **settings)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DreamWarning)  # a channel may be dead; then its picture is grey
                images = [] if should_stop() else visualizer.run(verbose=False, should_stop=should_stop)
            if should_stop():  # they are drawn at another time
                return
            for channel, image in zip(channels, images, strict=True):
                write_webp(image, folder / file_name(channel))
        except Exception as fault:
            with self.lock:
                self.faults |= dict.fromkeys(channels, str(fault) or type(fault).__name__)
                self.atlas = [one for one in self.atlas if one not in channels]
            return
        with self.lock:
            for channel in channels:
                self.faults.pop(channel, None)
            self.atlas = [one for one in self.atlas if one not in channels]
        for model, layer, number in channels:
            self.announce({"sketch": {"model": model, "layer": layer, "channel": number}})


def file_name(channel: Channel) -> str:
    """Return the name of the file of a drawn channel.

    >>> file_name(("mini", "mixed4", 150))
    'mini-mixed4-150.webp'
    """
    model, layer, number = channel
    return f"{model}-{in_file(layer)}-{number:d}.webp"


def in_file(layer: str) -> str:
    """Return a layer's name as it stands in the names of files."""
    return layer.replace("/", "_")
