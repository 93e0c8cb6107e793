"""Dream one picture with several values of a knob or two, side by side on a labelled sheet.

    python scripts/run_sweep.py sky.jpg --vary=step=0.01,0.04,0.1,1 --vary=layers=mixed3,mixed5 --output=steps/
    python scripts/run_sweep.py --vary="layers=mixed3=1,mixed4=2;mixed5=1"    values with commas: ; between them
    python scripts/run_sweep.py sky.jpg --recipe=iterations                       --list_recipes lists them

The folder gets every dream with its settings inside, sweep.csv with the figures, and the sheets. The same command goes
on where it ended. The other flags are the knobs of a dream.
"""

import pathlib
import sys
from typing import Any

from absl import flags

from kerasdream import cli
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, DreamError, suggest
from kerasdream.recipes import RECIPES, sweeps_of


def define() -> flags.FlagValues:
    """The flags: the knobs, and what to vary."""
    values = flags.FlagValues()
    cli.define_knobs(KNOBS, values)
    flags.DEFINE_multi_string("vary", [], "KNOB=VALUE,VALUE: a knob and its values, once a knob", flag_values=values)
    flags.DEFINE_string("recipe", None, "ready experiment to do: see --list_recipes", flag_values=values)
    flags.DEFINE_string("image", None, "picture to dream; default: the sample", flag_values=values)
    flags.DEFINE_string("output", None, "folder to write; default: the recipe's name, or sweep", flag_values=values)
    flags.DEFINE_integer("cell", 512, "longer side of a picture on a sheet, in pixels", 32, flag_values=values)
    cli.define_backend(values)
    flags.DEFINE_boolean("list_recipes", False, "list the recipes, and end", flag_values=values)
    flags.DEFINE_boolean("help", False, "print this help, and end", short_name="h", flag_values=values)
    return values


def varied(text: str) -> tuple[str, list[Any]]:
    """The knob and the values of "step=0.01,0.04"; a semicolon parts values that have commas."""
    name, equals, rest = text.partition("=")
    values = [part.strip() for part in (rest.split(";") if ";" in rest else cli.outside(rest))]
    if not equals or not all(values):
        raise ConfigError(f"--vary={text!r} was given; KNOB=VALUE,VALUE was expected, such as step=0.01,0.04.")
    if name == "image":
        return name, values
    if name not in KNOBS:
        raise ConfigError(f"--vary={text!r} names no knob.{suggest(name, KNOBS)} --help lists all of them.")
    if KNOBS[name].kind == "bool":
        return name, [{"true": True, "false": False}.get(value.lower(), value) for value in values]
    parser = cli.KnobParser(name, KNOBS[name])
    return name, [parser.parse(value) for value in values]


def sweeps(values: flags.FlagValues) -> list[dict[str, Any]]:
    """The settings of every sweep that the command line asks for."""
    said: dict[str, Any] = {name: values[name].value for name in KNOBS if values[name].present}
    pairs = list(map(varied, values["vary"].value))
    if repeated := {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}:
        raise ConfigError(f"--vary names {', '.join(sorted(repeated))} twice; give all its values at once.")
    said |= dict(pairs)
    if values["recipe"].value is None:
        if not pairs:
            raise ConfigError("Nothing varies. --vary=KNOB=VALUE,VALUE or --recipe=NAME was expected.")
        return [said]
    from kerasdream.resolution import resolve_config

    network = (
        said.get("model") or resolve_config(None, None, None, {k: said[k] for k in ("weights",) if k in said}).model
    )
    if isinstance(network, list):
        raise ConfigError("A recipe is done on one model; --model was expected.")
    return [{"model": network} | sweep | said for sweep in sweeps_of(values["recipe"].value, network)]


def run(values: flags.FlagValues, pictures: list[str]) -> int:
    """Dream all of it; the exit status."""
    import kerasdream

    pictures = pictures + [values["image"].value] * bool(values["image"].value)
    if len(pictures) > 1:
        raise ConfigError(f"{len(pictures)} pictures were given; one was expected, or --vary=image=a.jpg,b.jpg.")
    own = pictures[0] if pictures else kerasdream.sample()
    home = pathlib.Path(values["output"].value or values["recipe"].value or "sweep")
    faults = 0
    every = sweeps(values)
    for number, settings in enumerate(every, 1):
        if pictures and "image" in settings and not values["recipe"].value:
            raise ConfigError(f"{pictures[0]!r} was given beside --vary=image=...; name it there, too.")
        image = settings.pop("image", own)
        image = [own if one is None else one for one in image] if isinstance(image, list) else image
        folder = home if len(every) == 1 else home / str(number)
        sweep = kerasdream.sweep(image, output=folder, **settings)
        for cell in sweep:
            faults += bool(cell.error)
            told = cell.error or f"loss {cell.loss:.3g}, PSNR {cell.psnr:.1f} dB, {cell.seconds:.1f} s"
            print(f"{cell.label}: {told}", flush=True)
        for path in sweep.save_sheets(values["cell"].value):
            print(path)
    return 1 if faults else 0


def help_text(values: flags.FlagValues) -> str:
    """The whole help."""
    lines = [(__doc__ or "").strip(), "", *cli.knobs_help(KNOBS, DEFAULTS), ""]
    for name in ("vary", "recipe", "image", "output", "cell", "backend", "list_recipes", "help"):
        lines += [f"  --{name}", f"        {values[name].help.splitlines()[0].rstrip(';')}"]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run a command line; the exit status."""
    try:
        cli.set_backend(argv)
        values = define()
        pictures = values(argv)[1:]
        if values["help"].value:
            print(help_text(values))
            return 0
        if values["list_recipes"].value:
            print("\n".join(f"{name:12} {recipe.about}" for name, recipe in RECIPES.items()))
            return 0
        cli.quiet_start()
        return run(values, pictures)
    except (flags.Error, ConfigError) as fault:
        return cli.complain(f"{fault} --help lists all flags." if isinstance(fault, flags.Error) else fault, 2)
    except DreamError as fault:
        return cli.complain(fault, 1)
    except KeyboardInterrupt:
        return cli.complain("interrupted; the same command goes on from here", 130)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
