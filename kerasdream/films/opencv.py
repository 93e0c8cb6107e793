"""OpenCV, loaded when a film first needs it."""

import functools
import importlib
from types import ModuleType

from kerasdream.errors import ConfigError


@functools.cache
def opencv() -> ModuleType:
    """Return the module cv2, or raise ConfigError where it is not installed.

    >>> opencv().getNumThreads()
    1
    """
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as fault:
        raise ConfigError('Films need the extra "video": pip install "kerasdream[video]".') from fault
    cv2.setNumThreads(1)  # with more, the flow would depend on their number; the dream needs the processor anyway
    return cv2
