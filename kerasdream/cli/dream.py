"""Dream pictures: `kerasdream`, or `kerasdream dream`."""

import dataclasses
import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

import kerasdream
from kerasdream import presets
from kerasdream.cli.flags import Flags
from kerasdream.cli.jobs import STANDARD, Job, find_jobs, is_several
from kerasdream.cli.models import list_layers, list_models
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KNOBS, OWN_WEIGHTS, files_named
from kerasdream.errors import ConfigError, DreamError, DreamInterrupted, InputImageError

if TYPE_CHECKING:
    from kerasdream.result import DreamResult

FRAMES = 40  # of a film, about, where the user names no snapshots
ABOUT = """\
Dream pictures with a neural network.

    kerasdream                                     dreams the sample picture into dream.png
    kerasdream sky.jpg --step=0.02 --num_octave=4  dreams sky.jpg into sky-dream.png
    kerasdream photos/ --output=dreams/            dreams every picture of a folder that is not dreamt yet
    kerasdream sky.jpg --from=dream.png            dreams with the settings of an earlier dream
    kerasdream sky.jpg --preset=fur                dreams with ready settings; --list_presets lists them
    kerasdream sky.jpg --layers="mixed4:150"       dreams of one channel; docs/objectives.md has all objectives
    kerasdream sky.jpg --model=my.keras --layers=conv3
                                                   dreams with a model of your own, saved by Keras
    kerasdream --image=noise:640x480 --animate=growth.webp
                                                   dreams from noise, and shows the dream growing
    kerasdream - --output=- < sky.jpg > dream.png  dreams standard input into standard output

Other programs, each with a --help of its own:

    kerasdream batch                               many pictures: folders, tars, tables, on many machines
    kerasdream film                                a film with its sound, without flicker
    kerasdream sweep                               one picture with several values of any knobs
    kerasdream visualize                           what a layer or channel looks for, drawn from noise
    kerasdream journey                             a film that moves, each frame dreamt from the one before
    kerasdream study                               what a network remembers, with figures and a report
    kerasdream teach                               a network that dreams of your own pictures
    kerasdream studio                              a dream machine in the browser
"""


def define(flags: Flags) -> None:
    """Define the flags: one for each knob, and those that name files."""
    flags.heading("The settings of a dream:")
    flags.knobs(KNOBS, DEFAULTS)
    flags.heading("Files and the rest:")
    flags.texts("image", "picture or folder of pictures to dream; may be given several times")
    flags.text("output", "file to write, or folder where several pictures are dreamt")
    flags.switch("overwrite", "write over an existing output")
    flags.switch("metadata", "keep the settings inside the picture", default=True)
    flags.text("animate", "film of the growing dream to write: .gif, .webp, .mp4 or .webm")
    flags.text("from", "dreamt picture whose settings to take; other flags change them")
    flags.switch("from_files", "let --from open the masks, guides, weights and models that its picture names")
    flags.action("list_presets", "list the presets")
    flags.action("list_models", "list the models, with the layers that they dream on by default")
    flags.action("list_layers", "list the layers that the model can dream on")
    flags.action("version", "print the version")


def work(flags: Flags, arguments: list[str]) -> int:
    """Do what a command line asks for; returns the exit status."""
    if flags["version"]:
        print(f"kerasdream {kerasdream.__version__}")
        return 0
    if flags["list_presets"]:
        for name, preset in presets.PRESETS.items():
            print(f"{name:12} {preset.about}")
        return 0
    if flags["list_models"]:
        return list_models()
    if flags["list_layers"]:
        return list_layers(flags["model"])
    return dream_all(flags, [*flags["image"], *arguments])


def settings_from(flags: Flags) -> dict[str, Any]:
    """Return the settings of `--from`, changed by the flags that were given."""
    settings = kerasdream.settings_of(flags["from"], files=True) if flags["from"] else {}
    given = flags.given(KNOBS)
    if settings and "preset" in given:  # a preset that is asked for now goes before settings of then
        settings |= presets.settings(given["preset"], given.get("model", settings.get("model")))
    elif {"layers", "model"} & given.keys():  # the limit of then was made for other losses
        settings.pop("max_loss", None)
    if settings.get("weights") == OWN_WEIGHTS:
        if "model" not in given and not str(settings["model"]).endswith(".keras"):
            raise ConfigError(
                f"{flags['from']!r} was dreamt by a model of somebody's own, {settings['model']!r}. Name its file with "
                "--model=PATH.keras, or another model and its --layers."
            )
        if "model" in given:
            del settings["weights"]
    named = {} if flags["from_files"] else files_named(settings)
    if unnamed := [file for name, files in named.items() if name not in given for file in files]:
        raise InputImageError(
            f"The settings in {flags['from']!r} name files: {', '.join(unnamed)}. --from_files opens them, or "
            "name others with --mask, --layers, --model and --weights."
        )
    return settings | given


