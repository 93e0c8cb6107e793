"""Sweeps: one picture dreamt with several values of a knob or two, side by side on a labelled sheet."""

from kerasdream.sweeps.cell import Cell
from kerasdream.sweeps.run import Sweep, sweep

__all__ = ["Cell", "Sweep", "sweep"]
