"""Ask what a network remembers: dream many pictures on several layers, and let another network say what it sees.

    kerasdream study photos/ --layers=mixed2,mixed4,mixed6 --output=study/
    kerasdream study photos/ --layers=mixed3,mixed5 --model=mini --limit=200 --noises=16 --output=study/

The folder gets study.db (every verdict as it comes), summary.json and report.html, which needs the extra `study`. The
same command goes on where it ended. The other flags are the knobs of a dream; max_loss is none unless it is given.
"""

import sys
import time
from typing import Any

import kerasdream
from kerasdream.cli.flags import Flags, split_at_commas
from kerasdream.cli.process import quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KEEPS_MORE, KNOBS
from kerasdream.errors import ConfigError

DREAM = {name: knob for name, knob in KNOBS.items() if name not in ("layers", "mask", *KEEPS_MORE)}
OWN = (
    "output",
    "judge",
    "judge_weights",
    "same_judge",
    "noises",
    "control",
    "limit",
    "size",
    "batch",
    "training_counts",
)


def define(flags: Flags) -> None:
    """Define the flags: the knobs of a dream, and those of the study."""
    flags.knobs(DREAM, DEFAULTS | {"max_loss": None})
    flags.heading("The study:")
    flags.texts("images", "folder of pictures, or a picture; may be given several times")
    flags.text("layers", "layers to dream on, from low to high: mixed2,mixed4,mixed6")
    flags.text("output", "folder to write")
    flags.text("judge", "classifier that looks at the pictures", default="mobilenet_v2")
    flags.text("judge_weights", "imagenet, or a weights file of the judge", default="imagenet")
    flags.switch("same_judge", "let the network that dreams judge itself")
    flags.number("noises", "starts from noise, besides the pictures", default=0, low=0)
    flags.switch("control", "dream all again with shuffled weights", default=True)
    flags.number("limit", "pictures to take, evenly spread over all", default=None, low=1)
    flags.number("size", "side of the squares that are dreamt, in pixels", default=224, low=64)
    flags.number("batch", "pictures that are dreamt together", default=8, low=1)
    flags.text("training_counts", "CSV of a class and its pictures in training")
    flags.switch("pictures", "show the strongest examples in the report", default=True)


def settings_of(flags: Flags, pictures: list[str]) -> dict[str, Any]:
    """Return the settings of the study that a command line asks for."""
    for name in ("layers", "output"):
        if not flags[name]:
            raise ConfigError(f"--{name} was not given, and is needed.")
    named = {"images": [*flags["images"], *pictures], "layers": split_at_commas(flags["layers"])}
    return flags.given(DREAM) | {name: flags[name] for name in OWN} | named


def work(flags: Flags, pictures: list[str]) -> int:
    """Do the study, with a line on how far it is; returns the exit status."""
    settings = settings_of(flags, pictures)
    quiet_start()
    from kerasdream.studies import report

    with results_apart() as results:
        study = kerasdream.Study(**settings)
        began = time.perf_counter()
        for done, whole in study.steps():
            print(f"{done} of {whole} pictures, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        found = report.write(study.records, study.summary(), study.folder, pictures=flags["pictures"])
        for name, error in found["faults"]:
            print(f"left out {name}: {error}", file=sys.stderr)
        print(study.folder / "report.html", file=results)
    return 0


main = Program(__doc__, define, work, "interrupted; the same command goes on from here").main
