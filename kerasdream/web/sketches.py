"""Sketches: what single channels look for, drawn small when no dream waits."""

import threading
import warnings
from collections.abc import Callable

from kerasdream.errors import DreamWarning
from kerasdream.image import files
from kerasdream.objectives import Layer
from kerasdream.visualization import Visualizer
from kerasdream.web.films import write_webp
from kerasdream.web.store import Store
from kerasdream.web.views import Settings

SIZE, STEPS = 128, 96
MOST = 40  # that may wait
Channel = tuple[str, str, int]  # model, layer, number


class Sketches:
    """The channels that are to be drawn, and why some cannot be; for several threads.

    >>> import pathlib, tempfile
    >>> sketches = Sketches(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> sketches.request(("mini", "mixed4", 150))
    ''
    >>> sketches.next()
    ('mini', 'mixed4', 150)
    """

    def __init__(
        self,
        store: Store,
        models: dict[str, Settings],
        announce: Callable[[dict[str, object]], None] = lambda notice: None,
    ):
        self.store, self.models, self.announce = store, models, announce
        self.faults: dict[Channel, str] = {}  # empty where it is still to be drawn
        self.lock = threading.Lock()

    def request(self, channel: Channel) -> str:
        """Have a channel drawn when no dream waits, and return why it cannot be, where that is known."""
        with self.lock:
            fault = self.faults.setdefault(channel, "")
            while len(self.faults) > MOST:
                del self.faults[next(iter(self.faults))]
        return fault

    def next(self) -> Channel | None:
        """Return the channel to draw next, or None."""
        with self.lock:
            return next((channel for channel, fault in self.faults.items() if not fault), None)

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Draw the next channel, and return whether there was one."""
        channel = self.next()
        if channel is not None:
            self.draw(channel, should_stop)
        return channel is not None

    def draw(self, channel: Channel, should_stop: Callable[[], bool]) -> None:
        """Draw a channel and keep it, or note why it cannot be drawn; `should_stop` is asked before each step."""
        model, layer, number = channel
        folder = self.store.folder / "channels"
        try:
            files.make_folder(folder)
            settings = self.models[model]
            visualizer = Visualizer([Layer(layer, (number,))], model=model, size=SIZE, steps=STEPS, **settings)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DreamWarning)  # a channel may be dead; then its picture is grey
                image = visualizer.run(verbose=False, should_stop=should_stop)[0]
            if should_stop():  # it is drawn at another time
                return
            write_webp(image, folder / file_name(channel))
        except Exception as fault:
            with self.lock:
                self.faults[channel] = str(fault) or type(fault).__name__
            return
        with self.lock:
            self.faults.pop(channel, None)
        self.announce({"sketch": {"model": model, "layer": layer, "channel": number}})


def file_name(channel: Channel) -> str:
    """Return the name of the file of a drawn channel.

    >>> file_name(("mini", "mixed4", 150))
    'mini-mixed4-150.webp'
    """
    model, layer, number = channel
    return f"{model}-{layer.replace('/', '_')}-{number:d}.webp"
