"""Loading a framework: most of the time that a program takes before its first dream."""

import contextlib
import gc
import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from kerasdream.config import BACKENDS

HEAVY = {"keras", *BACKENDS}
NAMESPACES, OLD = "tensorflow._api.v2.", ".compat."  # tf.audio, tf.signal, …; those of TensorFlow 1 replace themselves
lock = threading.RLock()  # one for all: two threads may come to modules of each other


def load(name: str) -> ModuleType:
    """A module of ours. Where it brings a framework, that comes faster than by itself.

    The garbage collector rests meanwhile: a framework makes a million objects that stay to the end, and Python would
    look through them again and again while they come, and twice more when the program ends. So they are frozen: never
    looked through. And TensorFlow's namespaces come when something of them is asked for: most never are.

    Where a framework is loaded already, or the collector is switched off, a program has its own ways, and nothing is
    done.

    >>> load("kerasdream.dreamer").Dreamer
    <class 'kerasdream.dreamer.Dreamer'>
    """
    if name in sys.modules or HEAVY & sys.modules.keys() or not gc.isenabled():
        return importlib.import_module(name)
    gc.collect()  # what is frozen is never freed: this is for what the program itself has thrown away
    gc.disable()
    try:
        with namespaces_on_demand():
            module = importlib.import_module(name)
    finally:
        gc.enable()
    if HEAVY & sys.modules.keys():
        gc.freeze()
    return module


@contextlib.contextmanager
def namespaces_on_demand() -> Iterator[None]:
    """While it lasts, TensorFlow's namespaces are found, but not run."""
    finder = Namespaces()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class Namespaces(MetaPathFinder):
    """Finds TensorFlow's namespaces, where Python would find them."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if not name.startswith(NAMESPACES) or OLD in name:
            return None
        package = "." + name.removeprefix(NAMESPACES).split(".")[0]
        if PathFinder.find_spec(package, sys.modules["tensorflow"].__path__):
            # An empty package tensorflow.lite, say, would take the place of the namespace tf.lite, if it came later.
            importlib.import_module("tensorflow" + package)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Later(spec.loader)
        return spec


class Later(Loader):
    """Loads a module when something of it is asked for.

    Python's own LazyLoader shows half of a module to a second thread, before Python 3.12.3.
    """

    def __init__(self, loader: Loader):
        self.loader, self.running = loader, False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = Asleep

    def run(self, module: ModuleType) -> None:
        """Run the module; where that fails, it stays asleep."""
        self.running = True
        try:
            self.loader.exec_module(module)
        finally:
            self.running = False
        module.__class__ = ModuleType


class Asleep(ModuleType):
    """A module that has not been run."""

    def __getattr__(self, name: str) -> Any:
        with lock:
            if type(self) is Asleep:  # else another thread has just run it
                later = self.__loader__
                assert isinstance(later, Later)
                if later.running:  # it asks for what it has not come to itself, or for a module of its namesake
                    namesake = f"tensorflow.{self.__name__.removeprefix(NAMESPACES)}.{name}"
                    if namesake in sys.modules:
                        return sys.modules[namesake]
                    raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
                later.run(self)
            return getattr(self, name)

    def __dir__(self) -> list[str]:
        self.__getattr__("__dict__")
        return sorted(self.__dict__)
