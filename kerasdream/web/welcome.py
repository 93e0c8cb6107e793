"""The welcome: a dream of the sample, made once when nothing else waits, so that a first visit finds one."""

from collections.abc import Callable

from PIL import Image

from kerasdream.image.sample import sample
from kerasdream.web.dreaming import Dreaming
from kerasdream.web.job import Asked
from kerasdream.web.settings import search_words
from kerasdream.web.store import Store
from kerasdream.web.views import DONE

SIZE = (480, 320)
SETTINGS = {"preset": "keras", "iterations": 10, "step": 0.02, "max_loss": None}


class Welcome:
    """Makes the dream that welcomes, with the model that comes first.

    >>> import pathlib, tempfile
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> Welcome(store, Dreaming(store, {"mini": {}}), "mini").work(lambda: True), store.welcome("mini")
    (True, None)
    """

    def __init__(self, store: Store, dreaming: Dreaming, model: str):
        self.store, self.dreaming, self.model = store, dreaming, model
        self.over = False

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Make the dream where it is not there yet; given up for another one, it is made at another time."""
        if self.over or self.store.welcome(self.model):
            self.over = True
            return False
        try:
            self.make(should_stop)
        except Exception:  # such as weights that cannot be read, which the first dream will tell of
            self.over = True
        return True

    def make(self, should_stop: Callable[[], bool]) -> None:
        """Make the dream and keep it as a finished job."""
        settings = SETTINGS | {"model": self.model}
        asked = Asked(
            picture="sample", settings=settings, look="keras", words=search_words(settings), relation="welcome"
        )
        picture = sample().resize(SIZE, Image.Resampling.LANCZOS)
        made = self.dreaming.in_background(asked, picture, should_stop, grows=True)
        if made is None:
            return
        result, watch = made
        id = self.store.new_id()
        self.dreaming.keep(id, result, watch)
        loss = float(result.losses[-1][-1])
        size = {"width": result.image.width, "height": result.image.height}
        self.store.add_ended("", asked, id, DONE, seconds=result.seconds, loss=loss, **size)
