"""Ask what a network remembers: dream many pictures on several layers, and let another network say what it sees.

    python scripts/run_study.py --images=photos/ --layers=mixed2,mixed4,mixed6 --output=study/
    python scripts/run_study.py photos/ --layers=mixed3,mixed5 --model=mini --limit=200 --noises=16 --output=study/

The folder gets study.db (every verdict as it comes), summary.json and report.html, which needs the extra `study`. The
same command goes on where it ended. The other flags are the knobs of a dream; max_loss is none unless it is given.
"""

import sys
import time
from typing import Any

from absl import flags

from kerasdream import cli
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, DreamError

DREAM = {name: knob for name, knob in KNOBS.items() if name not in ("layers", "snapshots", "mask")}
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


def define() -> flags.FlagValues:
    """The flags: the knobs of a dream, and those of the study."""
    values = flags.FlagValues()
    cli.define_knobs(DREAM, values)
    flags.DEFINE_multi_string(
        "images", [], "folder of pictures, or a picture; may be given several times", flag_values=values
    )
    flags.DEFINE_string(
        "layers", None, "layers to dream on, from low to high: mixed2,mixed4,mixed6", flag_values=values
    )
    flags.DEFINE_string("output", None, "folder to write", flag_values=values)
    flags.DEFINE_string("judge", "mobilenet_v2", "classifier that looks at the pictures", flag_values=values)
    flags.DEFINE_string("judge_weights", "imagenet", "imagenet, or a weights file of the judge", flag_values=values)
    flags.DEFINE_boolean("same_judge", False, "let the network that dreams judge itself", flag_values=values)
    flags.DEFINE_integer("noises", 0, "starts from noise, besides the pictures", 0, flag_values=values)
    flags.DEFINE_boolean("control", True, "dream all again with shuffled weights", flag_values=values)
    flags.DEFINE_integer("limit", None, "pictures to take, evenly spread over all", 1, flag_values=values)
    flags.DEFINE_integer("size", 224, "side of the squares that are dreamt, in pixels", 64, flag_values=values)
    flags.DEFINE_integer("batch", 8, "pictures that are dreamt together", 1, flag_values=values)
    flags.DEFINE_string("training_counts", None, "CSV of a class and its pictures in training", flag_values=values)
    flags.DEFINE_boolean("pictures", True, "show the strongest examples in the report", flag_values=values)
    cli.define_backend(values)
    flags.DEFINE_boolean("help", False, "print this help, and end", short_name="h", flag_values=values)
    return values


def settings_of(values: flags.FlagValues) -> dict[str, Any]:
    """The settings of the study that the command line asks for."""
    for name in ("layers", "output"):
        if not values[name].value:
            raise ConfigError(f"--{name} was not given, and is needed.")
    said = {name: values[name].value for name in DREAM if values[name].present}
    layers = [part.strip() for part in cli.outside(values["layers"].value)]
    return said | {name: values[name].value for name in OWN} | {"images": values["images"].value, "layers": layers}


def run(values: flags.FlagValues) -> None:
    """Do the study, with a line on how far it is."""
    import kerasdream
    from kerasdream.studies import report

    study = kerasdream.Study(**settings_of(values))
    began = time.perf_counter()
    for done, total in study.steps():
        print(f"{done} of {total} pictures, {time.perf_counter() - began:.0f} s", flush=True)
    found = report.write(study.records, study.summary(), study.folder, pictures=values["pictures"].value)
    for name, error in found["faults"]:
        print(f"left out {name}: {error}")
    print(study.folder / "report.html")


def help_text(values: flags.FlagValues) -> str:
    """The whole help."""
    lines = [(__doc__ or "").strip(), "", *cli.knobs_help(DREAM, DEFAULTS | {"max_loss": None}), ""]
    for name in ("images", "layers", *OWN, "pictures", "backend", "help"):
        lines += [f"  --{name}", f"        {values[name].help.splitlines()[0].rstrip(';')}"]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run a command line; the exit status."""
    try:
        cli.set_backend(argv)
        values = define()
        pictures = values(argv)[1:]
        values["images"].value = [*values["images"].value, *pictures]
        if values["help"].value:
            print(help_text(values))
            return 0
        cli.quiet_start()
        run(values)
    except (flags.Error, ConfigError) as fault:
        return cli.complain(f"{fault} --help lists all flags." if isinstance(fault, flags.Error) else fault, 2)
    except DreamError as fault:
        return cli.complain(fault, 1)
    except KeyboardInterrupt:
        return cli.complain("interrupted; the same command goes on from here", 130)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
