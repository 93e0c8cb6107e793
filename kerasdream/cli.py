"""The command line: flags made from DreamConfig, pictures in, files out. No logic of dreaming."""

import dataclasses
import os
import pathlib
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from absl import flags

import kerasdream
from kerasdream import presets
from kerasdream.config import BACKENDS, DEFAULTS, KNOBS, files_named
from kerasdream.errors import ConfigError, DreamError, DreamInterrupted, DreamWarning, InputImageError, ModelError
from kerasdream.knobs import Knob

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif", ".heic"}
FRAMES = 40  # of a film, about, where the user names no snapshots
USAGE = """\
Dream pictures with a neural network.

    kerasdream                                     dreams the sample picture into dream.png
    kerasdream sky.jpg --step=0.02 --num_octave=4  dreams sky.jpg into sky-dream.png
    kerasdream photos/ --output=dreams/            dreams every picture of a folder
    kerasdream sky.jpg --from=dream.png            dreams with the settings of an earlier dream
    kerasdream sky.jpg --preset=fur                dreams with ready settings; --list_presets lists them
    kerasdream sky.jpg --layers="mixed4:150"       dreams of one channel; docs/objectives.md has all objectives
    kerasdream --image=noise:640x480 --animate=growth.webp
                                                   dreams from noise, and shows the dream growing

The settings of a dream:
"""


