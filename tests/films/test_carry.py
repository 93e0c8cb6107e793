"""What travels from frame to frame: a known flow carries a known difference."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from kerasdream.films.carry import Carried, Start, carry, kept_area
from kerasdream.films.flow import Motion

SIZE = (40, 60)


def constant(x, y=0.0, trust=1.0):
    flow = np.broadcast_to(np.float32([x, y]), (*SIZE, 2)).copy()
    return Motion(flow, np.full(SIZE, trust, np.float32), 0.0)


def spot(row, column, value=50.0):
    """A frame with the dream of one blot, and the undreamt frame."""
    before = np.random.default_rng(0).uniform(60, 180, (*SIZE, 3)).astype(np.float32)
    dreamt = before.copy()
    dreamt[row - 2 : row + 3, column - 2 : column + 3] += value
    return before, Carried(dreamt, np.ones(SIZE, np.float32))


def test_at_rest_the_dream_stays_whole_and_nothing_is_dreamt_anew():
    before, carried = spot(20, 30)
    now = before + 7
    start = carry(carried, before, now, constant(0))
    np.testing.assert_allclose(start.levels - now, carried.dreamt - before, atol=1e-3)
    assert (start.effort == 1).all()
    assert not start.needs_dream


def test_a_dream_moves_with_the_film_and_gives_up_its_renewal():
    before, carried = spot(20, 30)
    now = np.random.default_rng(1).uniform(0, 200, (*SIZE, 3)).astype(np.float32)
    added = carry(carried, before, now, constant(-5, 3), renewal=0.1).levels - now  # it came from the left, below
    np.testing.assert_allclose(added[15:20, 33:38], 45, atol=0.1)
    assert abs(added[17, 30]).max() < 0.1


def test_what_is_not_trusted_is_left_behind_and_dreamt_anew():
    before, carried = spot(20, 30)
    motion = constant(0)
    motion.trust[:, :40] = 0
    start = carry(carried, before, before, motion)
    np.testing.assert_allclose(start.levels, before, atol=1e-3)
    assert start.share[20, 20] == pytest.approx(2.0)
    assert start.share[20, 50] == 0
    assert start.needs_dream


def test_a_new_dream_counts_where_it_is_needed_only():
    frame, share = np.full((*SIZE, 3), 100, np.float32), np.zeros(SIZE, np.float32)
    share[:, 30:] = 1.0
    start = Start(frame, np.zeros(SIZE, np.float32), share)
    carried = start.add(frame + 8, 0.25)
    assert (carried.dreamt[:, :30] == 100).all()
    np.testing.assert_allclose(carried.dreamt[:, 30:], 108)
    assert carried.effort[0, 0] == 0
    assert carried.effort[0, 40] == 0.25


def test_bare_ground_is_dreamt_as_strongly_as_the_rest():
    frame, change = np.full((64, 256, 3), 100, np.float32), np.full((64, 256, 3), 8, np.float32)
    change[:, :64] = 2  # where little is dreamt yet a gradient is small
    start = Start(frame, np.zeros((64, 256), np.float32), np.ones((64, 256), np.float32))
    added = start.add(frame + change, 0.1).dreamt - frame
    assert added[32, 16, 0] == pytest.approx(6.5, abs=0.5)
    assert added[32, 200, 0] == pytest.approx(8, abs=0.1)


def test_a_dream_stays_inside_a_mask_that_the_film_moves_under():
    before, carried = spot(20, 28)
    mask = np.zeros(SIZE, np.float32)
    mask[:, :32] = 1
    now = before.copy()
    added = carry(carried, before, now, constant(-4), mask=mask).levels - now
    assert abs(added[:, 32:]).max() == 0
    assert added[20, 31].min() > 40


def test_a_grey_mask_weakens_a_dream_once_and_not_in_every_frame():
    before, carried = spot(20, 30)
    mask = np.full(SIZE, 0.5, np.float32)
    added = carry(carried, before, before, constant(0), mask=mask).levels - before
    np.testing.assert_allclose(added, carried.dreamt - before, atol=1e-3)


def test_a_zoom_keeps_less_than_a_pan():
    y, x = np.mgrid[:40, :60].astype(np.float32)
    flow = np.stack([x - 30, y - 20], -1) * np.float32(1 / 1.02 - 1)
    assert kept_area(flow)[20, 30] == pytest.approx(1 / 1.02**2, abs=0.002)
    assert kept_area(-flow)[20, 30] == 1
    assert (kept_area(constant(4).flow) == 1).all()
