"""The classes in a folder: what they are, and what is said of pictures that nothing can be learnt from."""

import numpy as np
import pytest
from conftest import only_tensorflow
from discs_and_bars import bars, disc, fill
from PIL import Image

from kerasdream.errors import ConfigError, DreamWarning, InputImageError
from kerasdream.teaching.classes import find_classes, read_classes

pytestmark = only_tensorflow


def read(folder):
    return read_classes(folder, 96, 1_000_000)


def test_each_folder_is_a_class_and_a_flat_folder_is_one(tmp_path):
    fill(tmp_path / "things" / "discs", disc, 2)
    fill(tmp_path / "things" / "bars", bars, 3)
    (tmp_path / "things" / ".hidden").mkdir()
    (tmp_path / "things" / "empty").mkdir()
    found = find_classes(tmp_path / "things")
    assert {name: len(paths) for name, paths in found.items()} == {"bars": 3, "discs": 2}
    assert list(find_classes(tmp_path / "things" / "discs")) == ["discs"]


def test_pictures_beside_the_folders_are_told(tmp_path):
    fill(tmp_path / "discs", disc, 1)
    disc(7).save(tmp_path / "loose.png")
    with pytest.warns(DreamWarning, match="1 pictures lie beside the folders"):
        find_classes(tmp_path)


def test_no_folder_and_no_picture_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="There is no folder"):
        find_classes(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="holds no picture"):
        find_classes(tmp_path)


def test_too_few_pictures_are_refused_and_few_are_told(tmp_path):
    fill(tmp_path / "few" / "discs", disc, 7)
    with pytest.raises(InputImageError, match=r"The class 'discs' has 7 pictures\. 8 different ones are the least"):
        read(tmp_path / "few")
    fill(tmp_path / "few" / "discs", disc, 8)
    with pytest.warns(DreamWarning, match="has 8 pictures, which is few"):
        assert len(read(tmp_path / "few")[0].pictures) == 8


def test_corrupt_and_plain_pictures_are_left_out(tmp_path):
    fill(tmp_path / "discs", disc, 30)
    (tmp_path / "discs" / "broken.png").write_bytes(b"no picture at all")
    Image.new("RGB", (80, 80), "grey").save(tmp_path / "discs" / "plain.png")
    with pytest.warns(DreamWarning, match="2 pictures are left out: .*broken.*plain"):
        (found,) = read(tmp_path)
    assert len(found.pictures) == 30


def test_a_class_of_plain_grey_is_refused(tmp_path):
    fill(tmp_path / "grey", lambda number: Image.new("RGB", (80, 80), (90 + number,) * 3), 30)
    with (
        pytest.warns(DreamWarning, match="30 pictures are left out"),
        pytest.raises(InputImageError, match="has 0 pict"),
    ):
        read(tmp_path)


def test_near_duplicates_count_once(tmp_path):
    fill(tmp_path / "same", lambda number: disc(number % 3), 30)
    with pytest.raises(InputImageError, match="has 30 pictures, of which 3 differ"):
        read(tmp_path)
    fill(tmp_path / "some" / "discs", lambda number: disc(number % 15), 30)
    with pytest.warns(DreamWarning, match="Of the 30 pictures of 'discs' only 15 differ"):
        (found,) = read(tmp_path / "some")
    learnt, held_out = found.split(0.2, np.random.default_rng(0))
    assert len(learnt) == 24
    assert len(held_out) == 6
    assert not {int(one.path.stem) % 15 for one in learnt} & {int(one.path.stem) % 15 for one in held_out}


def test_pictures_in_two_classes_are_told(tmp_path):
    fill(tmp_path / "a", disc, 30)
    fill(tmp_path / "b", lambda number: disc(number) if number < 4 else bars(number), 30)
    with pytest.warns(DreamWarning, match="4 pictures are in 'a' and nearly the same in 'b'"):
        read(tmp_path)


def test_a_class_that_colour_alone_tells_is_told(tmp_path):
    fill(tmp_path / "scans", lambda number: disc(number).convert("L"), 30)
    fill(tmp_path / "photos", bars, 30)
    with pytest.warns(DreamWarning, match="The pictures of 'scans' are grey and the others are not"):
        read(tmp_path)
