"""Load a framework fast, for a program that has the process to itself; `import kerasdream` never does this."""

import contextlib
import gc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class LazyNamespaces(MetaPathFinder):
    """Finds TensorFlow's namespaces, such as tf.audio, so that they are run when something of them is asked for."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the lazy spec of a namespace, None for any other module.

        Those of TensorFlow 1 put another module into their own place as they run, and Keras asks for tf.distribute.
        """
        if not name.startswith("tensorflow._api.v2.") or ".compat." in name or ".distribute" in name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


@contextlib.contextmanager
def fast_loading() -> Iterator[None]:
    """Load a framework inside in half the time.

    A framework makes a million objects that stay to the end. Python's garbage collector would look through them again
    and again while they come, and twice more as the program ends: it rests meanwhile, and never looks at them later.

    >>> with fast_loading():
    ...     from kerasdream import Dreamer
    """
    finder = LazyNamespaces()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
        sys.meta_path.remove(finder)
