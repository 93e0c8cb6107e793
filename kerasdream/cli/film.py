"""Dream a film, with its sound, without flicker.

    kerasdream film sea.mp4                             dreams sea.mp4 into sea-dream.mp4
    kerasdream film sea.mp4 --output=sea.webp           as .mp4, .webm, .gif, .webp, or a folder of PNG files
    kerasdream film frames/ --fps=25 --output=sea.mp4   dreams a folder of numbered pictures
    kerasdream film sea.mp4 --mode=each                 every frame alone, to see what the motion is worth
    kerasdream film lake.mp4 --from=sea-dream.mp4       dreams with the settings of an earlier film
    kerasdream film sea.mp4 --shard=2/3                 one part of three, for a machine that shares the folder

Finished frames lie in a folder beside the output until the film is whole; the same command goes on where it ended.
When all shards are finished, the same command without --shard writes the film.
"""

from fractions import Fraction
from typing import Any

import kerasdream
from kerasdream.cli.flags import Flags
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KEEPS_MORE, KNOBS
from kerasdream.errors import ConfigError, DreamInterrupted
from kerasdream.film_config import FILM_DEFAULTS, FILM_KNOBS

DREAM_KNOBS = {name: knob for name, knob in KNOBS.items() if name not in KEEPS_MORE}


def define(flags: Flags) -> None:
    """Define the flags: one for each knob of a film and of its dreams, and those that name files."""
    flags.heading("The settings of a film:")
    flags.knobs(FILM_KNOBS, FILM_DEFAULTS)
    flags.heading("The settings of its dreams:")
    flags.knobs(DREAM_KNOBS, DEFAULTS)
    flags.heading("Files and the rest:")
    flags.text("output", "film to write: .mp4, .webm, .gif, .webp, or a folder for PNG files")
    flags.text("fps", "frames a second of a folder of pictures, such as 25 or 30000/1001; default 24")
    flags.text("shard", "part of a film to dream, such as 2/3, for several machines; parts begin at cuts")
    flags.number("preview_every", "seconds between two previews, OUTPUT.preview.jpg", None, 1)
    flags.switch("overwrite", "write over an existing output")
    flags.text("from", "dreamt film whose settings to take; other flags change them")
    flags.switch("from_files", "let --from open the masks, guides, weights and models that its film names")


def rate_of(text: str | None) -> Fraction | None:
    """Return the frames a second that a flag names.

    >>> rate_of("30000/1001")
    Fraction(30000, 1001)
    """
    try:
        rate = None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate is not None and rate <= 0:
        raise ConfigError(f"--fps={text!r} was given; a number above 0 was expected, such as 25 or 30000/1001.")
    return rate


def work(flags: Flags, sources: list[str]) -> int:
    """Dream the film that a command line names; returns the exit status."""
    if len(sources) != 1:
        raise ConfigError(f"{len(sources)} films were named; one was expected, such as kerasdream film sea.mp4.")
    settings: dict[str, Any] = {}
    quiet_start()
    if flags["from"]:
        settings = kerasdream.film_settings_of(flags["from"], files=flags["from_files"])
    settings |= flags.given(FILM_KNOBS | DREAM_KNOBS)
    settings = {name: value for name, value in settings.items() if name not in KEEPS_MORE}
    with results_apart() as results:
        try:
            target = kerasdream.film(
                sources[0],
                flags["output"],
                fps=rate_of(flags["fps"]),
                overwrite=flags["overwrite"],
                shard=flags["shard"],
                preview_every=flags["preview_every"],
                **settings,
            )
        except DreamInterrupted as interrupt:
            return complain(interrupt, INTERRUPTED)
        print(target, file=results)
    return 0


main = Program(__doc__, define, work).main
