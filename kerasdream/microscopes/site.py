"""The pages of a microscope: files that lead to each other, and need no server."""

import dataclasses
import importlib.resources
import json
import pathlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from kerasdream.image.files import make_folder, write_whole
from kerasdream.microscopes.curve import curve_svg

SITE = "_site"  # folder of what all pages share; that of no layer begins so
STATIC = ("site.css", "site.js")
SHOWN = 9  # channels of a layer on the first page
ENDING = ".webp"


class Neighbour(NamedTuple):
    """A channel that a channel feeds, or that feeds it."""

    layer: str
    channel: int
    weight: float


class Photograph(NamedTuple):
    """A photograph that excites a channel: its file in the site, its name, the value there, and where (0 to 1)."""

    file: str
    name: str
    value: float
    box: tuple[float, float, float, float]


class Findings(NamedTuple):
    """What is known of a channel beside its pictures."""

    curves: Sequence[Sequence[float | None]]  # of the drawing and of its opposite
    photographs: Sequence[Photograph]
    feeds: Sequence[Neighbour]
    fed_by: Sequence[Neighbour]


@dataclasses.dataclass(frozen=True)
class Site:
    """A folder of pages: one for each layer and channel, and the first one."""

    folder: pathlib.Path
    title: str  # of the network
    channels: Mapping[str, Sequence[int]]  # by layer, those that have a page
    names: Mapping[str, Sequence[str]]  # of classes, by layer
    pair: bool

    def write_shared(self) -> None:
        """Write what all pages share: style, search, and the list of what there is to find."""
        make_folder(self.folder / SITE)
        for name in STATIC:
            static = importlib.resources.files("kerasdream.microscopes").joinpath("static", name)
            write(self.folder / SITE / name, static.read_text("utf-8"))
        known = [
            {
                "layer": layer,
                "folder": folder_of(layer),
                "numbers": numbers,
                "names": [self.names[layer][number] for number in numbers] if layer in self.names else None,
            }
            for layer, numbers in self.channels.items()
        ]
        write(self.folder / SITE / "channels.js", f"const CHANNELS = {json.dumps(known)};\n")

    def write_index(self) -> None:
        """Write the first page: the layers, with some of their channels."""
        parts = [f"<h1>{escape(self.title)} <small>under the microscope</small></h1>"]
        for layer, numbers in self.channels.items():
            tiles = "".join(self.tile("", layer, number) for number in numbers[:SHOWN])
            parts.append(
                f'<h2><a href="{folder_of(layer)}/index.html">{escape(layer)}</a> <small>{counted(len(numbers))}'
                f'</small></h2>\n<ul class="tiles">{tiles}</ul>'
            )
        self.write_page("index.html", self.title, [], "\n".join(parts))

    def write_layer(self, layer: str) -> None:
        """Write the page of a layer: all its channels."""
        numbers = self.channels[layer]
        tiles = "\n".join(self.tile("../", layer, number) for number in numbers)
        main = f'<h1>{escape(layer)} <small>{counted(len(numbers))}</small></h1>\n<ul class="tiles many">{tiles}</ul>'
        self.write_page(f"{folder_of(layer)}/index.html", f"{layer} of {self.title}", [], main)

    def write_channel(self, layer: str, number: int, findings: Findings) -> None:
        """Write the page of a channel."""
        words, numbers = f"{layer}:{number}", self.channels[layer]
        name = f" <small>{escape(self.names[layer][number])}</small>" if layer in self.names else ""
        place = numbers.index(number)
        steps = [
            f'<a rel="{rel}" href="{numbers[other]:04d}.html">{words_of}</a>'
            for rel, words_of, other in (("prev", "&larr; previous", place - 1), ("next", "next &rarr;", place + 1))
            if 0 <= other < len(numbers)
        ]
        parts = [
            f"<h1>{escape(words)}{name}</h1>",
            f'<div class="steps">{"".join(steps)}</div>' if steps else "",
            self.look(layer, number, findings.curves),
            photographs_part(findings.photographs),
            self.neighbours_part(findings),
        ]
        crumbs = [("index.html", layer)]
        self.write_page(f"{page_of(layer, number)}.html", f"{words} of {self.title}", crumbs, "\n".join(parts))

    def look(self, layer: str, number: int, curves: Sequence[Sequence[float | None]]) -> str:
        """Return what was drawn for a channel, and how it came to be."""
        whole, name = f"{number:04d}", escape(f"{layer}:{number}")
        figures = [
            f'<figure><img src="{whole}{ENDING}" alt="Drawn from noise to excite {name}">'
            "<figcaption><b>&#9473;</b> excites it most</figcaption></figure>"
        ]
        if self.pair:
            figures.append(
                f'<figure><img src="{whole}-opposite{ENDING}" alt="Drawn from noise to quiet {name}">'
                '<figcaption><b class="less">&#9476;</b> its opposite</figcaption></figure>'
            )
        if all(curves):
            caption = "<figcaption>its activation while drawing</figcaption>"
            figures.append(f'<figure class="curve">{curve_svg(curves)}{caption}</figure>')
        return f'<div class="look{" three" if len(figures) == 3 else ""}">{"".join(figures)}</div>'

    def neighbours_part(self, findings: Findings) -> str:
        """Return the channels that a channel feeds, and those that feed it."""
        parts = []
        for title, some in (("Feeds", findings.feeds), ("Fed by", findings.fed_by)):
            if some:
                tiles = "".join(self.tile("../", one.layer, one.channel, one.weight) for one in some)
                parts.append(
                    f'<section><h2>{title} <small>largest weights</small></h2><ul class="tiles">{tiles}</ul></section>'
                )
        return f'<div class="neighbours">{"".join(parts)}</div>' if parts else ""

    def tile(self, root: str, layer: str, number: int, weight: float | None = None) -> str:
        """Return a small picture of a channel that leads to its page; of one without a page, its name."""
        words = escape(f"{layer}:{number}")
        if layer in self.names:
            words += f" <span>{escape(self.names[layer][number])}</span>"
        if weight is not None:
            words += f" <span>{weight:+.2f}</span>"
        if number not in self.channels.get(layer, ()):
            return f'<li><div class="plain"><p>{words}</p></div></li>'
        address = root + page_of(layer, number)
        picture = f'<img src="{address}{ENDING}" alt="" loading="lazy" width="160" height="160">'
        return f'<li><a href="{address}.html">{picture}<p>{words}</p></a></li>'

    def write_page(self, path: str, title: str, above: Sequence[tuple[str, str]], main: str) -> None:
        """Write a page; `above` are addresses and names of what leads to it, after the first page."""
        frame = importlib.resources.files("kerasdream.microscopes").joinpath("static", "frame.html").read_text("utf-8")
        root = "../" * path.count("/")
        links = [(f"{root}index.html", self.title), *above] if root else []
        crumbs = " / ".join(f'<a href="{address}">{escape(name)}</a>' for address, name in links)
        parts = {"title": escape(title), "root": root, "crumbs": crumbs, "main": main}
        write(self.folder / path, re.sub(r"{{(\w+)}}", lambda found: parts[found[1]], frame))


