"""Draw from noise what a network looks for.

    kerasdream visualize mixed4:150 --model=mini                one picture, mixed4-150.png
    kerasdream visualize mixed4:30 mixed4:150 --output=looks/   several, drawn together
    kerasdream visualize --atlas=mixed4 --channels=0-15         a labelled sheet, mixed4.png
    kerasdream visualize --map=photos/ mixed4 --output=map/     what mixed4 sees in them: map/atlas.html
    kerasdream visualize --microscope=site/ --model=mine.keras  a page for each channel of it: site/index.html

A folder as --output is gone on with where it ended: with --atlas every channel is kept there, with --map every cell,
else every objective; and so is a microscope.
"""

import os
import pathlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from kerasdream.cli.flags import Flags
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.errors import ConfigError, DreamInterrupted
from kerasdream.objectives import Objective, objective
from kerasdream.visual_config import VISUAL_DEFAULTS, VISUAL_KNOBS, VisualConfig

if TYPE_CHECKING:
    from PIL import Image

MODEL_KNOBS = {name: KNOBS[name] for name in ("model", "weights", "device")}


def define(flags: Flags) -> None:
    """Define the flags: those of VisualConfig, and what names models and files."""
    flags.knobs(VISUAL_KNOBS, VISUAL_DEFAULTS)
    flags.knobs(MODEL_KNOBS, DEFAULTS)
    flags.heading("Files and the rest:")
    flags.text("atlas", "layer whose channels to draw on one sheet")
    flags.text("channels", "channels, as 0-15, or 30,150,500; unset: of an atlas the first 16, of a microscope all")
    flags.text("map", "folder of pictures: draw a map of what the layer named sees in them, into the folder --output")
    flags.text("microscope", "folder for a page of each channel of the layers named, or of all")
    flags.text("images", "folder of photographs: show on each page of a microscope those that excite the channel most")
    flags.text("output", "file to write, or folder")
    flags.switch("overwrite", "write over an existing output")


def channels_of(text: str) -> list[int]:
    """Return the channels that a flag names.

    >>> channels_of("0-3,150")
    [0, 1, 2, 3, 150]
    """
    channels: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if not found:
            raise ConfigError(f"--channels={text!r} was given; numbers such as 0-15 or 30,150,500 were expected.")
        channels += range(int(found[1]), int(found[2] or found[1]) + 1)
    return channels


def work(flags: Flags, objectives: list[str]) -> int:
    """Draw and save what the command line asks for; returns the exit status."""
    from kerasdream.image.files import make_folder

    settings = flags.given(VISUAL_KNOBS | MODEL_KNOBS)
    if flags["microscope"]:
        return make_microscope(flags, objectives, settings)
    output = flags["output"]
    folder = output is not None and (
        output.endswith("/") or pathlib.Path(output).is_dir() or not pathlib.Path(output).suffix
    )
    make_folder(pathlib.Path(output or ".") if folder or not output else pathlib.Path(output).parent)
    if flags["map"]:
        return draw_map(flags["map"], objectives, output, settings)
    if flags["atlas"]:
        return draw_atlas(flags, pathlib.Path(output) if folder else None, settings)
    if not objectives:
        raise ConfigError("No objective was named; one or more was expected, such as mixed4:150, or --atlas=mixed4.")
    config = VisualConfig(**{name: value for name, value in settings.items() if name in VISUAL_KNOBS})
    each = config.answers * (2 if config.pair else 1)
    if output and not folder and each * len(objectives) > 1:
        raise ConfigError(f"--output={output!r} names one file for {each * len(objectives)} pictures; name a folder.")
    targets = find_targets([objective(text) for text in objectives], each, output, folder, flags["overwrite"])
    if folder and not flags["overwrite"]:
        targets = skip_done(targets)
    return draw(targets, settings, folder or flags["overwrite"]) if targets else 0


