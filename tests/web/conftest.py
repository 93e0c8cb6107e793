"""A studio in this process, and a client of it."""

import pytest
from starlette.testclient import TestClient

from kerasdream.web.app import app
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio


@pytest.fixture
def studio(tmp_path):
    return Studio(Store(tmp_path / "data"), {"mini": {}}, max_upload=300_000, max_pixels=200_000, queue=4, per_client=3)


@pytest.fixture
def web(studio):
    with TestClient(app(studio, {"testserver"}), raise_server_exceptions=False) as client:
        yield client
