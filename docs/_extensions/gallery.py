"""The wall of the gallery: for each file named in a `dreams` directive its picture, code, settings and download."""

import ast
import html
import json
import pathlib
import pprint
import re
import shutil

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import kerasdream
from kerasdream.config import DEFAULTS

KINDS = {
    "look": "looks",
    "control": "controls",
    "objective": "objectives",
    "guide": "guides",
    "mask": "masks",
    "noise": "from noise",
    "journey": "journeys",
    "visualisation": "visualisations",
}
COPIED = {"gallery/pictures": "gallery", "guides/pictures/knobs": "knobs"}  # folders of docs, to _downloads
ASSETS = {"gallery/index": "gallery", "guides/sliders": "sliders"}  # pages with JavaScript of their own
NETWORKS = {"inception_v3": "InceptionV3", "mini": "mini", "mobilenet_v2": "MobileNetV2"}


class Dream:
    """One file of the gallery, and what it made."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.name, self.code = name, (folder / f"{name}.py").read_text()
        self.title = (ast.get_docstring(ast.parse(self.code)) or name).splitlines()[0]
        self.picture = folder / "dreams" / f"{name}.webp"
        self.kind = name.split("_")[0]
        self.pictures = sorted(set(re.findall(r"[\w-]+\.(?:jpg|png)", self.code)))
        self.settings = self.read_settings()
        with Image.open(self.picture) as image:
            self.size = image.size

    def read_settings(self) -> dict[str, object]:
        """Return the settings inside the picture that are not the defaults."""
        if self.kind == "journey":
            return dict(kerasdream.settings_of_journey(self.picture, files=True))
        settings = kerasdream.record_of(self.picture)["settings"]
        if self.kind == "visualisation":
            return settings
        kept = {name: value for name, value in settings.items() if DEFAULTS.get(name, name) != value}
        return kept | {"model": settings["model"], "layers": " + ".join(map(term_text, settings["layers"].items()))}

    def call(self) -> str:
        """Return Python code that makes the same of a picture of the reader's."""
        rest = {name: value for name, value in self.settings.items() if name != "objective"}
        first = {"visualisation": repr(self.settings.get("objective")), "noise": '"noise:480x320"'}
        function = {"visualisation": "visualize", "journey": "journey"}.get(self.kind, "dream")
        start = first.get(self.kind, '"yours.jpg"')
        settings = pprint.pformat(rest, width=76, sort_dicts=False)
        return f"settings = {settings}\nkerasdream.{function}({start}, **settings)\n"


def term_text(term: tuple[str, float]) -> str:
    """Return a term and its weight as text: "mixed4*2.0"."""
    return term[0] if term[1] == 1 else f"{term[0]}*{term[1]:g}"


def time_text(made: dict[str, float]) -> str:
    """Return what a file took."""
    return f"{made['processor_seconds']:.0f} s of the processor"