def listed(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A number, or several with commas between them."""
    return lambda text: [read(part) for part in text.split(",")] if "," in text else read(text)


READ_TEXT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "ints": listed(int),
    "floats": listed(float),
}


class KnobParser(flags.ArgumentParser):
    """The text of a flag as the value of its knob."""

    def __init__(self, name: str, knob: Knob):
        self.name, self.knob = name, knob
        self.syntactic_help = knob.expectation()

    def parse(self, argument: Any) -> Any:
        """`none` is None where the knob allows it; numbers are read as Python reads them."""
        if argument is None or (self.knob.optional and str(argument).lower() == "none"):
            return None
        try:
            value = READ_TEXT.get(self.knob.kind, str)(argument)
        except (TypeError, ValueError):
            value = argument  # the knob's own check says what was expected
        return self.knob.check(self.name, value)


def define_knobs(knobs: Mapping[str, Knob], values: flags.FlagValues) -> None:
    """One flag for each knob."""
    for name, knob in knobs.items():
        if knob.kind == "bool":
            flags.DEFINE_boolean(name, None, knob.help, flag_values=values)
        else:
            flags.DEFINE(KnobParser(name, knob), name, None, knob.help, flag_values=values)


def define() -> flags.FlagValues:
    """All flags: one per knob, and those that name files."""
    values = flags.FlagValues()
    define_knobs(KNOBS, values)
    flags.DEFINE_multi_string(
        "image", [], "picture or folder of pictures to dream; may be given several times", flag_values=values
    )
    flags.DEFINE_string(
        "output", None, "file to write, or folder where several pictures are dreamt", flag_values=values
    )
    flags.DEFINE_boolean("overwrite", False, "write over an existing output", flag_values=values)
    flags.DEFINE_boolean("metadata", True, "keep the settings inside the picture", flag_values=values)
    flags.DEFINE_string(
        "from", None, "dreamt picture whose settings to take; other flags change them", flag_values=values
    )
    flags.DEFINE_boolean(
        "from_files", False, "let --from open the masks, guides and weights that its picture names", flag_values=values
    )
    flags.DEFINE_string("animate", None, "film of the growing dream to write: .gif, .webp or .mp4", flag_values=values)
    define_backend(values)
    flags.DEFINE_boolean("list_presets", False, "list the presets, and end", flag_values=values)
    flags.DEFINE_boolean(
        "list_layers", False, "list the layers that the model can dream on, and end", flag_values=values
    )
    flags.DEFINE_boolean("version", False, "print the version, and end", flag_values=values)
    flags.DEFINE_boolean("help", False, "print this help, and end", short_name="h", flag_values=values)
    return values


def outside(text: str) -> list[str]:
    """The parts of a text between its commas; those inside brackets part nothing."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def define_backend(values: flags.FlagValues) -> None:
    """The flag of the framework."""
    flags.DEFINE_enum(
        "backend", None, BACKENDS, "framework that Keras runs on; default: Keras's own setting", flag_values=values
    )


def set_backend(argv: Sequence[str]) -> None:
    """Let Keras, which is not loaded yet, run on the framework that a command line names."""
    values = flags.FlagValues()
    define_backend(values)
    values(list(argv), known_only=True)
    if values["backend"].value:
        os.environ["KERAS_BACKEND"] = values["backend"].value


def knobs_help(knobs: Mapping[str, Knob], defaults: Mapping[str, Any]) -> list[str]:
    """What each knob does, with its range and default."""
    lines = []
    for name, knob in knobs.items():
        default = "" if defaults[name] is None else f"={defaults[name]}"
        expected = "" if knob.kind in ("str", "bool") else f" ({knob.expectation()})"
        lines += [f"  --{'[no]' if knob.kind == 'bool' else ''}{name}{default}", f"        {knob.help}{expected}"]
    return lines


def help_text(values: flags.FlagValues) -> str:
    """The whole help; ranges and defaults come from the knobs."""
    lines = [USAGE.rstrip("\n"), *knobs_help(KNOBS, DEFAULTS)]
    lines += ["", "Files and the rest:"]
    for name in (
        "image",
        "output",
        "overwrite",
        "metadata",
        "animate",
        "from",
        "from_files",
        "backend",
        "list_presets",
        "list_layers",
        "version",
        "help",
    ):
        flag = values[name]
        lines += [f"  --{'[no]' if flag.boolean else ''}{name}", f"        {flag.help.splitlines()[0].rstrip(';')}"]
    lines += ["  --flagfile=PATH", "        read flags from a file, one on a line"]
    return "\n".join(lines)


def parse(argv: Sequence[str]) -> flags.FlagValues:
    """The flags of a command line; what is no flag is a picture."""
    values = define()
    pictures = values(list(argv))[1:]
    values["image"].value = [*values["image"].value, *pictures]
    return values


def main(argv: Sequence[str]) -> int:
    """Run a command line; the exit status."""
    try:
        set_backend(argv)
        values = parse(argv)
    except (flags.Error, OSError) as fault:
        return complain(f"{fault} --help lists all flags.", 2)
    if values["help"].value:
        print(help_text(values))
        return 0
    if values["version"].value:
        print(f"kerasdream {kerasdream.__version__}")
        return 0
    if values["list_presets"].value:
        for name, preset in presets.PRESETS.items():
            print(f"{name:12} {preset.about}")
        return 0
    try:
        return list_layers(values) if values["list_layers"].value else dream_all(values)
    except (ConfigError, ModelError) as fault:
        return complain(fault, 2)
    except DreamError as fault:
        return complain(fault, 1)


def complain(message: object, status: int) -> int:
    """One line about what went wrong."""
    print(f"kerasdream: {message}", file=sys.stderr)
    return status


def list_layers(values: flags.FlagValues) -> int:
    """Print what the model can dream on."""
    quiet_start()
    print(f"{'layer':24} {'channels':>8} {'stride':>6}  look")
    for name, channels, stride, look in kerasdream.layers(values["model"].value or DEFAULTS["model"]):
        print(f"{name:24} {channels:8} {stride:6}  {look}")
    return 0


def settings_from(values: flags.FlagValues) -> dict[str, Any]:
    """The settings of `--from`, changed by the flags that were given."""
    settings = kerasdream.settings_of(values["from"].value, files=True) if values["from"].value else {}
    said = {name: values[name].value for name in KNOBS if values[name].present}
    if settings and "preset" in said:  # a preset that is asked for now goes before settings of then
        settings |= presets.settings(said["preset"], said.get("model", settings.get("model")))
    elif {"layers", "model"} & said.keys():  # the limit of then was made for other losses
        settings.pop("max_loss", None)
    named = {} if values["from_files"].value else files_named(settings)
    if not_said := [file for name, files in named.items() if name not in said for file in files]:
        raise InputImageError(
            f"The settings in {values['from'].value!r} name files: {', '.join(not_said)}. --from_files opens them, or "
            "name others with --mask, --layers and --weights."
        )
    return settings | said


def dream_all(values: flags.FlagValues) -> int:
    """Dream every picture; a failed one is told at the end and does not stop the others."""
    settings = settings_from(values)
    pictures = find_pictures(values)
    targets = find_targets(pictures, values)
    check_pictures(pictures)
    quiet_start()
    dreamer = kerasdream.Dreamer(**check_animation(settings, len(pictures), values))
    faults = []
    for picture, target in zip(pictures, targets, strict=True):
        try:
            result = dreamer.run(kerasdream.sample() if picture is None else picture)
            saved = save_all(result, target, values)
            loss = result.losses[-1][-1] if result.losses else float("nan")
            print(f"{saved}  (loss {loss:.2f}, {result.seconds:.1f} s)", flush=True)
        except DreamInterrupted as interrupt:
            partial = target.with_name(f"{target.stem}.partial{target.suffix}")
            interrupt.result.save(partial, overwrite=True)  # type: ignore[attr-defined]
            return complain(f"interrupted; the picture so far is in {partial}", 130)
        except DreamError as fault:
            faults.append(f"{picture or 'the sample'}: {fault}")
    if faults and len(pictures) > 1:
        complain(f"{len(faults)} of {len(pictures)} pictures failed:", 1)
    for line in faults:
        complain(line, 1)
    return 1 if faults else 0


def save_all(result: Any, target: pathlib.Path, values: flags.FlagValues) -> pathlib.Path:
    """Write the picture; its snapshots beside it, numbered, or as a film where one is asked for."""
    how = {"overwrite": values["overwrite"].value, "metadata": values["metadata"].value}
    saved = result.save(target, **how)  # first of all: whatever fails below, the dream is kept
    if values["animate"].value:
        result.animate(values["animate"].value, overwrite=values["overwrite"].value)
    else:
        for step, image in result.snapshots:
            numbered = target.with_name(f"{target.stem}.{step:04d}{target.suffix}")
            dataclasses.replace(result, image=image).save(numbered, **how)
    return saved


def check_animation(settings: dict[str, Any], count: int, values: flags.FlagValues) -> dict[str, Any]:
    """The settings with snapshots for a film, where one is asked for; what cannot be written is told at once."""
    if not values["animate"].value:
        return settings
    if count > 1:
        raise ConfigError(f"--animate writes one film; {count} pictures were given. Animate them one by one.")
    from kerasdream.image.animation import check_film

    check_film(values["animate"].value, overwrite=values["overwrite"].value)
    whole = DEFAULTS | presets.settings(settings.get("preset", DEFAULTS["preset"])) | settings
    steps = whole["iterations"]
    steps = sum(steps) if isinstance(steps, Sequence) else steps * whole["num_octave"]
    return settings | {"snapshots": settings.get("snapshots") or max(1, steps // FRAMES)}


def find_pictures(values: flags.FlagValues) -> list[pathlib.Path | None]:
    """The pictures of `--image` with folders opened; None stands for the sample, where nothing else is named."""
    found: list[pathlib.Path | None] = []
    for name in values["image"].value:
        path = pathlib.Path(name)
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise ConfigError(
                f"The folder {name!r} holds no picture; files ending in {', '.join(sorted(SUFFIXES))} were expected."
            )
        found += inside
    if not found and values["from"].value and (source := kerasdream.record_of(values["from"].value).get("source")):
        raise ConfigError(
            f"--from brings settings, no picture. Name one with --image; these settings last dreamt {source!r}."
        )
    return found or [None]


def check_pictures(pictures: Sequence[pathlib.Path | None]) -> None:
    """InputImageError where none of the pictures is there, before a network is built; of several, one may fail."""
    from kerasdream.image.files import check_regular
    from kerasdream.image.sample import noise_size

    named = [picture for picture in pictures if picture is not None and not noise_size(picture)]
    if named and not any(picture.exists() for picture in named):
        check_regular(named[0])


def find_targets(pictures: Sequence[pathlib.Path | None], values: flags.FlagValues) -> list[pathlib.Path]:
    """Where each picture goes; what cannot be written is told before anything is dreamt."""
    from kerasdream.image.files import check_target, make_folder

    output, overwrite = values["output"].value, values["overwrite"].value
    several = len(pictures) > 1 or any(os.path.isdir(name) for name in values["image"].value)
    if output is not None and not (several or os.path.isdir(output) or output.endswith(os.sep)):
        target = pathlib.Path(output)
        make_folder(target.parent)
        source = None if pictures[0] is None else str(pictures[0])
        return [check_target(target, overwrite=overwrite, source=source)]
    folder = pathlib.Path(output or ".")
    make_folder(folder)
    targets: list[pathlib.Path] = []
    for picture in pictures:
        name = "dream" if picture is None else f"{picture.stem.replace(':', '-')}-dream"  # noise:640x480
        targets.append(free_name(folder, name, targets, overwrite))
    return targets


def free_name(folder: pathlib.Path, name: str, taken: Sequence[pathlib.Path], overwrite: bool) -> pathlib.Path:
    """`name.png`, or `name-2.png` and so on where that exists or is promised to another picture."""
    number = 1
    while True:
        target = folder / (f"{name}.png" if number == 1 else f"{name}-{number}.png")
        if target not in taken and (overwrite or not os.path.lexists(target)):
            return target
        number += 1


def quiet_start() -> None:
    """Import the framework without its notices, which come before any setting of its can hold them back."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        return  # its user has said what to show
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        kerasdream.Dreamer  # noqa: B018
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def terminate(*_: Any) -> NoReturn:
    """SIGTERM ends as the shell expects it."""
    raise SystemExit(143)


def run() -> NoReturn:
    """The program `kerasdream`."""
    signal.signal(signal.SIGTERM, terminate)
    with warnings.catch_warnings():
        warnings.simplefilter("always", DreamWarning)
        warnings.showwarning = lambda message, *_: print(f"kerasdream: {message}", file=sys.stderr)
        try:
            status = main(sys.argv)
            sys.stdout.flush()
        except KeyboardInterrupt:
            status = complain("interrupted", 130)
        except BrokenPipeError:  # whoever read our output, such as `head`, has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = 141
    sys.exit(status)


if __name__ == "__main__":
    run()
