"""Groups of samples dreamt: each picture with the settings of the batch, or with its own."""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import keras

from kerasdream.ascent.memory import MemoryBudget
from kerasdream.ascent.step import Preprocess
from kerasdream.batch_config import BatchConfig
from kerasdream.batches.outputs import record_text
from kerasdream.batches.picture_group import dream_group, group_limit
from kerasdream.batches.samples import (
    DreamtSample,
    Failure,
    ReadSample,
    Sample,
    content_of,
    failure_of,
    png_of,
    read_sample,
)
from kerasdream.config import KNOBS, DreamConfig
from kerasdream.dreamer import Dreamer, DreamerCache
from kerasdream.errors import DreamError
from kerasdream.model import saved
from kerasdream.resolution import build_network, resolve_config
from kerasdream.result import DreamResult, as_array
from kerasdream.settings import ObjectiveLike
from kerasdream.types import Size

KEPT_NETWORKS = 4  # compiled objectives, of samples with settings of their own


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a dream, and digits that differ where what they make of a picture does."""

    config: DreamConfig
    digest: str


class SampleDreamer:
    """Dreams groups of samples that share a size and their settings. Safe to call from several threads.

    >>> dreamer = SampleDreamer(None, "mini", None, {"iterations": 1, "num_octave": 1}, BatchConfig())
    >>> [dream] = dreamer.dream([dreamer.read(Sample("sky", "sky.jpg"))])
    >>> dream.sample.key, dream.png[1:4]
    ('sky', b'PNG')
    """

    def __init__(
        self,
        layers: ObjectiveLike | None,
        model: str | keras.Model | None,
        preprocess: Preprocess | None,
        settings: Mapping[str, object],
        batch: BatchConfig,
    ):
        """Build the network of the batch; see Dreamer for the arguments and the errors."""
        self.model, self.preprocess, self.batch = model, preprocess, batch
        self.given = {**settings} if layers is None else {**settings, "layers": layers}
        self.cache, self.compiling = DreamerCache(KEPT_NETWORKS), threading.Lock()
        self.known: dict[str, Settings] = {}
        self.turnstile, self.room, self.taken = threading.Lock(), threading.Condition(), 0.0
        self.dreamer_of(self.settings_of(Sample("", b"")).config)

    def settings_of(self, sample: Sample) -> Settings:
        """Return the settings of a sample: the batch's, changed by its own. Raises ConfigError or ModelError."""
        text = json.dumps(dict(sample.settings), sort_keys=True, default=str)
        if text not in self.known:
            given = {**self.given, **sample.settings}
            layers, model = given.pop("layers", None), given.pop("model", self.model)
            preprocess = self.preprocess if model is self.model else None
            config = resolve_config(layers, model, preprocess, given)  # type: ignore[arg-type]
            if len(self.known) > 10_000:  # of a table with settings for each picture
                self.known.clear()
            self.known[text] = Settings(config, digest_of(config, self.batch))
        return self.known[text]

    def read(
        self, sample: Sample | Failure, is_done: Callable[[Sample, str, str], bool] | None = None
    ) -> ReadSample | Failure | None:
        """Return a sample with its picture decoded, or why it cannot be; what has failed comes back as it is.

        `is_done` is asked with the sample and the digits of its content and its settings; where it is, None comes.
        """
        if isinstance(sample, Failure):
            return sample
        try:
            image, content = content_of(sample.image)
            settings = self.settings_of(sample)
            if is_done and is_done(sample, content, settings.digest):
                return None
            return read_sample(sample, image, content, settings.config.max_pixels, self.batch.fitted_size())
        except (DreamError, OSError) as fault:
            return failure_of(sample.key, fault)

    def dreamer_of(self, config: DreamConfig) -> Dreamer:
        """Return the Dreamer of some settings; those that share what is compiled share a network."""
        own = isinstance(self.model, keras.Model) and config.model == self.model.name
        with self.compiling:
            if not own:
                return self.cache.get(config)
            return self.cache.get(config, lambda: build_network(config, self.model, self.preprocess), "own")

    def padded_size(self, size: Size) -> Size:
        """Return the size that a picture is padded to, so that more of them share one."""
        step = self.batch.round_up
        return -(-size[0] // step) * step, -(-size[1] // step) * step

    def group_limit(self, read: ReadSample) -> int:
        """Return how many pictures like this one go through the network together."""
        dreamer = self.dreamer_of(self.settings_of(read.sample).config)
        return group_limit(dreamer, self.padded_size(read.size), self.batch.group, self.batch.threads())

    def kind(self, read: ReadSample) -> tuple[Size, str]:
        """Return what the samples of a group have in common."""
        return self.padded_size(read.size), self.settings_of(read.sample).digest

    def dream(
        self, group: Sequence[ReadSample], check: Callable[[object], None] | None = None
    ) -> list[DreamtSample | Failure]:
        """Dream a group; where that fails, its samples one by one. `check` is called after each step."""
        settings, size = self.settings_of(group[0].sample), self.padded_size(group[0].size)
        dreamer = self.dreamer_of(settings.config)
        with self.share_of_memory(dreamer, size, len(group)):
            results = dream_group(dreamer, [read.picture for read in group], size, check)
        return [
            failure_of(read.sample.key, result)
            if isinstance(result, DreamError)
            else encode(read, result, settings.digest)
            for read, result in zip(group, results, strict=True)
        ]

    @contextlib.contextmanager
    def share_of_memory(self, dreamer: Dreamer, size: Size, count: int) -> Iterator[None]:
        """Let groups dream beside each other while their memory allows."""
        growth = dreamer.config.octave_scale ** (2 * dreamer.config.octaves_above)
        budget, pixels = MemoryBudget(dreamer.compiled), count * size[0] * size[1] * growth
        share = min(1.0, pixels / max(1, budget.affordable_pixels()))
        with self.turnstile, self.room:  # in turn, so that a large one is not overtaken for ever
            self.room.wait_for(lambda: self.taken == 0 or self.taken + share <= 1)
            self.taken += share
        try:
            yield
        finally:
            with self.room:
                self.taken = max(0.0, self.taken - share)
                self.room.notify_all()


def encode(read: ReadSample, result: DreamResult, settings: str) -> DreamtSample:
    """Return a dream as the files of an output; the seconds, which differ from run to run, are left out."""
    record = {name: value for name, value in result.record().items() if name != "seconds"}
    image = result.picture.as_pillow(as_array(result.image))
    return DreamtSample(read.sample, read.content, settings, png_of(image, record), record_text(record, read.sample))


def digest_of(config: DreamConfig, batch: BatchConfig) -> str:
    """Return digits that differ where settings do that change the dream of a picture."""
    settings = {name: value for name, value in config.as_dict().items() if name not in KNOBS or not KNOBS[name].machine}
    if saved.is_saved(config.model):  # wherever its file is; one that was taught again is another one
        settings["model"] = hashlib.sha256(pathlib.Path(config.model).read_bytes()).hexdigest()
    text = json.dumps([settings, batch.size, batch.round_up], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
