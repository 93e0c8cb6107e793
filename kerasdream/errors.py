"""What can go wrong, by name. Every error says what came, what was expected and what to do."""

import difflib
import os
import sys
import warnings
from collections.abc import Iterable


class DreamError(Exception):
    """Base of every error that kerasdream raises on purpose."""


class ConfigError(DreamError, ValueError):
    """A knob that does not exist, or a value outside its range."""


class InputImageError(DreamError, ValueError):
    """A picture that cannot be read or does not have the form of one."""


class ModelError(DreamError, ValueError):
    """A model that cannot dream."""


class LayerError(ModelError):
    """A layer that the model does not have, or whose output cannot be followed."""


class WeightsError(DreamError):
    """Weights that are missing, damaged, or made for another network."""


class OutputError(DreamError, OSError):
    """A result that cannot be written."""


class BatchError(DreamError):
    """A batch that ended early, because more pictures failed than `max_errors`; `.summary` says what was done."""

    summary: object = None


class NonFiniteError(DreamError, ArithmeticError):
    """A dream whose loss or picture left the finite numbers; `.image` holds the last finite picture."""

    image: object = None


class OutOfMemoryError(DreamError, MemoryError):
    """A dream whose smallest part does not fit into memory."""


class DreamInterrupted(KeyboardInterrupt):
    """Ctrl-C during a dream; `.result` holds it so far. No DreamError, so that a loop over pictures ends too."""

    result: object = None


class DreamWarning(UserWarning):
    """Something a user should know about a dream that goes on."""


class FallbackWarning(DreamWarning):
    """The embedded network dreams, because the default one could not be had."""


def warn(message: str, category: type[Warning] = DreamWarning) -> None:
    """Warn in the line of the user's that called into kerasdream, through Keras's `fit`, too, however deep."""
    modules = [sys.modules[name] for name in ("kerasdream", "keras") if name in sys.modules]
    folders = tuple(os.path.dirname(module.__file__) + os.sep for module in modules if module.__file__)
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(folders):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the nearest known names, or an empty string.

    >>> suggest("mixd4", ["mixed3", "mixed4"])
    " Did you mean 'mixed4' or 'mixed3'?"
    """
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
