"""The result of a dream: nothing is lost for want of a name, and it shows what it is."""

import io
import os

import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream.errors import DreamWarning, OutputError

FEW = {"iterations": 2, "num_octave": 1, "max_loss": None, "snapshots": 1}


@pytest.fixture
def dreamt(small_net, photo, tmp_path, monkeypatch):
    """A dream of the file sky.png in an empty folder."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("sky.png")
    return kerasdream.Dreamer("relu1", model=small_net, **FEW).run("sky.png")


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image)


def test_a_name_that_is_taken_loses_no_dream(dreamt, tmp_path):
    assert str(dreamt.save("dream.png")) == "dream.png"
    with pytest.warns(DreamWarning, match=r"'dream.png' exists; 'dream-2.png' was written") as told:
        assert str(dreamt.save("dream.png")) == "dream-2.png"
    assert told[0].filename == __file__
    with pytest.warns(DreamWarning, match=r"'dream-3.png' was written"):
        assert str(dreamt.save("dream.png")) == "dream-3.png"
    before = os.stat("dream.png").st_mtime_ns
    assert str(dreamt.save("dream.png", overwrite=True)) == "dream.png"
    assert os.stat("dream.png").st_mtime_ns > before
    for name in ("dream.png", "dream-2.png", "dream-3.png"):
        assert np.array_equal(pixels(name), dreamt.image)
        assert kerasdream.settings_of(name)["step"] == 0.01


def test_the_picture_that_was_dreamt_is_never_written_over(dreamt, photo):
    for overwrite in (False, True):
        with pytest.warns(DreamWarning, match=r"'sky.png' exists"):
            saved = dreamt.save("sky.png", overwrite=overwrite)
        assert np.array_equal(pixels(saved), dreamt.image)
        assert np.array_equal(pixels("sky.png"), photo)
    assert sorted(os.listdir()) == ["sky-2.png", "sky-3.png", "sky.png"]


def test_a_film_whose_name_is_taken_is_not_lost(dreamt):
    assert str(dreamt.animate("growth.gif")) == "growth.gif"
    with pytest.warns(DreamWarning, match=r"'growth-2.gif' was written") as told:
        assert str(dreamt.animate("growth.gif", seconds=1)) == "growth-2.gif"
    assert told[0].filename == __file__
    assert str(dreamt.animate("growth.gif", overwrite=True)) == "growth.gif"
    with Image.open("growth-2.gif") as film:
        assert (film.n_frames, film.size) == (3, (128, 96))


@pytest.mark.parametrize(("format", "name"), [("png", "PNG"), ("JPEG", "JPEG"), ("webp", "WEBP"), ("tiff", "TIFF")])
def test_an_open_file_gets_the_picture_with_its_settings(dreamt, format, name):
    file = io.BytesIO()
    assert dreamt.save(file, format=format) is None
    with Image.open(file) as image:
        assert (image.format, image.size) == (name, (128, 96))
    (dreamt.save(f"a.{format}")).unlink()
    from kerasdream.image.metadata import record_in

    assert record_in(file, "it")["settings"]["iterations"] == 2
    plain = io.BytesIO()
    dreamt.save(plain, format=format, metadata=False)
    assert 0 < len(plain.getvalue()) < len(file.getvalue())


def test_an_open_file_gets_the_film(dreamt):
    for format in ("gif", "webp"):
        file = io.BytesIO()
        dreamt.animate(file, format=format)
        with Image.open(file) as film:
            assert (film.format, film.n_frames) == (format.upper(), 3)


def test_a_format_goes_before_the_ending(dreamt):
    path = dreamt.save("dream", format="png")
    assert np.array_equal(pixels(path), dreamt.image)


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        (3, {}, "3 was given; the path of a file to write was expected"),
        (None, {}, "None was given"),
        (io.BytesIO(), {}, "format=None was given; one of png, jpg"),
        (io.BytesIO(), {"format": "xyz"}, "format='xyz' was given"),
        (io.StringIO(), {"format": "png"}, "open for writing bytes was expected"),
        ("dream.xyz", {}, "one of .png"),
        (".", {}, "'.' is a folder"),
        ("nowhere/dream.png", {}, "There is no folder 'nowhere'"),
    ],
)
def test_what_cannot_be_written_to_says_so(dreamt, target, options, words):
    with pytest.raises(OutputError, match=words):
        dreamt.save(target, **options)
    if "format" not in options and target not in ("dream.xyz", "nowhere/dream.png"):
        with pytest.raises(OutputError, match=words.replace("png, jpg", "gif, webp")):
            dreamt.animate(target)


def test_a_file_that_was_closed_says_so(dreamt):
    file = io.BytesIO()
    file.close()
    with pytest.raises(OutputError, match="Nothing was written: I/O operation on closed file"):
        dreamt.save(file, format="png")


def test_a_result_is_shown_in_a_line_and_in_a_notebook(dreamt, small_net, photo):
    loss = dreamt.losses[-1][-1]
    assert repr(dreamt) == f"<DreamResult: 128 x 96 pixels, 2 steps, loss {loss:.4g}, {dreamt.seconds:.1f} s>"
    assert np.array_equal(pixels(io.BytesIO(dreamt._repr_png_())), dreamt.image)
    batch = kerasdream.Dreamer("relu1", model=small_net, **FEW).run(np.stack([photo, photo[::-1]]))
    assert repr(batch).startswith("<DreamResult: 2 pictures of 128 x 96 pixels, 2 steps, loss ")
    assert batch._repr_png_() is None


def test_a_large_result_is_shown_small_in_a_notebook(small_net):
    picture = np.random.default_rng(0).integers(0, 255, (64, 2048), np.uint8)
    result = kerasdream.Dreamer("relu0", model=small_net, **FEW).run(picture)
    assert pixels(io.BytesIO(result._repr_png_())).shape == (32, 1024)
    assert result.image.shape == (64, 2048)