class Dreams(SphinxDirective):
    """The wall itself. Its content names the files, in the order of the wall."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a filter, a card and a dialog for each dream."""
        source = pathlib.Path(self.env.doc2path(self.env.docname))
        times = json.loads((source.parent / "dreams" / "times.json").read_text())
        dreams = [Dream(source.parent, name.strip()) for name in self.content if name.strip()]
        for dream in dreams:
            for part in (f"{dream.name}.py", f"dreams/{dream.name}.webp", "dreams/times.json"):
                self.env.note_dependency(str(source.parent / part))
        found: list[nodes.Node] = [raw(filters(dreams)), raw('<div class="dreams">')]
        for dream in dreams:
            found += [raw(card_opening(dream)), self.image(dream), raw(f"<span>{html.escape(dream.title)}</span></a>")]
        found.append(raw("</div>"))
        for dream in dreams:
            found += self.dialog(dream, time_text(times[dream.name]))
        return found

    def image(self, dream: Dream) -> nodes.image:
        """Return the picture, loaded when it comes into sight."""
        width, height = dream.size
        return nodes.image(
            uri=f"dreams/{dream.name}.webp",
            alt=dream.title,
            width=str(width),
            height=str(height),
            loading="lazy",
            classes=["no-scaled-link"],
        )

    def dialog(self, dream: Dream, time: str) -> list[nodes.Node]:
        """Return what a card opens."""
        up = "../" * self.env.docname.count("/")
        starts = " ".join(f'<a href="{up}_downloads/gallery/{name}" download>{name}</a>' for name in dream.pictures)
        facts = [NETWORKS[str(dream.settings["model"])], KINDS[dream.kind], time]
        opening = (
            f'<dialog class="dream-details" id="{dream.name}" aria-labelledby="{dream.name}-title">'
            '<form method="dialog"><a class="dream-close" href="#gallery" aria-label="Close">×</a></form>'
        )
        heading = (
            f'<p class="dream-title" id="{dream.name}-title">{html.escape(dream.title)}</p>'
            f'<p class="dream-facts">{" · ".join(map(html.escape, facts))}</p>'
        )
        links = (
            f'<p class="dream-links"><a href="{up}_images/{dream.name}.webp" download>Download the dream</a>, its '
            f"settings inside: {reading(dream)}" + (f"<br>It starts from {starts}." if starts else "") + "</p>"
        )
        return [
            raw(opening),
            self.image(dream),
            raw(heading),
            code(dream.code.split('"""\n\n', 1)[1]),
            raw("<details><summary>All settings that differ from the defaults</summary>"),
            code(dream.call()),
            raw("</details>" + links + "</dialog>"),
        ]


def reading(dream: Dream) -> str:
    """Return how the settings are read back out of a download."""
    command = {
        "journey": f"kerasdream journey yours.jpg --from={dream.name}.webp",
        "visualisation": f'kerasdream.record_of("{dream.name}.webp")["settings"]',
    }.get(dream.kind, f"kerasdream yours.jpg --from={dream.name}.webp")
    return f'<code class="literal">{html.escape(command)}</code>'


def filters(dreams: list[Dream]) -> str:
    """Return the buttons that choose kinds and networks; they show where JavaScript runs."""
    kinds = [kind for kind in KINDS if any(dream.kind == kind for dream in dreams)]
    networks = [name for name in NETWORKS if any(dream.settings["model"] == name for dream in dreams)]
    choices = [("kind", kind, KINDS[kind]) for kind in kinds] + [("network", name, NETWORKS[name]) for name in networks]
    buttons = "".join(
        f'<button type="button" data-filter="{what}" value="{value}" aria-pressed="false">{html.escape(text)}</button>'
        for what, value, text in choices
    )
    return f'<div class="dream-filters" role="group" aria-label="Show only" hidden>{buttons}</div>'


def card_opening(dream: Dream) -> str:
    """Return the link around a card's picture."""
    data = f'data-kind="{dream.kind}" data-network="{dream.settings["model"]}"'
    return f'<a class="dream" href="#{dream.name}" {data}>'


def raw(text: str) -> nodes.raw:
    """Return a node of bare HTML."""
    return nodes.raw("", text, format="html")


def code(text: str) -> nodes.literal_block:
    """Return a block of Python."""
    return nodes.literal_block(text, text, language="python")


def copy_pictures(app: Sphinx, fault: Exception | None) -> None:
    """Put pictures where pages and their JavaScript look for them."""
    if fault is None and app.builder.format == "html":
        for source, name in COPIED.items():
            shutil.copytree(app.srcdir / source, app.outdir / "_downloads" / name, dirs_exist_ok=True)


def add_assets(app: Sphinx, page: str, template: str, context: object, doctree: object) -> None:
    """Load the style and code of pages that have their own."""
    if page in ASSETS:
        app.add_css_file("gallery.css")
        app.add_js_file(f"{ASSETS[page]}.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("dreams", Dreams)
    app.connect("html-page-context", add_assets)
    app.connect("build-finished", copy_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