def dream_all(flags: Flags, names: Sequence[str]) -> int:
    """Dream every picture; a failed one is reported at the end and does not stop the others."""
    settings = settings_from(flags)
    if flags["from"] and not names and (source := kerasdream.record_of(flags["from"]).get("source")):
        raise ConfigError(
            f"--from brings settings, no picture. Name one with --image; these settings last dreamt {source!r}."
        )
    jobs = find_jobs(names, flags["output"], flags["overwrite"])
    settings = check_animation(settings, jobs, flags)
    if is_several(names) and not flags["overwrite"]:
        jobs = skip_done(jobs)
    if not jobs:
        return 0
    quiet_start()
    faults = []
    with results_apart() as results:
        dreamer = kerasdream.Dreamer(**settings)
        for picture, target in jobs:
            try:
                result = dreamer.run(read(picture))
                saved = save_all(result, target, flags, results.buffer if str(target) == STANDARD else None)
                loss = result.losses[-1][-1] if result.losses else float("nan")
                stream = sys.stderr if str(target) == STANDARD else results
                print(f"{saved}  (loss {loss:.2f}, {result.seconds:.1f} s)", file=stream, flush=True)
            except DreamInterrupted as interrupt:
                return save_partial(cast("DreamResult", interrupt.result), target)
            except DreamError as fault:
                faults.append(f"{picture or 'the sample'}: {fault}")
    if faults and len(jobs) > 1:
        complain(f"{len(faults)} of {len(jobs)} pictures failed:")
    for line in faults:
        complain(line)
    return 1 if faults else 0


def read(picture: str | None) -> Any:
    """Return what a job dreams: a path, the sample, or the bytes of standard input."""
    if picture == STANDARD:
        return sys.stdin.buffer.read()
    return kerasdream.sample() if picture is None else picture


def skip_done(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs whose dream is not there yet, with a line for each of the others."""
    for job in jobs:
        if job.target.exists():
            complain(f"{job.target} is there already; --overwrite dreams it anew.")
    return [job for job in jobs if not job.target.exists()]


def save_partial(result: "DreamResult", target: pathlib.Path) -> int:
    """Write the picture of a dream that was interrupted beside its target; returns the exit status."""
    whole = pathlib.Path("stdout.png") if str(target) == STANDARD else target
    partial = result.save(whole.with_name(f"{whole.stem}.partial{whole.suffix}"), overwrite=True)
    return complain(f"interrupted; the picture so far is in {partial}", INTERRUPTED)


def save_all(result: "DreamResult", target: pathlib.Path, flags: Flags, output: BinaryIO | None) -> pathlib.Path:
    """Write the picture; beside it its opacity map and what is seen through that, and its snapshots, numbered or as a
    film, where they are asked for."""
    overwrite, metadata = flags["overwrite"], flags["metadata"]
    saved = target
    if output is not None:
        result.save(output, format="png", metadata=metadata)
        output.flush()
    else:
        saved = result.save(target, overwrite=overwrite, metadata=metadata)  # first: whatever fails below, it is kept
    if flags["animate"]:
        result.animate(flags["animate"], overwrite=overwrite)
    elif output is None:
        for step, image in result.snapshots:
            numbered = saved.with_name(f"{saved.stem}.{step:04d}{saved.suffix}")
            dataclasses.replace(result, image=image).save(numbered, overwrite=overwrite, metadata=metadata)
    if output is None and result.opacity is not None:
        from PIL import Image

        grey = Image.fromarray(np.round(255 * result.opacity).astype(np.uint8))
        shown = {"opacity": dataclasses.replace(result, image=grey), "through": result.through_opacity()}
        for name, one in shown.items():
            one.save(saved.with_name(f"{saved.stem}.{name}{saved.suffix}"), overwrite=overwrite, metadata=metadata)
    return saved


def check_animation(settings: dict[str, Any], jobs: Sequence[Job], flags: Flags) -> dict[str, Any]:
    """Return the settings with snapshots for a film, where one is asked for; OutputError for what cannot be written."""
    if not flags["animate"]:
        return settings
    if len(jobs) > 1:
        raise ConfigError(f"--animate writes one film; {len(jobs)} pictures were given. Animate them one by one.")
    from kerasdream.image.files import make_folder
    from kerasdream.video.writer import check_film

    film = pathlib.Path(flags["animate"])
    make_folder(film.parent)
    if check_film(film, overwrite=flags["overwrite"]) == jobs[0].target:
        raise ConfigError(f"--animate and --output both name {str(film)!r}; two files were expected.")
    whole = DEFAULTS | presets.settings(settings.get("preset", DEFAULTS["preset"])) | settings
    steps = whole["iterations"]
    steps = sum(steps) if isinstance(steps, Sequence) else steps * whole["num_octave"]
    return settings | {"snapshots": settings.get("snapshots") or max(1, steps // FRAMES)}


main = Program(ABOUT, define, work).main
