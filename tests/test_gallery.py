"""The gallery of the documents: its files run, and what they made brings its settings back."""

import hashlib
import json
import pathlib
import re

import pytest
from PIL import Image, ImageSequence

import kerasdream

GALLERY = pathlib.Path(__file__).parents[1] / "docs" / "gallery"
# Small pictures have no room for every octave.
small = pytest.mark.filterwarnings("ignore:Left out:kerasdream.DreamWarning")
FILES = sorted(GALLERY.glob("*.py"))
ON_MINI = [file for file in FILES if "mobilenet_v2" not in file.read_text()]
KINDS = {file.stem.split("_")[0]: file for file in ON_MINI}  # with one file of each
SMALLER = {
    '"inception_v3"': '"mini"',
    "(480, 320)": "(192, 128)",
    "480x320": "192x128",
    r"size=\d+": "size=96, steps=16",
    r"frames=\d+": "frames=2",
    r"side=\d+": "side=144",
    r"iterations=\d+": "iterations=1",
}


def dreams():
    return [GALLERY / "dreams" / f"{file.stem}.webp" for file in FILES]


def settings_in(picture):
    """The settings that the gallery's page shows."""
    if picture.stem.startswith("journey"):
        return kerasdream.settings_of_journey(picture, files=True)
    if picture.stem.startswith("visualisation"):
        return kerasdream.record_of(picture)["settings"]
    return kerasdream.settings_of(picture, files=True)


def run(file, folder, monkeypatch):
    """Run a file of the gallery on small pictures, with mini and few steps; return what it made."""
    for picture in (GALLERY / "pictures").iterdir():
        with Image.open(picture) as image:
            image.resize((192, 128)).save(folder / picture.name)
    code = file.read_text()
    for pattern, smaller in SMALLER.items():
        code = re.sub(re.escape(pattern) if pattern[0] in '"(' else pattern, smaller, code)
    monkeypatch.chdir(folder)
    exec(compile(code, file.name, "exec"), {})
    return folder / f"{file.stem}.webp"


def test_the_wall_shows_every_file_and_there_are_many():
    assert len(FILES) >= 40
    named = (GALLERY / "index.md").read_text().split("```{dreams}\n")[1].split("```")[0].split()
    assert sorted(named) == [file.stem for file in FILES]


def test_every_dream_was_made_by_the_code_that_stands_beside_it():
    made = json.loads((GALLERY / "dreams" / "times.json").read_text())
    digests = {file.stem: hashlib.sha256(file.read_text().split('"""')[2].encode()).hexdigest()[:16] for file in FILES}
    assert {name: entry["code"] for name, entry in made.items()} == digests
    assert {path.name for path in (GALLERY / "dreams").iterdir()} == {path.name for path in dreams()} | {"times.json"}


@pytest.mark.parametrize("picture", dreams(), ids=lambda path: path.stem)
def test_a_download_brings_its_settings_back(picture):
    code, settings = (GALLERY / f"{picture.stem}.py").read_text(), settings_in(picture)
    assert f'model="{settings["model"]}"' in code
    for name, value in re.findall(r"\b(step|iterations|num_octave|frames|size|jitter)=([\d.]+)", code):
        assert settings[name] == float(value), name
    for name in re.findall(r'preset="(\w+)"', code):
        assert settings["preset"] == name
    assert picture.stat().st_size <= 220_000


@small
@pytest.mark.parametrize("file", KINDS.values(), ids=KINDS)
def test_a_file_of_each_kind_runs(file, tmp_path, monkeypatch):
    with Image.open(run(file, tmp_path, monkeypatch)) as made:
        frames = [frame.convert("RGB").getextrema() for frame in ImageSequence.Iterator(made)]
    assert len(frames) == (2 if file.stem.startswith("journey") else 1)
    assert all(high - low > 20 for low, high in frames[-1])


@small
@pytest.mark.slow
@pytest.mark.parametrize("file", ON_MINI, ids=lambda file: file.stem)
def test_every_file_runs(file, tmp_path, monkeypatch):
    with Image.open(run(file, tmp_path, monkeypatch)) as image:
        assert image.width in (96, 144, 192)
