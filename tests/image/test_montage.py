"""Contact sheets: every picture in its cell, no label cut."""

import numpy as np
import pytest
from PIL import Image, ImageFont

from kerasdream.errors import ConfigError
from kerasdream.image.montage import GAP, fitted, montage, wrap


def test_pictures_lie_in_their_cells():
    shades = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    sheet = np.asarray(montage([Image.new("RGB", (40, 40), shade) for shade in shades], columns=2))
    assert sheet.shape == (2 * 40 + 3 * GAP, 2 * 40 + 3 * GAP, 3)
    for number, shade in enumerate(shades):
        top, left = GAP + number // 2 * (40 + GAP), GAP + number % 2 * (40 + GAP)
        assert (sheet[top : top + 40, left : left + 40] == shade).all()
    assert (sheet[:GAP] == 255).all()
    assert (sheet[-40 - GAP :, -40 - GAP :] == 255).all()  # the empty fourth cell


def test_small_pictures_stay_sharp_and_keep_their_shape():
    small = np.zeros((2, 4, 3), np.uint8)
    small[0, 0] = 255
    tile = np.asarray(fitted(Image.fromarray(small), 40))
    assert tile.shape == (20, 40, 3)
    assert (tile[:10, :10] == 255).all()
    assert tile.sum() == 100 * 3 * 255


def ink(sheet):
    return int((np.asarray(sheet.convert("L")) < 128).sum())


@pytest.mark.parametrize("label", ["mixed4:150", "guide(mixed4, flowers.jpg) + class:tabby*0.5", "x" * 90])
@pytest.mark.parametrize("cell", [60, 200])
def test_no_label_is_cut(label, cell):
    """All lines of a label fit the cell, and all of them leave their ink on the sheet."""
    font = ImageFont.load_default(max(11, cell // 14))
    lines = wrap(label, cell, font)
    assert "".join(lines).replace(" ", "") == label.replace(" ", "")
    assert all(font.getlength(line) <= cell for line in lines)
    sheet = montage([Image.new("RGB", (cell, cell), "white")] * 2, [label, ""])
    alone = sum(ink(montage([Image.new("RGB", (cell, cell), "white")], [line])) for line in lines)
    assert ink(sheet) == pytest.approx(alone, rel=0.05)
    edge = np.asarray(sheet)
    assert (edge[-1] == 255).all()
    assert (edge[:, 0] == 255).all()


def test_what_cannot_be_a_sheet_says_so():
    with pytest.raises(ConfigError, match="no pictures"):
        montage([])
    with pytest.raises(ConfigError, match="2 labels were given for 1 pictures"):
        montage([Image.new("RGB", (4, 4))], ["a", "b"])
