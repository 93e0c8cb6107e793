"""`python -m kerasdream`, the program `kerasdream`."""

from kerasdream.cli import run

run()
