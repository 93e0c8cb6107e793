"""DeepDream for Keras: the Keras `deep_dream` example, made into a library.

>>> import kerasdream
>>> kerasdream.dream("sky.jpg", layers={"mixed4": 1.0}).save("dream.png")  # doctest: +SKIP

Every name is loaded on first use, so that `import kerasdream` and `--help` take no framework.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from kerasdream.batch_config import BatchConfig as BatchConfig
    from kerasdream.batches.run import BatchSummary as BatchSummary
    from kerasdream.batches.run import dream_many as dream_many
    from kerasdream.callbacks import DreamCallback as DreamCallback
    from kerasdream.caricature_strip import caricatures as caricatures
    from kerasdream.config import DreamConfig as DreamConfig
    from kerasdream.directions import Directions as Directions
    from kerasdream.directions import concepts as concepts
    from kerasdream.directions import direction as direction
    from kerasdream.dreamer import Dreamer as Dreamer
    from kerasdream.dreamer import dream as dream
    from kerasdream.errors import BatchError as BatchError
    from kerasdream.errors import ConfigError as ConfigError
    from kerasdream.errors import DreamError as DreamError
    from kerasdream.errors import DreamInterrupted as DreamInterrupted
    from kerasdream.errors import DreamWarning as DreamWarning
    from kerasdream.errors import FallbackWarning as FallbackWarning
    from kerasdream.errors import InputImageError as InputImageError
    from kerasdream.errors import LayerError as LayerError
    from kerasdream.errors import ModelError as ModelError
    from kerasdream.errors import NonFiniteError as NonFiniteError
    from kerasdream.errors import OutOfMemoryError as OutOfMemoryError
    from kerasdream.errors import OutputError as OutputError
    from kerasdream.errors import WeightsError as WeightsError
    from kerasdream.film_config import FilmConfig as FilmConfig
    from kerasdream.films.film import film as film
    from kerasdream.films.frames import frames as frames
    from kerasdream.films.progress import FilmMoment as FilmMoment
    from kerasdream.films.record import film_settings_of as film_settings_of
    from kerasdream.image.metadata import record_of as record_of
    from kerasdream.image.metadata import settings_of as settings_of
    from kerasdream.image.sample import sample as sample
    from kerasdream.image.spectra import Spectrum as Spectrum
    from kerasdream.image.spectra import spectrum as spectrum
    from kerasdream.journeys.journey import JourneyResult as JourneyResult
    from kerasdream.journeys.journey import journey as journey
    from kerasdream.journeys.journey import settings_of_journey as settings_of_journey
    from kerasdream.maps.activation_atlas import activation_atlas as activation_atlas
    from kerasdream.microscopes.microscope import microscope as microscope
    from kerasdream.model.card import ModelCard as ModelCard
    from kerasdream.model.zoo import LayerInfo as LayerInfo
    from kerasdream.model.zoo import layers as layers
    from kerasdream.objectives import L2 as L2
    from kerasdream.objectives import Caricature as Caricature
    from kerasdream.objectives import Class as Class
    from kerasdream.objectives import Content as Content
    from kerasdream.objectives import Direction as Direction
    from kerasdream.objectives import Guide as Guide
    from kerasdream.objectives import Layer as Layer
    from kerasdream.objectives import Objective as Objective
    from kerasdream.objectives import Statistics as Statistics
    from kerasdream.objectives import StoredDirection as StoredDirection
    from kerasdream.objectives import TotalVariation as TotalVariation
    from kerasdream.objectives import objective as objective
    from kerasdream.objectives import objective_of as objective_of
    from kerasdream.result import DreamResult as DreamResult
    from kerasdream.result import Moment as Moment
    from kerasdream.result import Snapshot as Snapshot
    from kerasdream.studies.study import Study as Study
    from kerasdream.studies.study import study as study
    from kerasdream.sweeps import Cell as Cell
    from kerasdream.sweeps import Sweep as Sweep
    from kerasdream.sweeps import sweep as sweep
    from kerasdream.teaching.config import TeachConfig as TeachConfig
    from kerasdream.teaching.teach import teach as teach
    from kerasdream.teaching.teaching import TeachMoment as TeachMoment
    from kerasdream.training import augment as augment
    from kerasdream.training import gradient as gradient
    from kerasdream.visual_config import VisualConfig as VisualConfig
    from kerasdream.visualization import Visualizer as Visualizer
    from kerasdream.visualization import atlas as atlas
    from kerasdream.visualization import visualize as visualize

HOMES = {
    "batch_config": ("BatchConfig",),
    "batches.run": ("BatchSummary", "dream_many"),
    "callbacks": ("DreamCallback",),
    "training": ("augment", "gradient"),
    "dreamer": ("dream", "Dreamer"),
    "result": ("DreamResult", "Moment", "Snapshot"),
    "objectives": (
        "Caricature",
        "Class",
        "Content",
        "Direction",
        "Guide",
        "L2",
        "Layer",
        "Objective",
        "Statistics",
        "StoredDirection",
        "TotalVariation",
        "objective",
        "objective_of",
    ),
    "config": ("DreamConfig",),
    "sweeps": ("Cell", "Sweep", "sweep"),
    "journeys.journey": ("JourneyResult", "journey", "settings_of_journey"),
    "studies.study": ("Study", "study"),
    "film_config": ("FilmConfig",),
    "films.film": ("film",),
    "films.progress": ("FilmMoment",),
    "films.frames": ("frames",),
    "films.record": ("film_settings_of",),
    "caricature_strip": ("caricatures",),
    "directions": ("Directions", "concepts", "direction"),
    "visual_config": ("VisualConfig",),
    "visualization": ("Visualizer", "atlas", "visualize"),
    "maps.activation_atlas": ("activation_atlas",),
    "microscopes.microscope": ("microscope",),
    "image.spectra": ("Spectrum", "spectrum"),
    "image.metadata": ("record_of", "settings_of"),
    "image.sample": ("sample",),
    "model.card": ("ModelCard",),
    "model.zoo": ("LayerInfo", "layers"),
    "teaching.config": ("TeachConfig",),
    "teaching.teach": ("teach",),
    "teaching.teaching": ("TeachMoment",),
    "errors": (
        "BatchError",
        "ConfigError",
        "DreamError",
        "DreamInterrupted",
        "DreamWarning",
        "FallbackWarning",
        "InputImageError",
        "LayerError",
        "ModelError",
        "NonFiniteError",
        "OutOfMemoryError",
        "OutputError",
        "WeightsError",
    ),
}
HOME_OF = {name: home for home, names in HOMES.items() for name in names}
__all__ = sorted(HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in HOME_OF:
        raise AttributeError(f"module 'kerasdream' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"kerasdream.{HOME_OF[name]}"), name)
    except (ModuleNotFoundError, ValueError) as fault:
        if advice := backend_fault(fault):
            from kerasdream.errors import ModelError

            raise ModelError(advice) from None
        raise


def backend_fault(fault: Exception) -> str | None:
    """Say what is amiss where Keras did not load because of the framework that it is set to run on."""
    from kerasdream.config import BACKENDS

    if isinstance(fault, ModuleNotFoundError) and fault.name in BACKENDS:
        return (
            f'Keras is set to run on {fault.name}, which is not installed: pip install "kerasdream[{fault.name}]"; or '
            "set KERAS_BACKEND to another."
        )
    name = os.environ.get("KERAS_BACKEND")
    if name and name not in BACKENDS:
        return f"KERAS_BACKEND is {name!r}; {', '.join(BACKENDS)} or nothing at all was expected."
    return None


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
