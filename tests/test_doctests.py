"""Every example in a docstring is run, each in a folder of its own with a few pictures, and shows what it says."""

import doctest
import importlib
import io
import os
import pathlib
import pkgutil

import keras
import numpy as np
import pytest
from conftest import only_tensorflow
from PIL import Image

import kerasdream
from kerasdream.image import files
from kerasdream.model import zoo

SIZE = (192, 128)
PICTURES = ("sky.jpg", "forest.jpg", "flowers.jpg", "clouds.png", "photos/1.jpg", "photos/2.jpg")
DREAM = "sky-dream.png"  # with settings inside
NAMES = {"kerasdream": kerasdream, "keras": keras, "np": np, "Image": Image, "pathlib": pathlib, "os": os}
FOUND = pkgutil.walk_packages(kerasdream.__path__, "kerasdream.")
MODULES = [found.name for found in FOUND if not found.name.endswith("__main__")]


@pytest.mark.parametrize("name", ["kerasdream", *MODULES])
@only_tensorflow
def test_examples_are_true(name, tmp_path, monkeypatch):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as fault:
        pytest.skip(f"{fault.name} is not installed")
    monkeypatch.setattr(zoo, "at_hand", lambda model: "mini")  # where an example names no model: nothing is fetched
    report = io.StringIO()
    for number, example in enumerate(doctest.DocTestFinder(exclude_empty=True).find(module, name)):
        monkeypatch.chdir(folder_with_pictures(tmp_path / str(number)))
        example.globs = vars(module) | NAMES
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.write)
    assert not report.getvalue(), report.getvalue()


def folder_with_pictures(folder):
    """A new folder that holds the sample picture under the names that examples use, and a saved dream."""
    sample = kerasdream.sample().resize(SIZE)
    for name in (*PICTURES, DREAM):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        record = {"settings": kerasdream.DreamConfig().as_dict()} if name == DREAM else None
        files.save(sample, folder / name, record=record)
    return folder
