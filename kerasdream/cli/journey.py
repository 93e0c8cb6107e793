"""Dream a film in which each frame is the one before, moved and dreamt anew.

    kerasdream journey sky.jpg --zoom=1.03                    an endless zoom into journey.mp4
    kerasdream journey sky.jpg --recipe=tunnel --side=640     ready settings: --list_recipes lists them
    kerasdream journey noise:320x240 --zoom="0: 1.01, 120 smooth: 1.05" --layers="0: mixed3, 120: mixed5"
    kerasdream journey a.jpg b.jpg --original=0.1 --loop      from one picture to the next, and back
    kerasdream journey sky.jpg --from=journey.mp4             with the settings of an earlier journey

Moves, layers, and knobs that are not compiled in take keyframes: numbers and expressions of t, the frame, and words
such as --detail="0: kept, 48: added" or --keep_color="0: true, 24: false". The same command goes on where it ended;
after Ctrl-C the film so far is in journey.partial.mp4. MP4 and WebM need the extra "video"; a path without an ending is
a folder of PNG files.
"""

from typing import TYPE_CHECKING, Any, cast

import kerasdream
from kerasdream.cli.flags import Flags, KnobParser
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KEEPS_MORE, KNOBS
from kerasdream.errors import ConfigError, DreamInterrupted
from kerasdream.journeys.recipes import RECIPES
from kerasdream.journeys.timeline import KEYED, MOVES, PLAIN, SHARPNESS

if TYPE_CHECKING:
    from kerasdream.journeys.journey import JourneyResult

TEXTS = ("layers", *KEYED)  # knobs whose flags take keyframes, too


def define(flags: Flags) -> None:
    """Define the flags: the moves, the knobs, and those that name files."""
    flags.heading("The journey:")
    flags.number("frames", "frames to make", default=240, low=1)
    flags.text("fps", "frames a second, such as 24 or 30000/1001", default="24")
    for name, (default, knob) in MOVES.items():
        flags.text(name, knob.help, default=f"{default:g}")
    flags.switch("loop", "let the last frame lead into the first")
    flags.switch("hold_colors", "hold the colours to those of the first frame", default=True)
    flags.knobs({"sharpness": SHARPNESS}, PLAIN)
    flags.number("side", "longer side of the film, in pixels, at most", default=None, low=1)
    flags.text("recipe", "ready settings to begin from: see --list_recipes")
    flags.text("keyframes", "CSV or JSON file of keyframes")
    flags.heading("The settings of each dream (iterations, step, num_octave and jitter begin lower or higher here):")
    flags.knobs({name: knob for name, knob in KNOBS.items() if name not in (*TEXTS, *KEEPS_MORE)}, DEFAULTS)
    flags.heading("Those that take keyframes, too:")
    for name in TEXTS:
        flag = flags.switch_or_text if KNOBS[name].kind == "bool" else flags.text
        flag(name, f"{KNOBS[name].help} ({KNOBS[name].expectation()}, or keyframes)")
    flags.heading("Files and the rest:")
    flags.text("output", "film to write: .mp4, .webm, .gif, .webp, or a folder", default="journey.mp4")
    flags.switch("overwrite", "write over an existing output")
    flags.text("from", "film of a journey whose settings to take; other flags change them")
    flags.switch("from_files", "let --from open the masks, guides, weights and models that its film names")
    flags.action("list_recipes", "list the recipes")


def settings_from(flags: Flags) -> dict[str, Any]:
    """Return the settings that the command line asks for."""
    settings = kerasdream.settings_of_journey(flags["from"], files=flags["from_files"]) if flags["from"] else {}
    names = (*PLAIN, *MOVES, *(name for name in KNOBS if name not in KEEPS_MORE))
    given = {name: flags[name] for name in names if flags.values[name].present}
    given |= {name: value_or_text(name, given[name]) for name in TEXTS if name in given}
    return settings | given


def value_or_text(name: str, text: str) -> Any:
    """Return the value of a knob's flag; what is none may be keyframes.

    >>> value_or_text("step", "0.02"), value_or_text("step", "0: 0.02, 10: 0.03"), value_or_text("keep_color", "true")
    (0.02, '0: 0.02, 10: 0.03', True)
    """
    if name == "layers" or KNOBS[name].kind == "bool":
        return {"true": True, "false": False}.get(text, text)
    try:
        return KnobParser(name, KNOBS[name]).parse(text)
    except ConfigError:
        return text


def work(flags: Flags, pictures: list[str]) -> int:
    """Make the film; returns the exit status."""
    if flags["list_recipes"]:
        print("\n".join(f"{name:12} {recipe.about}" for name, recipe in RECIPES.items()))
        return 0
    settings = settings_from(flags)
    quiet_start()
    options = {"recipe": flags["recipe"], "keyframes": flags["keyframes"]}
    with results_apart() as results:
        try:
            made = kerasdream.journey(
                pictures or None, output=flags["output"], overwrite=flags["overwrite"], **options, **settings
            )
        except DreamInterrupted as interrupt:
            partial = cast("JourneyResult | None", interrupt.result)
            where = f"; the film so far is in {partial.path}" if partial else ""
            return complain(f"interrupted{where}; the same command goes on from here", INTERRUPTED)
        print(f"{made.path}  ({made.frames} frames, {made.seconds:.1f} s)", file=results)
    return 0


main = Program(__doc__, define, work, "interrupted; the same command goes on from here").main
