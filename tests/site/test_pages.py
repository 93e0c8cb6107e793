"""The built site as files: every link leads somewhere, nothing comes from elsewhere, nothing is heavy."""

import functools
import html.parser
import os
import pathlib
import re
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SITE = pathlib.Path(os.environ.get("KERASDREAM_SITE", ROOT / "build" / "site"))
pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built: .ci/site builds it")


class Page(html.parser.HTMLParser):
    """The ids of a page, what it links to, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical",) and found.get("href"):
            self.loads.append(found["href"])
        if tag in ("img", "script", "source", "video", "iframe") and found.get("src"):
            self.loads.append(found["src"])


@functools.cache
def page(path):
    return Page(path)


def pages():
    return sorted(SITE.rglob("*.html"))


def leads(source, address):
    """Say what is amiss with an address within the site; nothing where all is well."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme in ("http", "https", "mailto", "data"):
        return None
    target = source if not parts.path else (source.parent / urllib.parse.unquote(parts.path)).resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.exists():
        return f"{source.relative_to(SITE)} leads to {address}, which is not there"
    mark = urllib.parse.unquote(parts.fragment)
    if mark and target.suffix == ".html" and mark not in page(target).ids:
        return f"{source.relative_to(SITE)} leads to {address}, and that page has no such mark"
    return None


def test_every_link_leads_somewhere():
    assert len(pages()) > 20
    addresses = [(path, address) for path in pages() for address in page(path).links + page(path).loads]
    assert len(addresses) > 1000
    assert not [fault for path, address in addresses if (fault := leads(path, address))]


def test_nothing_is_loaded_from_elsewhere():
    loads = [(path.name, address) for path in pages() for address in page(path).loads]
    assert not [load for load in loads if urllib.parse.urlsplit(load[1]).scheme not in ("", "data")]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("settings", ["octave_scale", "a number above 1, 100 at most", "furry heads in strong colours", "preset-fur"]),
        ("programs", ["--step=0.01", "--cadence=1", "--shard", "--max_upload_mb=25"]),
        ("errors", ["Did you mean 'step'?", "kerasdream.NonFiniteError"]),
        ("api/dreams", ["**settings", "kerasdream.DreamResult.animate"]),
    ],
)
def test_the_reference_holds_what_the_code_says(name, texts):
    page = (SITE / "reference" / f"{name}.html").read_text()
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    assert not [one for one in texts if one not in text and one not in page]


def test_the_site_is_light():
    sizes = {path: path.stat().st_size for path in SITE.rglob("*") if path.is_file() and ".doctrees" not in path.parts}
    assert sum(sizes.values()) < 25e6
    heavy = {path.name for path, size in sizes.items() if path.suffix in (".jpg", ".webp") and size > 220_000}
    assert not heavy
