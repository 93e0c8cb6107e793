"""A whole teaching: the file that comes of it, what dreams with it, and how it goes on after an end."""

import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import only_tensorflow
from discs_and_bars import bars, disc, fill

import kerasdream
from kerasdream.errors import ConfigError, DreamWarning, OutputError
from kerasdream.model.card import ModelCard
from kerasdream.teaching.checkpoint import Checkpoint, Progress

pytestmark = only_tensorflow

QUICK = {"side": 96, "batch": 6, "taught": "mixed7", "precision": "float32", "verbose": False}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    fill(folder / "Bars", bars, 30)
    fill(folder / "my discs", disc, 30)
    return folder


@pytest.fixture(scope="module")
def taught(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("taught")
    card = kerasdream.teach(pictures, output=folder / "mine.keras", dreams=folder / "now", steps=40, rate=3e-3, **QUICK)
    return folder / "mine.keras", card


def test_it_learns_and_says_what_in_a_card(taught):
    file, card = taught
    assert card.classes == ["Bars", "my discs", "background"]
    assert card.counts == {"Bars": 30, "my discs": 30}
    assert card.accuracy >= 10 / 12
    assert card.held_out == {"Bars": 6, "my discs": 6}
    assert card.base == "mini"
    assert card.steps == 40
    assert card.seconds > 0
    assert card.versions["keras"]
    assert ModelCard.read(file) == card
    assert "Bars 30" in str(card)
    assert not list(file.parent.glob("*.npz")), "the checkpoint is left"


def test_dreams_of_now_are_written_on_the_way(taught):
    assert [path.name for path in sorted((taught[0].parent / "now").iterdir())] == [
        "step-00004.jpg",
        "step-00012.jpg",
        "step-00040.jpg",
    ]


def test_keras_opens_the_file_without_our_code(taught, tmp_path):
    disc(50).resize((96, 96)).save(tmp_path / "disc.png")
    code = (
        "import sys; sys.modules['kerasdream'] = None; import keras, numpy as np; from PIL import Image; "
        f"model = keras.models.load_model({str(taught[0])!r}); "
        f"picture = np.asarray(Image.open({str(tmp_path / 'disc.png')!r}), 'float32')[None]; "
        "print(model.predict(picture, verbose=0).argmax())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split()[-1:] == ["1"], done.stderr


def test_its_classes_are_dreamt_of_by_name(taught):
    settings = {"model": str(taught[0]), "iterations": 2, "num_octave": 1, "verbose": False}
    by_name = kerasdream.dream("noise:96x96", "class:my_discs", **settings)
    by_number = kerasdream.dream("noise:96x96", "class:1", **settings)
    np.testing.assert_array_equal(np.asarray(by_name), np.asarray(by_number))
    with pytest.raises(kerasdream.LayerError, match="no class 'my_disks'. Did you mean 'my_discs'"):
        kerasdream.dream("noise:96x96", "class:my_disks", **settings)


def test_layers_looks_and_drawings_take_it(taught):
    model = str(taught[0])
    assert kerasdream.layers(model)[4] == kerasdream.layers("mini")[4]
    assert str(kerasdream.Dreamer(model=model).config.layers) == str(kerasdream.Dreamer(model="mini").config.layers)
    assert str(kerasdream.Dreamer(model=model, preset="eyes").config.layers) == "mixed3"
    assert kerasdream.visualize("class:bars", model=model, size=64, steps=2).size == (64, 64)


@pytest.mark.filterwarnings("ignore:.*hardly told")
def test_one_that_was_cut_off_goes_on_as_if_it_had_not_been(pictures, tmp_path):
    class Cut(Exception):
        pass

    def cut(moment):
        if moment.step == 3:
            raise Cut

    whole = kerasdream.teach(pictures, output=tmp_path / "whole.keras", steps=6, **QUICK)
    with pytest.raises(Cut):
        kerasdream.teach(pictures, output=tmp_path / "cut.keras", steps=6, callback=cut, **QUICK)
    steps = []
    kerasdream.teach(
        pictures, output=tmp_path / "cut.keras", steps=6, callback=lambda moment: steps.append(moment.step), **QUICK
    )
    assert steps == [4, 5, 6]
    assert whole.steps == 6
    weights = [keras.models.load_model(tmp_path / f"{name}.keras").get_weights() for name in ("whole", "cut")]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
def test_a_killed_process_goes_on_with_the_same_command(pictures, tmp_path):
    line = [sys.executable, "-m", "kerasdream.cli", "teach", str(pictures), f"--output={tmp_path / 'mine.keras'}"]
    line += ["--side=96", "--batch=6", "--taught=mixed7", "--steps=60"]
    checkpoint = tmp_path / "mine.teaching.npz"
    first = subprocess.Popen(line)
    while not checkpoint.exists():
        assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not (tmp_path / "mine.keras").exists()
    subprocess.run(line, check=True)
    card = ModelCard.read(tmp_path / "mine.keras")
    assert card
    assert card.steps == 60
    assert not checkpoint.exists()


@pytest.mark.filterwarnings("ignore:.*hardly told")
def test_a_flat_folder_is_told_from_a_background(pictures, tmp_path):
    card = kerasdream.teach(pictures / "Bars", output=tmp_path / "bars.keras", steps=2, **QUICK)
    assert card.classes == ["Bars", "background"]
    assert set(card.held_out) == {"Bars", "background"}


def test_classes_that_cannot_be_told_apart_are_told(tmp_path):
    fill(tmp_path / "one", disc, 40)
    fill(tmp_path / "two", lambda number: disc(number + 100), 40)
    with pytest.warns(DreamWarning, match=r"'(one|two)' is hardly told from '.*': \d of its 8 held-out pictures"):
        kerasdream.teach(tmp_path, output=tmp_path / "mine.keras", steps=2, **QUICK)


def test_what_is_wrong_is_said_before_anything_is_read(tmp_path):
    (tmp_path / "there.keras").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists and is not written over"):
        kerasdream.teach("nowhere/", output=tmp_path / "there.keras")
    with pytest.raises(OutputError, match="ends in '.h5'"):
        kerasdream.teach("nowhere/", output=tmp_path / "mine.h5")
    with pytest.raises(ConfigError, match="There is no setting 'minute'. Did you mean 'minutes'"):
        kerasdream.teach("nowhere/", output=tmp_path / "mine.keras", minute=3)
    with pytest.raises(ConfigError, match="base='vgg16' was given"):
        kerasdream.teach("nowhere/", output=tmp_path / "mine.keras", base="vgg16")


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"", lambda _: b"x"])
def test_a_damaged_checkpoint_is_as_none(tmp_path, damage):
    checkpoint = Checkpoint(pathlib.Path(tmp_path / "mine.teaching.npz"), "mine")
    checkpoint.save(Progress(steps=3), [np.arange(1000.0)])
    assert checkpoint.load()[0].steps == 3
    checkpoint.path.write_bytes(damage(checkpoint.path.read_bytes()))
    assert checkpoint.load() is None
