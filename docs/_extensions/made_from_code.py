"""Parts of the reference that are made from the code at each build: knobs, programs, presets; and tidier docstrings.

```{knobs} kerasdream.config.DreamConfig
```
```{flags} batch
```
```{presets}
```
"""

import contextlib
import importlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kerasdream import cli
from kerasdream.knobs import Knob, defaults_of, knobs_of
from kerasdream.presets import PRESETS

FIRST_KNOB = "weights"  # of those in a signature: model and layers are arguments of their own


def code(text: object) -> nodes.literal:
    """Return a text as code."""
    return nodes.literal(text=str(text))


def row_of(cells: Iterable[Iterable[nodes.Node]], names: Iterable[str] = ()) -> nodes.row:
    """Return a row of a table, of paragraphs; links lead to its names."""
    row = nodes.row()
    row.extend(nodes.entry("", *cell) for cell in cells)
    row["ids"].extend(names)
    return row


def words(*parts: nodes.Node | str) -> nodes.paragraph:
    """Return a paragraph of text and code."""
    paragraph = nodes.paragraph()
    paragraph.extend(nodes.Text(part) if isinstance(part, str) else part for part in parts)
    return paragraph


def table_of(titles: list[str], rows: Iterable[nodes.row]) -> nodes.table:
    """Return a table with a head, its columns as wide as what they hold."""
    group = nodes.tgroup(cols=len(titles))
    group.extend(nodes.colspec(colwidth=1) for _ in titles)
    group += nodes.thead("", row_of([words(title)] for title in titles))
    body = nodes.tbody()
    body.extend(rows)
    group += body
    return nodes.table("", group, classes=["colwidths-auto", "made"])


class Knobs(SphinxDirective):
    """The knobs of a configuration: name, default, what it takes, what it does."""

    required_arguments = 1
    option_spec = {"prefix": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].rpartition(".")
        config = getattr(importlib.import_module(module), name)
        defaults, prefix = defaults_of(config), self.options.get("prefix", "knob")
        rows = [self.row(prefix, name, knob, defaults[name]) for name, knob in knobs_of(config).items()]
        return [table_of(["knob", "default", "what it does"], rows)]

    def row(self, prefix: str, name: str, knob: Knob, default: object) -> nodes.row:
        does = [words(knob.help), nodes.paragraph(text=knob.expectation(), classes=["takes"])]
        return row_of([[words(code(name))], [words(code(repr(default)))], does], [f"{prefix}-{name}"])


class Program(SphinxDirective):
    """The help of a program, as it prints it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = cli.main(["kerasdream", self.arguments[0], "--help"])
        if status:
            raise self.error(f"kerasdream {self.arguments[0]} --help ended with {status}")
        return [nodes.literal_block(text=printed.getvalue().rstrip(), language="text")]


class Presets(SphinxDirective):
    """The presets: name, what it is, its settings, its layers in InceptionV3."""

    def run(self) -> list[nodes.Node]:
        rows = [row_of(self.cells(name), [f"preset-{name}"]) for name in PRESETS]
        return [table_of(["preset", "what it is, and its settings"], rows)]

    def cells(self, name: str) -> Iterator[list[nodes.Node]]:
        preset = PRESETS[name]
        settings = dict(preset.settings)
        if "inception_v3" in preset.layers:
            settings = {"layers": preset.layers["inception_v3"]} | settings
        given = [code(f"{key}={value!r}") for key, value in settings.items()]
        yield [words(code(name))]
        yield [words(preset.about), words(*(node for one in given for node in (one, " ")))]


def shorten(app: Sphinx, kind: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Let a docstring lead to the page of all knobs, where it would list them."""
    for at, line in enumerate(lines):
        if line.strip() == "Settings:":
            lines[at:] = ["`settings` are the knobs that :doc:`/reference/settings` lists.", ""]
            return


def fold(
    app: Sphinx, kind: str, name: str, item: object, options: object, signature: str | None, back: str | None
) -> tuple[str, str | None] | None:
    """Write `**settings` where a signature would list every knob of a dream."""
    if signature is None or f", {FIRST_KNOB}: str = 'imagenet'" not in signature:
        return None
    return signature.partition(f", {FIRST_KNOB}: ")[0] + ", **settings)", back


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives to a build."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("knobs", Knobs)
    app.add_directive("flags", Program)
    app.add_directive("presets", Presets)
    app.connect("autodoc-process-docstring", shorten)
    app.connect("autodoc-process-signature", fold)
    return {"parallel_read_safe": True}
