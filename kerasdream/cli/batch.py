"""Dream many pictures into a folder, or into tars.

    kerasdream batch photos/ dreams/                    a folder with all that is in it; the tree is kept
    kerasdream batch "photos/*.jpg" dreams/ --size=512  those that a glob finds, cut and scaled to 512 x 512
    kerasdream batch "shards/*.tar" dreams/ --format=tar
                                                        tars of samples, 0001.jpg beside 0001.cls, into tars
    kerasdream batch pictures.csv dreams/               a table: a picture a row, with settings of its own
    kerasdream batch photos/ dreams/ --shard=2/8        the second of eight parts, on a machine of its own
    kerasdream batch photos/ dreams/ --ray              on a Ray cluster; --ray=10.0.0.1:6379 is one at an address

Run again, it dreams what is not dreamt yet. What failed is in errors.jsonl, and the exit status is 1 then.
"""

import functools
import os
import sys
from collections.abc import Callable

import kerasdream
from kerasdream.batch_config import BATCH_DEFAULTS, BATCH_KNOBS
from kerasdream.cli.flags import Flags
from kerasdream.cli.process import INTERRUPTED, complain, quiet_start, results_apart
from kerasdream.cli.program import Program
from kerasdream.config import DEFAULTS, KEEPS_MORE, KNOBS
from kerasdream.errors import BatchError, ConfigError, DreamInterrupted
from kerasdream.loading import ONE_THREAD

MOST_WORKERS = 16  # that nobody asked for
DREAM_KNOBS = {name: knob for name, knob in KNOBS.items() if name not in KEEPS_MORE}


def define(flags: Flags) -> None:
    """Define the flags: one for each knob of a batch and of its dreams."""
    flags.heading("The settings of a batch:")
    flags.knobs(BATCH_KNOBS, BATCH_DEFAULTS)
    flags.heading("On a Ray cluster:")
    flags.switch_or_text("ray", "dream on the cluster at this address; without one, this machine's, or one begun here")
    flags.number("concurrency", "actors, each with a network; unset: as many as there is work and room for", None, 1)
    flags.number("num_gpus", "GPUs that each actor has; 0: a core of a processor", 0, 0)
    flags.heading("The settings of its dreams:")
    flags.knobs(DREAM_KNOBS, DEFAULTS)
    flags.heading("Files and the rest:")
    flags.text("from", "dreamt picture whose settings to take; other flags change them")


def a_thread_for_each_core() -> int:
    """Let each dream have one thread of TensorFlow's; returns how many cores there are for them.

    No dream waits for threads of its own then, and its bytes do not depend on the number of cores. Where TensorFlow is
    loaded already the process is somebody else's, and its environment stays.
    """
    if "keras" not in sys.modules:
        for name, value in ONE_THREAD.items():
            os.environ.setdefault(name, value)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return max(2, min(MOST_WORKERS, len(cores)))


def work(flags: Flags, arguments: list[str]) -> int:
    """Dream the pictures that a command line names; returns the exit status."""
    if len(arguments) < 2:
        raise ConfigError(
            "A source and an output were expected, such as kerasdream batch photos/ dreams/; "
            f"{len(arguments)} of them came."
        )
    *sources, output = arguments
    settings = kerasdream.settings_of(flags["from"]) if flags["from"] else {}
    settings = {name: value for name, value in settings.items() if name not in KEEPS_MORE}
    settings |= flags.given(BATCH_KNOBS | DREAM_KNOBS)
    if not flags["ray"]:
        settings = {"workers": a_thread_for_each_core()} | settings
    quiet_start()
    dream_many = on_cluster(flags) if flags["ray"] else kerasdream.dream_many
    with results_apart() as results:
        try:
            summary = dream_many(sources[0] if len(sources) == 1 else sources, output, **settings)
        except DreamInterrupted as interrupt:
            print(interrupt.result, file=results)
            return complain(interrupt, INTERRUPTED)
        except BatchError as fault:
            print(fault.summary, file=results)
            return complain(fault, 1)
        print(summary, file=results)
    sys.stderr.flush()
    if not summary.failed:
        return 0
    return complain(f"{summary.failed} pictures failed; {summary.errors} says why. The others are dreamt.", 1)


def on_cluster(flags: Flags) -> "Callable[..., kerasdream.BatchSummary]":
    """Return what dreams many pictures on the cluster that a command line names; ConfigError without Ray."""
    try:
        from kerasdream.ray import dream_many
    except ModuleNotFoundError as fault:
        raise ConfigError(str(fault)) from fault
    return functools.partial(
        dream_many,
        address=None if flags["ray"] == "true" else flags["ray"],
        concurrency=flags["concurrency"],
        num_gpus=flags["num_gpus"],
    )


main = Program(__doc__ or "", define, work).main