def photographs_part(photographs: Sequence[Photograph]) -> str:
    """Return the photographs that excite a channel, each with an outline of where."""
    if not photographs:
        return ""
    figures = []
    for one in photographs:
        left, top, right, bottom = (100 * side for side in one.box)
        style = f"left:{left:.1f}%;top:{top:.1f}%;width:{right - left:.1f}%;height:{bottom - top:.1f}%"
        outline = "" if one.box == (0.0, 0.0, 1.0, 1.0) else f'<i style="{style}"></i>'
        picture = f'<img src="../{one.file}" alt="" loading="lazy" width="224" height="224">'
        caption = f"<figcaption>{escape(one.name)} &middot; {one.value:.3g}</figcaption>"
        figures.append(f'<li><figure><div class="photograph">{picture}{outline}</div>{caption}</figure></li>')
    return (
        "<h2>Photographs <small>that excite it most, and where</small></h2>"
        f'<ul class="photographs">{"".join(figures)}</ul>'
    )


def counted(channels: int) -> str:
    """Return how many channels there are, in words.

    >>> counted(1), counted(768)
    ('1 channel', '768 channels')
    """
    return "1 channel" if channels == 1 else f"{channels} channels"


def folder_of(layer: str) -> str:
    """Return the name of a layer's folder, another one for every layer.

    What is neither letter, digit, dot, dash nor underscore is written as ~ and its number, as are a first dot and
    underscore.

    >>> folder_of("mixed4"), folder_of("backbone/conv3"), folder_of("..")
    ('mixed4', 'backbone~2f.conv3', '~2e..')
    """
    return re.sub(r"[^A-Za-z0-9._-]|^[._]", lambda found: f"~{ord(found[0]):x}.", layer)


def page_of(layer: str, number: int) -> str:
    """Return the address of a channel in the site, without its ending.

    >>> page_of("mixed4", 150)
    'mixed4/0150'
    """
    return f"{folder_of(layer)}/{number:04d}"


def write(path: pathlib.Path, text: str) -> None:
    """Write a page, whole or not at all."""
    write_whole(path, lambda file: file.write(text.encode()), overwrite=True)
