"""Teach a network your own pictures, and dream of them.

    kerasdream teach plants/ --output=plants.keras              ten minutes; each folder in plants/ is a class
    kerasdream teach mushrooms/ --output=mine.keras --minutes=3 pictures of one kind of things
    kerasdream teach plants/ --output=plants.keras --dreams=now/
                                                                with dreams of now on the way
    kerasdream sky.jpg --model=plants.keras --layers=class:chanterelle
                                                                dreams of what it was taught

From about 30 pictures a class. What ends it loses half a minute at most: the same command goes on. Nothing is uploaded.
"""

import kerasdream
from kerasdream.cli.flags import Flags
from kerasdream.cli.process import quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.errors import ConfigError
from kerasdream.teaching.config import TEACH_DEFAULTS, TEACH_KNOBS


def define(flags: Flags) -> None:
    """Define the flags: one for each knob, and those that name files."""
    flags.heading("The settings of a teaching:")
    flags.knobs(TEACH_KNOBS, TEACH_DEFAULTS)
    flags.heading("Files and the rest:")
    flags.text("output", "model file to write (.keras)")
    flags.switch("overwrite", "write over an existing output")
    flags.text("dreams", "folder for dreams of now, a few on the way")


def work(flags: Flags, arguments: list[str]) -> int:
    """Teach the pictures that a command line names; returns the exit status."""
    if len(arguments) != 1:
        raise ConfigError(f"One folder of pictures was expected; {len(arguments)} were given.")
    if not flags["output"]:
        raise ConfigError("--output was not given, and is needed: the file of the model, such as mine.keras.")
    quiet_start()
    with results_apart() as results:
        named = {name: flags[name] for name in ("output", "overwrite", "dreams")}
        card = kerasdream.teach(arguments[0], **named, **flags.given(TEACH_KNOBS))
        print(f"{flags['output']}  ({card})", file=results)
    return 0


main = Program(__doc__ or "", define, work, "interrupted; the same command goes on from here").main
