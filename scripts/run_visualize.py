"""Draw from noise what a network looks for.

    python scripts/run_visualize.py mixed4:150 --model=mini                one picture, mixed4-150.png
    python scripts/run_visualize.py mixed4:30 mixed4:150 --output=looks/   several, climbing together
    python scripts/run_visualize.py --atlas=mixed4 --channels=0-15         a labelled sheet, mixed4.png

With --atlas and a folder as --output every channel is kept there, and the same command goes on where it ended.
"""

import pathlib
import re
import sys
from typing import Any

from absl import flags

from kerasdream import cli
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, DreamError

NAMES = ("model", "weights", "device")


def define() -> flags.FlagValues:
    """The flags: those of VisualConfig, and what names models and files."""
    cli.quiet_start()
    from kerasdream.visualization import VISUAL_KNOBS

    values = flags.FlagValues()
    cli.define_knobs(VISUAL_KNOBS | {name: KNOBS[name] for name in NAMES}, values)
    flags.DEFINE_string("atlas", None, "layer whose channels to draw on one sheet", flag_values=values)
    flags.DEFINE_string("channels", "0-15", "channels of the atlas: 0-15, or 30,150,500", flag_values=values)
    flags.DEFINE_string("output", None, "file to write, or folder", flag_values=values)
    flags.DEFINE_boolean("overwrite", False, "write over an existing output", flag_values=values)
    cli.define_backend(values)
    flags.DEFINE_boolean("help", False, "print this help, and end", short_name="h", flag_values=values)
    return values


def channels_of(text: str) -> list[int]:
    """The channels that "0-3,150" names: 0, 1, 2, 3 and 150."""
    channels: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if not found:
            raise ConfigError(f"--channels={text!r} was given; numbers such as 0-15 or 30,150,500 were expected.")
        channels += range(int(found[1]), int(found[2] or found[1]) + 1)
    return channels


def draw(values: flags.FlagValues, objectives: list[str]) -> None:
    """Draw and save what the command line asks for."""
    from kerasdream.image import files
    from kerasdream.visualization import VISUAL_KNOBS, Visualizer, atlas

    settings: dict[str, Any] = {n: values[n].value for n in (*VISUAL_KNOBS, *NAMES) if values[n].present}
    output, overwrite = values["output"].value, values["overwrite"].value
    folder = output is not None and (
        output.endswith("/") or pathlib.Path(output).is_dir() or not pathlib.Path(output).suffix
    )
    if values["atlas"].value:
        layer = values["atlas"].value
        target = pathlib.Path(output) / "atlas.png" if folder else pathlib.Path(output or f"{plain(layer)}.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        files.check_target(target, overwrite=overwrite or folder)
        sheet = atlas(layer, channels_of(values["channels"].value), output=output if folder else None, **settings)
        print(files.save(sheet, target, overwrite=overwrite or folder))
        return
    if not objectives:
        raise ConfigError("No objective was named; one or more was expected, such as mixed4:150, or --atlas=mixed4.")
    visualizer = Visualizer(objectives, **settings)
    each = visualizer.settings.answers * (2 if visualizer.settings.pair else 1)
    if output and not folder and each * len(objectives) > 1:
        raise ConfigError(f"--output={output!r} names one file for {each * len(objectives)} pictures; name a folder.")
    home = pathlib.Path(output) if folder else pathlib.Path()
    home.mkdir(parents=True, exist_ok=True)
    targets: list[pathlib.Path] = []
    for wish in visualizer.objectives:
        for _ in range(each):
            name, number = plain(str(wish.without_folders())), 1
            while (target := home / (f"{name}.png" if number == 1 else f"{name}-{number}.png")) in targets:
                number += 1
            targets.append(pathlib.Path(output) if output and not folder else target)
    for target in targets:
        files.check_target(target, overwrite=overwrite)
    for number, (target, picture) in enumerate(zip(targets, visualizer.run(), strict=True)):
        record = visualizer.record(visualizer.objectives[number // each])
        print(files.save(picture, target, record=record, overwrite=overwrite))


def plain(text: str) -> str:
    """An objective as a file's name."""
    return re.sub(r"[^\w.]+", "-", text).strip("-")


def help_text(values: flags.FlagValues) -> str:
    """The whole help."""
    from kerasdream.visualization import VISUAL_DEFAULTS, VISUAL_KNOBS

    lines = [(__doc__ or "").strip(), "", *cli.knobs_help(VISUAL_KNOBS, VISUAL_DEFAULTS)]
    lines += cli.knobs_help({name: KNOBS[name] for name in NAMES}, DEFAULTS)
    for name in ("atlas", "channels", "output", "overwrite", "backend", "help"):
        lines += [f"  --{name}", f"        {values[name].help.splitlines()[0].rstrip(';')}"]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run a command line; the exit status."""
    try:
        cli.set_backend(argv)
        values = define()
        objectives = values(argv)[1:]
        if values["help"].value:
            print(help_text(values))
            return 0
        draw(values, objectives)
    except (flags.Error, ConfigError) as fault:
        return cli.complain(f"{fault} --help lists all flags." if isinstance(fault, flags.Error) else fault, 2)
    except DreamError as fault:
        return cli.complain(fault, 1)
    except KeyboardInterrupt:
        return cli.complain("interrupted", 130)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
