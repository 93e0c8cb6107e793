"""Parts of pictures: they cover it, they add up, and what lies on disk is as what lies in memory."""

import itertools
import mmap
import os

import numpy as np
import pytest
from keras import ops

from kerasdream.errors import OutputError
from kerasdream.image import tiles
from kerasdream.image.tiles import (
    FAR,
    accumulate_wrapped,
    allocate,
    crop_wrapped,
    release_pages,
    strips,
    tile_spans,
    wrapped_slices,
)
from kerasdream.objectives.view import cell_weights

SIDES = [(65, 64, 0), (65, 64, 32), (700, 64, 32), (1000, 400, 96), (1280, 512, 96), (8192, 1024, 96), (1030, 1024, 96)]


def test_strips_are_all_rows_once():
    for shape in ((1, 5000, 1000, 3), (3, 7, 9), (1, 3, 5_000_000, 3)):
        rows = np.concatenate([np.arange(shape[1])[strip] for strip in strips(shape)])
        assert np.array_equal(rows, np.arange(shape[1]))
        assert all(
            s.stop - s.start == 1 or (s.stop - s.start) * shape[0] * shape[2] <= 2_000_000 for s in strips(shape)
        )


def test_a_large_array_lies_on_disk_and_is_as_one_in_memory(monkeypatch):
    small = allocate((3, 5, 4))
    monkeypatch.setattr(tiles, "MOST_IN_MEMORY", 100)
    large = allocate((3, 5, 4))
    assert not isinstance(small, np.memmap)
    assert isinstance(large, np.memmap)
    for array in (small, large):
        assert not array.any()
        array[:] = np.arange(60).reshape(3, 5, 4)
        array[1] += 1
        release_pages(array[1])
        assert array.sum() == 60 * 59 / 2 + 20
    assert np.array_equal(small, large)
    assert isinstance(large.base, mmap.mmap)
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="needs 0.0 GB in .*: No space left on device. Free space"):
        allocate((3, 5, 4))


@pytest.mark.parametrize(("side", "tile", "overlap"), SIDES)
def test_spans_cover_a_side_and_their_weights_add_up_to_one(side, tile, overlap):
    for seed in range(3):
        some = tile_spans(side, tile, overlap, np.random.default_rng(seed))
        assert len(some) > 1
        assert some[0].start == 0
        assert some[-1].start + some[-1].length == side
        assert {w.length for w in some} == {some[0].length}
        assert some[0].length <= tile
        hops = {b.start - a.start for a, b in itertools.pairwise(some)}
        assert len(hops) == 1
        assert hops.pop() % tiles.GRID == 0
        total = np.zeros(side)
        for w in some:
            frame = ops.convert_to_tensor(np.array([[w.low, w.high, w.ramp, side - w.length]], np.float32))
            weight, count = cell_weights(w.length, w.length, w.length, frame, 0)
            assert float(count[0, 0]) == side
            total[w.start : w.start + w.length] += ops.convert_to_numpy(weight)[0]
        np.testing.assert_allclose(total, 1.0, atol=1e-3)


def test_a_small_side_is_one_span():
    assert tile_spans(300, 300, 96, np.random.default_rng(0)) == [(0, 300, -FAR, FAR, 1.0)]


def test_the_border_of_the_picture_is_left_out_and_that_of_a_tile_is_not():
    inner = ops.convert_to_tensor(np.array([[-FAR, 7.0, 1.0, 30.0]], np.float32))
    weight, count = cell_weights(10, 10, 10, inner, 2)
    assert ops.convert_to_numpy(weight)[0].tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]
    assert float(count[0, 0]) == 40
    weight, count = cell_weights(5, 5, 80, inner * 8, 0)  # cells of 16 pixels
    assert ops.convert_to_numpy(weight)[0].tolist() == [1, 1, 1, 0.5, 0]
    assert float(count[0, 0]) == 5 + 240 / 16


def test_what_is_cut_is_added_where_it_was():
    picture = np.arange(35.0).reshape(5, 7, 1)
    rolled = np.roll(picture, (2, -3), (0, 1))
    assert np.array_equal(crop_wrapped(picture, (0 - 2, 5), (0 + 3, 7)), rolled)
    assert list(wrapped_slices(3, 4, 5)) == [(slice(3, 5), slice(0, 2)), (slice(0, 2), slice(2, 4))]
    sums = np.zeros((5, 7, 1))
    for top in (0, 2):
        part = crop_wrapped(picture, (top - 2, 3), (3, 7))
        accumulate_wrapped(sums, part, top - 2, 3)
    twice = np.roll([[1], [1], [2], [1], [1]], -2, 0)  # the row in the middle was in both
    assert np.array_equal(sums[..., 0], picture[..., 0] * twice)
