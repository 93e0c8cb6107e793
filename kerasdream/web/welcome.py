"""The welcome: a dream of the sample, made once when nothing else waits, so that a first visit finds one."""

import math
from collections.abc import Callable

from PIL import Image

from kerasdream.image.sample import sample
from kerasdream.web.dreaming import Dreaming
from kerasdream.web.job import Asked
from kerasdream.web.settings import search_words
from kerasdream.web.store import Store
from kerasdream.web.views import DONE

SIZE = (480, 320)
QUICK, BEST = "eyes", "fur"  # looks: the one that takes a third of the time for mini, which comes first
ITERATIONS = 12


class Welcome:
    """Makes the dreams that welcome: with the quickest model first, then with the one to begin with.

    >>> import pathlib, tempfile
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> Welcome(store, Dreaming(store, {"mini": {}})).work(lambda: True), store.welcome(["mini"])
    (True, None)
    """

    def __init__(
        self,
        store: Store,
        dreaming: Dreaming,
        announce: Callable[[dict[str, object]], None] = lambda notice: None,
    ):
        self.store, self.dreaming, self.announce = store, dreaming, announce
        self.asked_at = math.inf  # by everybody who comes
        first = next(iter(dreaming.models))
        missing = [model for model in dict.fromkeys(("mini", first)) if model in dreaming.models]
        self.missing = [] if store.welcome([first]) else missing

    def work(self, should_stop: Callable[[], bool]) -> bool:
        """Make the next dream where one is missing; given up for another one, it is made at another time."""
        if not self.missing:
            return False
        model = self.missing[0]
        try:
            if self.make(model, should_stop):
                self.missing.remove(model)
        except Exception:  # such as weights that cannot be read, which the first dream will tell of
            self.missing.remove(model)
        return True

    def make(self, model: str, should_stop: Callable[[], bool]) -> bool:
        """Make a dream and keep it as a finished job; False where it was given up."""
        look = QUICK if model == "mini" else BEST
        settings = {"preset": look, "model": model, "iterations": ITERATIONS}
        asked = Asked(picture="sample", settings=settings, look=look, words=search_words(settings), relation="welcome")
        picture = sample().resize(SIZE, Image.Resampling.LANCZOS)
        made = self.dreaming.in_background(asked, picture, should_stop, grows=True)
        if made is None:
            return False
        result, watch = made
        id = self.store.new_id()
        self.dreaming.keep(id, result, watch)
        loss = float(result.losses[-1][-1])
        size = {"width": result.image.width, "height": result.image.height}
        self.store.add_ended("", asked, id, DONE, seconds=result.seconds, loss=loss, **size)
        self.announce({"welcome": {"id": id, "model": model}})
        return True
