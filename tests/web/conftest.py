"""What the tests of the page share: one Chromium, one studio, and visits that watch for faults."""

import shutil

import pytest

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
# Chromium notes what we refuse or do not have yet in words, and a studio that a test has killed.
EXPECTED = ("status of 400", "status of 404", "net::ERR_CONNECTION", "net::ERR_INCOMPLETE")


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """One studio for all tests of a file that need none of their own."""
    from serving import Served

    running = Served(tmp_path_factory.mktemp("studio"))
    yield running
    running.kill()


@pytest.fixture
def visit(browser):
    """Open a page of a studio; no error on its console, no request to anybody else."""
    faults, contexts = [], []

    def said(kind, text):
        if kind in ("error", "warning") and not any(words in text for words in EXPECTED):
            faults.append(text)

    def opened(studio, width=1440, height=900, scheme="light", hash="", before=None, touch=False):
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, accept_downloads=True, color_scheme=scheme, has_touch=touch)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda message: said(message.type, message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda ask: ask.url.startswith((studio.address, "blob:", "data:")) or faults.append(ask.url))
        if before:
            before(page)
        page.goto(studio.address + hash)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def photo(tmp_path):
    """A small picture with a name that would be markup."""
    import kerasdream

    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    kerasdream.sample().resize((384, 256)).save(path)
    return path
