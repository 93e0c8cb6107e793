"""Taught models in the studio: listed, with the layers and looks of their base, and with their classes."""

import pytest
from conftest import only_tensorflow
from serving import QUICK, ended
from starlette.testclient import TestClient

import kerasdream
from kerasdream.errors import ConfigError
from kerasdream.model.card import ModelCard
from kerasdream.teaching.network import network, take_weights
from kerasdream.teaching.teach import model_file
from kerasdream.web import models as models_at_hand
from kerasdream.web.app import app
from kerasdream.web.models import add_taught
from kerasdream.web.serve import models_of
from kerasdream.web.settings import schema
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio
from kerasdream.web.views import DONE

pytestmark = only_tensorflow


@pytest.fixture
def plants(tmp_path, monkeypatch):
    monkeypatch.setattr(models_at_hand, "taught", {})
    models_at_hand.layers_of.cache_clear()
    model = network("mini", 2)
    take_weights(model, "mini", "imagenet")
    path = tmp_path / "plants.keras"
    path.write_bytes(model_file(model, ModelCard(["Sea shells", "background"], {"Sea shells": 30}, 1.0, base="mini")))
    return path


def test_a_taught_model_dreams_of_its_classes_by_name(plants, tmp_path):
    models = models_of(None, [str(plants)])
    assert list(models)[-1] == "plants.keras"
    with TestClient(app(Studio(Store(tmp_path / "data"), models), {"testserver"})) as web:
        layers = {one["name"]: one["look"] for one in web.get("/api/layers/plants.keras").json()["layers"]}
        assert layers["class:sea_shells"] == "a class that it was taught"
        assert "mixed4" in layers
        asked = {"model": "plants.keras", "layers": {"class:sea_shells": 1.0}} | QUICK
        id = web.post("/api/jobs", json={"picture": "noise:96x64", "settings": asked}).json()["id"]
        assert ended(web, id)["state"] == DONE
        (tmp_path / "dream.png").write_bytes(web.get(f"/api/jobs/{id}/result").content)
        settings = kerasdream.record_of(tmp_path / "dream.png")["settings"]
        assert (settings["layers"], settings["model"]) == ({"class:sea_shells": 1.0}, "plants.keras")
        back = web.post("/api/pictures", content=(tmp_path / "dream.png").read_bytes()).json()["settings"]
        assert (back["model"], back["layers"]) == ("plants.keras", {"class:sea_shells": 1.0})
        wrong = web.post("/api/jobs", json={"settings": asked | {"layers": {"class:dogs": 1.0}}})
        assert (wrong.status_code, "one of class:sea_shells, class:background" in wrong.json()["error"]) == (400, True)
        wrong = web.post("/api/jobs", json={"settings": asked | {"model": "mini"}})
        assert wrong.json()["error"] == "layers names a class; mini tells none apart."


def test_its_looks_and_sliders_are_those_of_its_base(plants):
    name, _ = add_taught(plants)
    own, base = schema([name]), schema(["mini"])
    assert own["looks"] == base["looks"]
    assert own["simple"][name] == base["simple"]["mini"]


def test_what_was_not_taught_is_refused(tmp_path, small_net):
    small_net.save(tmp_path / "small.keras")
    for path in (tmp_path / "small.keras", tmp_path / "none.keras"):
        with pytest.raises(ConfigError, match="no model that kerasdream teach has written"):
            add_taught(path)
