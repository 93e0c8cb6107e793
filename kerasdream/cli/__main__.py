"""`python -m kerasdream.cli`, the program `kerasdream`."""

from kerasdream.cli import run

run()
