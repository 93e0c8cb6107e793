"""What is shipped: a wheel that dreams away from the checkout, an sdist with the same data."""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parents[1]
DATA = {
    *("kerasdream/image/sample.jpg", "kerasdream/model/imagenet.csv", "kerasdream/model/mini/weights.npz"),
    *(
        "kerasdream/py.typed",
        "kerasdream/maps/page.html",
        "kerasdream/microscopes/static/frame.html",
        "kerasdream/web/static/index.html",
        "kerasdream/web/static/studio.js",
    ),
    *("kerasdream/web/static/noise.svg", "kerasdream/web/static/looks/eyes.webp"),
}
BUILD = "from setuptools import build_meta as b; b.build_wheel('dist'); b.build_sdist('dist')"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The wheel and the sdist, built from a copy of the checkout."""
    copy = tmp_path_factory.mktemp("build") / "kerasdream"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "__pycache__"))
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return copy / "dist"


def dream(python, cwd, **environment):
    """Run `kerasdream` in an empty folder with no ImageNet weights and no address to fetch them from."""
    code = (
        "import dataclasses, sys, kerasdream; from kerasdream.model import zoo\n"
        "zoo.ZOO['inception_v3'] = dataclasses.replace(zoo.ZOO['inception_v3'], url='http://127.0.0.1:9/none.h5')\n"
        "print(kerasdream.__file__); from kerasdream import cli; sys.argv = ['kerasdream']; cli.run()"
    )
    environment = os.environ | {"KERAS_HOME": str(cwd / "keras"), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment
    done = subprocess.run([python, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "'mini' dreams in its place" in done.stderr
    with Image.open(cwd / "dream.png") as image:
        assert image.size == (768, 512)
        assert np.asarray(image).std() > 30
    return done.stdout


def test_the_sdist_holds_the_data(dist):
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert names >= DATA | {"LICENSE", "README.md", "setup.cfg", "setup.py"}


def test_the_wheel_dreams_away_from_the_checkout(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    assert all((tmp_path / "site" / name).exists() for name in DATA)
    where = dream(sys.executable, tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert where.startswith(str(tmp_path / "site"))


def test_every_program_starts_from_the_wheel(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    for name in ("dream", "film", "sweep", "visualize", "study", "studio"):
        line = [sys.executable, "-m", "kerasdream", name, "--help"]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "--backend" in done.stdout
    (points,) = (tmp_path / "site").glob("*.dist-info/entry_points.txt")
    assert points.read_text().split() == [
        *("[console_scripts]", "kerasdream", "=", "kerasdream.cli:run"),
        *("kerasdream-studio", "=", "kerasdream.web.serve:run"),
    ]


@pytest.mark.slow
def test_the_wheel_dreams_in_an_empty_environment(dist, tmp_path):
    (wheel,) = dist.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    assert str(tmp_path / "env") in dream(python, tmp_path)
