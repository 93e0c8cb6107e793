"""The page that dreams in the reader's browser, built into the site beside the one that tells of it."""

import pathlib
import runpy

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "build_dream_here.py"


def build(app: Sphinx, fault: Exception | None) -> None:
    """Write the page, its network and its looks into the site."""
    if fault is None and app.builder.format == "html":
        runpy.run_path(str(SCRIPT))["build"](pathlib.Path(app.outdir) / "dream_here")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Build it when the rest of the site is there."""
    app.connect("build-finished", build)
    return {"parallel_read_safe": True}
