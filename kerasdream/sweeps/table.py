"""The table of a sweep: a row a cell, as CSV."""

import csv
import io
from collections.abc import Iterable

from kerasdream.sweeps.axes import text_of
from kerasdream.sweeps.cell import Cell

FIGURES = ("loss", "psnr", "mean_change", "seconds")


def table_of(axes: Iterable[str], cells: Iterable[Cell]) -> str:
    """Return cells as CSV: the settings that vary, the figures, the file or the error.

    >>> print(table_of(["step"], [Cell({"step": 0.04}, 2.5, 31, 4, 0.5)]), end="")
    step,loss,psnr,mean_change,seconds,file,error
    0.04,2.5,31,4,0.5,,
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*axes, *FIGURES, "file", "error"])
    for cell in cells:
        figures = [f"{getattr(cell, name):.6g}" for name in FIGURES]
        file = cell.path.name if cell.path else ""
        writer.writerow([*map(text_of, cell.values.values()), *figures, file, cell.error])
    return text.getvalue()
