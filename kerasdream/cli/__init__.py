"""The program `kerasdream`: dreams; by name batches, films, journeys, sweeps, visualisations, studies, the studio."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from kerasdream.cli.flags import define_backend as define_backend
from kerasdream.cli.flags import set_backend as set_backend
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, warnings_in_words

__all__ = ["complain", "define_backend", "main", "quiet_start", "run", "set_backend"]

PROGRAMS = {
    "dream": "kerasdream.cli.dream",
    "batch": "kerasdream.cli.batch",
    "sweep": "kerasdream.cli.sweep",
    "visualize": "kerasdream.cli.visualize",
    "film": "kerasdream.cli.film",
    "journey": "kerasdream.cli.journey",
    "study": "kerasdream.cli.study",
    "teach": "kerasdream.cli.teach",
    "studio": "kerasdream.web.serve",
}


def main(argv: Sequence[str]) -> int:
    """Run a command line, `kerasdream sweep --help`, say; returns the exit status. Without a name it dreams."""
    name, rest = ("dream", argv[1:]) if len(argv) < 2 or argv[1] not in PROGRAMS else (argv[1], argv[2:])
    return int(importlib.import_module(PROGRAMS[name]).main([argv[0], *rest]))


def run(*first: str) -> NoReturn:
    """Run the command line of this process, after `first`, the name of a program, say; and end."""
    with warnings_in_words():
        try:
            status = main([sys.argv[0], *first, *sys.argv[1:]])
            sys.stdout.flush()
        except KeyboardInterrupt:
            status = complain("interrupted", INTERRUPTED)
        except BrokenPipeError:  # whoever read our output, such as `head`, has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = 141
    sys.exit(status)
