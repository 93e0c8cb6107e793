"""Dream one picture with several values of a knob or two, side by side on a labelled sheet.

    kerasdream sweep sky.jpg --vary=step=0.01,0.04,0.1,1 --vary=layers=mixed3,mixed5 --output=steps/
    kerasdream sweep --vary="layers=mixed3=1,mixed4=2;mixed5=1"    values with commas: ; between them
    kerasdream sweep sky.jpg --recipe=iterations                   --list_recipes lists them

The folder gets every dream with its settings inside, sweep.csv with the figures, and the sheets. The same command goes
on where it ended. The other flags are the knobs of a dream.
"""

import pathlib
from typing import Any

import kerasdream
from kerasdream.cli.flags import Flags, KnobParser, split_at_commas
from kerasdream.cli.process import complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, suggest
from kerasdream.recipes import RECIPES, sweeps_of


def define(flags: Flags) -> None:
    """Define the flags: the knobs, and what to vary."""
    flags.knobs(KNOBS, DEFAULTS)
    flags.heading("What varies, and files:")
    flags.texts("vary", "KNOB=VALUE,VALUE: a knob and its values, once a knob")
    flags.text("recipe", "ready experiment to do: see --list_recipes")
    flags.text("image", "picture to dream; default: the sample")
    flags.text("output", "folder to write; default: the recipe's name, or sweep")
    flags.number("cell", "longer side of a picture on a sheet, in pixels", default=512, low=32)
    flags.action("list_recipes", "list the recipes")


def varied(text: str) -> tuple[str, list[Any]]:
    """Return the knob and the values of a flag; a semicolon separates values that have commas.

    >>> varied("step=0.01,0.04")
    ('step', [0.01, 0.04])
    """
    name, equals, rest = text.partition("=")
    values = [part.strip() for part in rest.split(";")] if ";" in rest else split_at_commas(rest)
    if not equals or not all(values):
        raise ConfigError(f"--vary={text!r} was given; KNOB=VALUE,VALUE was expected, such as step=0.01,0.04.")
    if name == "image":
        return name, values
    if name not in KNOBS:
        raise ConfigError(f"--vary={text!r} names no knob.{suggest(name, KNOBS)} --help lists all of them.")
    if KNOBS[name].kind == "bool":
        return name, [{"true": True, "false": False}.get(value.lower(), value) for value in values]
    parser = KnobParser(name, KNOBS[name])
    return name, [parser.parse(value) for value in values]


def sweeps(flags: Flags) -> list[dict[str, Any]]:
    """Return the settings of every sweep that the command line asks for."""
    settings = flags.given(KNOBS)
    pairs = list(map(varied, flags["vary"]))
    if repeated := {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}:
        raise ConfigError(f"--vary names {', '.join(sorted(repeated))} twice; give all its values at once.")
    settings |= dict(pairs)
    if flags["recipe"] is None:
        if not pairs:
            raise ConfigError("Nothing varies. --vary=KNOB=VALUE,VALUE or --recipe=NAME was expected.")
        return [settings]
    quiet_start()
    from kerasdream.resolution import resolve_config

    weights = {name: settings[name] for name in ("weights",) if name in settings}
    network = settings.get("model") or resolve_config(None, None, None, weights).model
    if isinstance(network, list):
        raise ConfigError("A recipe is done on one model; --model was expected.")
    return [{"model": network} | sweep | settings for sweep in sweeps_of(flags["recipe"], network)]


def work(flags: Flags, pictures: list[str]) -> int:
    """Dream all of it; returns the exit status."""
    if flags["list_recipes"]:
        print("\n".join(f"{name:12} {recipe.about}" for name, recipe in RECIPES.items()))
        return 0
    pictures = pictures + [flags["image"]] * bool(flags["image"])
    if len(pictures) > 1:
        raise ConfigError(f"{len(pictures)} pictures were given; one was expected, or --vary=image=a.jpg,b.jpg.")
    own = pictures[0] if pictures else kerasdream.sample()
    home = pathlib.Path(flags["output"] or flags["recipe"] or "sweep")
    every = sweeps(flags)
    faults = 0
    quiet_start()
    with results_apart() as results:
        for number, settings in enumerate(every, 1):
            if pictures and "image" in settings and not flags["recipe"]:
                raise ConfigError(f"{pictures[0]!r} was given beside --vary=image=...; name it there, too.")
            image = settings.pop("image", own)
            image = [own if one is None else one for one in image] if isinstance(image, list) else image
            sweep = kerasdream.sweep(image, output=home if len(every) == 1 else home / str(number), **settings)
            for cell in sweep:
                if cell.error:
                    faults += 1
                    complain(f"{cell.label}: {cell.error}")
                    continue
                figures = f"loss {cell.loss:.3g}, PSNR {cell.psnr:.1f} dB, {cell.seconds:.1f} s"
                print(f"{cell.label}: {figures}", file=results, flush=True)
            for path in sweep.save_sheets(flags["cell"]):
                print(path, file=results)
    return 1 if faults else 0


main = Program(__doc__, define, work, "interrupted; the same command goes on from here").main
