"""What tests share: tiny models whose numbers are worked out by hand, and the data that some machines have."""

import contextlib
import functools
import http.server
import os
import pathlib
import shutil
import signal
import threading

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

SHARED = pathlib.Path(__file__).parents[2] / "shared"
INCEPTION = SHARED / "weights" / "inception_v3_2015_notop.weights.h5"
MOBILENET = SHARED / "weights" / "mobilenet_v2.weights.h5"
SKY = SHARED / "images" / "sky.jpg"

needs_inception = pytest.mark.skipif(
    not (INCEPTION.exists() and SKY.exists()), reason="InceptionV3's ImageNet weights are not on this machine"
)
needs_mobilenet = pytest.mark.skipif(
    not MOBILENET.exists(), reason="MobileNetV2's ImageNet weights are not on this machine"
)
BACKEND = keras.backend.backend()
only_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="is about TensorFlow")
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
# Chromium notes what we refuse or do not have yet in words, and a studio that a test has killed.
EXPECTED_FAULTS = ("status of 400", "status of 404", "net::ERR_CONNECTION", "net::ERR_INCOMPLETE")


def traces(sizes):
    """How often a step is traced for so many sizes of picture: what each framework compiles."""
    return {"tensorflow": 1, "jax": sizes, "torch": 0}[BACKEND]


@pytest.fixture(autouse=True)
def seeded():
    """Weights that a test leaves to chance are the same in every run."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def listening():
    """Ctrl-C is heard, also where the tests run in the background of a shell, which would have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def doubling():
    """A model that doubles its input: `twice` = 2x, then `pooled` and `scores`, which are vectors."""
    image = keras.Input((None, None, 3))
    twice = keras.layers.Conv2D(3, 1, use_bias=False, name="twice")
    x = twice(image)
    twice.kernel.assign(2 * np.eye(3).reshape(1, 1, 3, 3))
    x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="pooled")(x)
    x = keras.layers.Flatten(name="flat")(x)
    return keras.Model(image, keras.layers.Dense(5, name="scores")(x), name="doubling")


@pytest.fixture
def small_net():
    """Three strided layers with batch norm, with random weights from a fixed seed."""
    rng = np.random.default_rng(3)
    x = image = keras.Input((None, None, 3))
    for i, width in enumerate((8, 12, 16)):
        x = keras.layers.Conv2D(width, 3, 2 if i else 1, "same", name=f"conv{i}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{i}")(x)
        x = keras.layers.Activation("relu", name=f"relu{i}")(x)
    model = keras.Model(image, x, name="small")
    for variable in model.weights:
        low, high = (0.5, 1.5) if "variance" in variable.path or "gamma" in variable.path else (-0.5, 0.5)
        variable.assign(rng.uniform(low, high, variable.shape))
    return model


@pytest.fixture(scope="session")
def photo():
    """A picture with something to see at every scale, 96 x 128."""
    y, x = np.mgrid[:96, :128] / 16.0
    waves = np.stack([np.sin(x * y / 3), np.cos(x + y), np.sin(2 * x) * np.cos(3 * y)], -1)
    grain = np.random.default_rng(0).normal(0, 0.15, waves.shape)
    return np.clip(127 + 90 * waves + 127 * grain, 0, 255).astype(np.uint8)


def psnr(a, b):
    """Peak signal to noise ratio of two uint8 pictures, in dB."""
    error = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Sends files, and tells nobody."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served_folder(folder):
    """A web server of the files in a folder, as long as it is asked; its address."""
    handler = functools.partial(QuietHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def served(tmp_path):
    """A way to start the studio on one folder, as a process of its own; all are ended with the test."""
    from serving import Served

    running = []

    def start(*flags):
        running.append(Served(tmp_path / "data", *flags))
        return running[-1]

    yield start
    for studio in running:
        studio.kill()


@pytest.fixture
def studio(tmp_path):
    """A studio in this process."""
    from kerasdream.web.store import Store
    from kerasdream.web.studio import Studio

    return Studio(Store(tmp_path / "data"), {"mini": {}}, max_upload=300_000, max_pixels=200_000, queue=4, per_client=3)


@pytest.fixture
def web(studio):
    """A client of that studio."""
    from starlette.testclient import TestClient

    from kerasdream.web.app import app

    with TestClient(app(studio, {"testserver"}), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def browser():
    """One Chromium for all tests of pages."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
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
        if kind in ("error", "warning") and not any(words in text for words in EXPECTED_FAULTS):
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
def small(tmp_path):
    """A small picture with a name that would be markup."""
    import kerasdream

    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    kerasdream.sample().resize((384, 256)).save(path)
    return path
