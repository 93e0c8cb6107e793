"""Dreaming: how the worker makes a dream of what a job asks for, and what it keeps of it."""

import pathlib
import warnings
from collections.abc import Callable

from PIL import Image

from kerasdream.config import DEFAULTS, DreamConfig
from kerasdream.dreamer import Dreamer, DreamerCache
from kerasdream.errors import DreamWarning
from kerasdream.image import files
from kerasdream.image.picture import Picture
from kerasdream.image.sample import noise_size, sample
from kerasdream.objectives import Guide
from kerasdream.resolution import open_picture, resolve_config
from kerasdream.result import DreamResult
from kerasdream.types import Size
from kerasdream.web.estimates import Estimates
from kerasdream.web.films import GROWTH_SIDE, THUMB_SIDE, jpeg, smaller, write_film, write_webp
from kerasdream.web.growth import write_moments
from kerasdream.web.job import Asked, Job, Value
from kerasdream.web.progress import Progress
from kerasdream.web.store import Store
from kerasdream.web.strokes import Stroke
from kerasdream.web.views import Settings
from kerasdream.web.watch import Watch

WARM = 3  # dreamers that stay


class Dreaming:
    """Makes dreams; `models` are the models at hand, each with its own settings.

    >>> import pathlib, tempfile
    >>> Dreaming(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}}).dreamers.size
    3
    """

    def __init__(self, store: Store, models: dict[str, Settings], warm: int = WARM):
        self.store, self.models = store, models
        self.dreamers = DreamerCache(warm)
        self.estimates = Estimates(lambda job: (self.config_of(job), self.size_of(job)))

    def make(
        self, job: Job, progress: Progress, after_step: Callable[[], None], ending: Callable[[], bool]
    ) -> dict[str, Value] | None:
        """Make a dream and keep it, with previews on the way; None where it was cancelled, or the studio ends.

        Returns the columns of a finished job.
        """
        dreamer, picture = self.dreamer_of(job), self.picture_of(job)
        stroke = None
        if job.urgent and job.mask:
            stroke = Stroke.of(self.open(job), self.store.picture(job.mask))
        grows = not (job.urgent or job.plan)
        watch = Watch(dreamer.config, progress, after_step, ending, grows=grows, stroke=stroke)
        if watch.over():
            return None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DreamWarning)
            result = dreamer.run(stroke.part if stroke else picture, callback=watch, verbose=False)
        progress.note = " ".join(str(one.message) for one in caught if isinstance(one.message, DreamWarning))
        if watch.over():
            return None
        result = stroke.result(result) if stroke else result
        self.keep(job.id, result, watch)
        progress.show(jpeg(result.image))
        loss = float(result.losses[-1][-1]) if result.losses else None
        size = {"width": result.image.width, "height": result.image.height}
        return {"seconds": result.seconds, "loss": loss, "stopped": progress.stopped, **size}

    def in_background(
        self, asked: Asked, picture: Image.Image, should_stop: Callable[[], bool], *, grows: bool = False
    ) -> tuple[DreamResult, Watch] | None:
        """Return a dream that nobody waits for, and the watch over it; None where it was given up."""
        dreamer = self.dreamer_of(asked)
        watch = Watch(dreamer.config, Progress(), lambda: None, should_stop, grows=grows)
        if should_stop():
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DreamWarning)  # small pictures leave out the smallest sizes
            result = dreamer.run(picture, callback=watch, verbose=False)
        return None if should_stop() else (result, watch)

    def keep(self, id: str, result: DreamResult, watch: Watch) -> None:
        """Write the files of a dream; the picture last, so that where it is, all is."""
        if watch.grows:
            start = smaller(result.picture.as_pillow(result.picture.source), GROWTH_SIDE)
            write_film([start, *watch.film, smaller(result.image, GROWTH_SIDE)], self.store.path("dreams", id, ".webp"))
            write_moments(watch.progress.moments, self.store.path("dreams", id, ".moments"))
        write_webp(smaller(result.image, THUMB_SIDE), self.store.path("thumbs", id, ".webp"))
        result.save(self.store.path("dreams", id, ".png"), overwrite=True)

    def open(self, asked: Asked) -> Image.Image:
        """Return the picture that is dreamt on, noise drawn."""
        picture = open_picture(
            self.picture_of(asked), DEFAULTS["max_pixels"], asked.settings.get("seed", DEFAULTS["seed"])
        )
        return picture.as_pillow(picture.source)

    def picture_of(self, job: Asked) -> Image.Image | str:
        """Return what a job dreams on: a picture, or the name of noise."""
        if (path := self.file_of(job)) is None:
            return sample() if job.picture == "sample" else job.picture
        picture, scale = files.decode(path, None), job.plan.get("scale", 1)
        return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.BICUBIC)

    def size_of(self, job: Asked) -> Size:
        """Return the (height, width) of what a job dreams on; of a file only the beginning is read."""
        if (path := self.file_of(job)) is None:
            return noise_size(job.picture) or sample().size[::-1]
        scale = job.plan.get("scale", 1)
        with Image.open(path) as image:
            return image.height * scale, image.width * scale

    def file_of(self, job: Asked) -> pathlib.Path | None:
        """Return the file of what a job dreams on, of an enlargement the dream that it enlarges; None where none is."""
        if "scale" in job.plan:
            return self.store.existing("dreams", str(job.parent), ".png")
        if job.picture == "sample" or noise_size(job.picture):
            return None
        return self.store.existing("pictures", job.picture, ".png")

    def dreamer_of(self, job: Asked) -> Dreamer:
        """Return a dreamer with the settings of a job; what is compiled alike is kept warm.

        The mask of a stroke is applied to its dream afterwards: one that is compiled in would take half a second.
        """
        config = self.config_of(job)
        if job.mask and not job.urgent:
            config = config.replace(mask=self.store.picture(job.mask).convert("L"))
        if job.guide:
            layers = config.layers.layers() if config.layers else ()
            guide = Picture.of(self.store.picture(job.guide)).source
            config = config.replace(layers=[Guide(layer, guide) for layer in layers], max_loss=None)
        return self.dreamers.get(config)

    def config_of(self, job: Asked) -> DreamConfig:
        """Return the settings of a job, without its pictures."""
        settings = job.settings | self.models[job.settings["model"]]
        return resolve_config(settings.pop("layers", None), settings.pop("model"), None, settings)