def draw_atlas(flags: Flags, folder: pathlib.Path | None, settings: dict[str, Any]) -> int:
    """Draw the channels of a layer on one sheet, which is made anew from the channels in a folder."""
    from kerasdream.image import files

    layer, overwrite = flags["atlas"], flags["overwrite"] or folder is not None
    target = folder / "atlas.png" if folder else pathlib.Path(flags["output"] or f"{file_name(layer)}.png")
    if not flags["output"] and not overwrite:
        target = files.free_path(target)
    files.check_target(target, overwrite=overwrite)
    channels = channels_of(flags["channels"] or "0-15")
    quiet_start()
    from kerasdream.visualization import atlas

    with results_apart() as results:
        sheet = atlas(layer, channels, output=folder, **settings)
        print(files.save(sheet, target, overwrite=overwrite), file=results)
    return 0


def draw_map(pictures: str, layers: list[str], output: str | None, settings: dict[str, Any]) -> int:
    """Draw a map of what a layer sees in the pictures of a folder."""
    if len(layers) != 1 or output is None:
        raise ConfigError("A map is of one layer, and goes into a folder: --map=photos/ mixed4 --output=map/")
    quiet_start()
    from kerasdream.maps.activation_atlas import activation_atlas

    with results_apart() as results:
        activation_atlas(pictures, layers[0], output=output, **settings)
        print(pathlib.Path(output) / "atlas.html", file=results)
    return 0


def make_microscope(flags: Flags, layers: list[str], settings: dict[str, Any]) -> int:
    """Make a page for each channel of the layers named, or of all."""
    channels = channels_of(flags["channels"]) if flags["channels"] else None
    quiet_start()
    from kerasdream.microscopes.microscope import microscope

    with results_apart() as results:
        shown = {"layers": layers or None, "channels": channels, "images": flags["images"]}
        print(microscope(output=flags["microscope"], **shown, **settings), file=results)
    return 0


Targets = list[tuple[Objective, list[pathlib.Path]]]  # of each objective the files for its pictures


def find_targets(
    objectives: Sequence[Objective], each: int, output: str | None, folder: bool, overwrite: bool
) -> Targets:
    """Return where the pictures go; a file named as `output` must not be there, without one names are free ones."""
    from kerasdream.image.files import check_target, free_path

    if output and not folder:
        return [(objectives[0], [check_target(output, overwrite=overwrite)])]
    taken: set[pathlib.Path] = set()

    def is_taken(path: pathlib.Path) -> bool:
        return path in taken or (output is None and not overwrite and os.path.lexists(path))

    found: Targets = []
    for wanted in objectives:
        found.append((wanted, []))
        for _ in range(each):
            name = f"{file_name(str(wanted.without_folders()))}.png"
            target = free_path(pathlib.Path(output or ".") / name, is_taken)
            taken.add(check_target(target, overwrite=True))
            found[-1][1].append(target)
    return found


def skip_done(targets: Targets) -> Targets:
    """Return the objectives whose pictures are not all there yet, with a line for each of the others."""
    left = [(wanted, paths) for wanted, paths in targets if not all(path.exists() for path in paths)]
    for wanted, paths in targets:
        if (wanted, paths) not in left:
            complain(f"{', '.join(map(str, paths))}: there already; --overwrite draws it anew.")
    return left


def draw(targets: Targets, settings: dict[str, Any], overwrite: bool) -> int:
    """Draw the pictures and save them; of those that are interrupted, the pictures so far."""
    quiet_start()
    from kerasdream.image import files
    from kerasdream.visualization import Visualizer

    with results_apart() as results:
        objectives = [wanted for wanted, _ in targets]
        visualizer = Visualizer(objectives, **settings)
        paths = [(path, visualizer.record(wanted)) for wanted, ones in targets for path in ones]
        try:
            for (path, record), picture in zip(paths, visualizer.run(), strict=True):
                print(files.save(picture, path, record=record, overwrite=overwrite), file=results)
        except DreamInterrupted as interrupt:
            pictures = cast("list[Image.Image]", interrupt.result)
            for (path, record), picture in zip(paths, pictures, strict=False):
                partial = path.with_name(f"{path.stem}.partial{path.suffix}")
                complain(f"the picture so far is in {files.save(picture, partial, record=record, overwrite=True)}")
            return complain("interrupted", INTERRUPTED)
    return 0


def file_name(text: str) -> str:
    """Return an objective as the name of a file.

    >>> file_name("mixed4:150*2 + class:tabby")
    'mixed4-150-2-class-tabby'
    """
    return re.sub(r"[^\w.]+", "-", text).strip("-")


main = Program(__doc__, define, work).main
