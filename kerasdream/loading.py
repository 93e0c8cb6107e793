"""Loading a framework: most of the time that a program takes before its first dream."""

import gc
import importlib
import sys
from types import ModuleType

from kerasdream.config import BACKENDS

HEAVY = {"keras", *BACKENDS}


def load(name: str) -> ModuleType:
    """A module of ours. Where it brings a framework, the garbage collector rests meanwhile.

    A framework makes a million objects that stay to the end. Python would look through them again and again while they
    come, and twice more when the program ends: a second in all. So they are frozen: never looked through. Where a
    framework is loaded already, or the collector is switched off, a program has its own ways, and nothing is done.

    >>> load("kerasdream.dreamer").Dreamer
    <class 'kerasdream.dreamer.Dreamer'>
    """
    if name in sys.modules or HEAVY & sys.modules.keys() or not gc.isenabled():
        return importlib.import_module(name)
    gc.collect()  # what is frozen is never freed: this is for what the program itself has thrown away
    gc.disable()
    try:
        module = importlib.import_module(name)
    finally:
        gc.enable()
    if HEAVY & sys.modules.keys():
        gc.freeze()
    return module
