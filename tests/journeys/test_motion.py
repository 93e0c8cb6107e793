"""Moves of tiny pictures, worked out by hand, and what many moves leave of a picture."""

import numpy as np
import pytest

import kerasdream
from kerasdream.journeys.motion import Move, transform
from kerasdream.journeys.steadiness import MOST, detail_levels, hold_colors, hold_detail, split_bands


def row(*values):
    return np.array(values, np.float32).reshape(1, -1, 1)


def test_whole_shifts_are_exact_and_edges_mirrored():
    picture = row(0.1, 0.2, 0.3, 0.7)
    assert transform(picture, Move(x=2.0).matrix(1, 4)).ravel().tolist() == pytest.approx([0.2, 0.1, 0.1, 0.2])
    assert transform(picture, Move(x=-1.0).matrix(1, 4)).ravel().tolist() == pytest.approx([0.2, 0.3, 0.7, 0.7])
    assert transform(picture, Move().matrix(1, 4)) is picture


def test_a_quarter_turn_goes_counterclockwise():
    picture = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    turned = transform(picture, Move(angle=90.0).matrix(8, 8))
    assert np.abs(turned - np.rot90(picture)).max() < 2e-3


def test_a_wave_moves_by_parts_of_a_pixel():
    place = np.arange(64) + 0.5
    for shift in (0.25, 0.5, 1.7):
        moved = transform(row(*np.cos(2 * np.pi * place / 8)), Move(x=shift).matrix(1, 64)).ravel()
        assert np.abs(moved - np.cos(2 * np.pi * (place - shift) / 8))[8:-8].max() < 2e-3


def test_a_zoom_enlarges_about_its_centre():
    y, x = np.mgrid[:32, :48] + 0.5
    picture = np.stack([np.cos(x / 4), np.sin(y / 5), np.cos((x + y) / 6)], -1).astype(np.float32)
    zoomed = transform(picture, Move(zoom=1.25, center_x=0.25, center_y=0.75).matrix(32, 48))
    u, v = 12 + (x - 12) / 1.25, 24 + (y - 24) / 1.25
    expected = np.stack([np.cos(u / 4), np.sin(v / 5), np.cos((u + v) / 6)], -1)
    assert np.abs(zoomed - expected)[4:-4, 4:-4].max() < 4e-3


def test_a_thousand_moves_grow_no_halo():
    """No frequency ever grows: noise that is moved on and on never has more power than it began with."""
    picture = np.random.default_rng(0).normal(0, 1, (48, 48, 1)).astype(np.float32)
    power, rng = np.square(picture).sum(), np.random.default_rng(1)
    for _ in range(50):
        shift = rng.uniform(-1, 1, 2)
        there = Move(x=shift[0], y=shift[1]).matrix(48, 48)
        picture = transform(transform(picture, there), np.linalg.inv(there))
        assert np.square(picture).sum() <= 1.02 * power
    assert np.square(picture).sum() > 0.3 * power


def test_many_moves_keep_a_picture_sharp():
    """Linear sampling leaves 30.5 dB and 47 % of the upper half of the spectrum; this is why it is done by splines."""
    before = np.asarray(kerasdream.sample().resize((192, 128)), np.float32)
    picture, rng = before, np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.uniform(-1, 1, 2)
        there = Move(x=x, y=y).matrix(128, 192)
        picture = transform(transform(picture, there), np.linalg.inv(there))
    inside = np.s_[20:-20, 20:-20]
    assert 10 * np.log10(255**2 / np.mean((picture - before)[inside] ** 2)) > 36


def test_far_moves_show_mirrors_and_end():
    picture = np.random.default_rng(0).random((6, 9, 3)).astype(np.float32)
    for move in (Move(x=1e4), Move(zoom=0.1), Move(zoom=10.0, angle=45.0), Move(center_x=-10.0, angle=170.0)):
        moved = transform(picture, move.matrix(6, 9))
        assert moved.shape == picture.shape
        assert np.isfinite(moved).all()


def test_colors_are_held_to_mean_and_deviation():
    picture = np.random.default_rng(0).random((10, 10, 3)).astype(np.float32)
    mean, deviation = np.array([0.2, 0.5, 0.7]), np.array([0.1, 0.05, 0.2])
    held = hold_colors(picture, mean, deviation)
    assert held.mean((0, 1)) == pytest.approx(mean, abs=1e-5)
    assert held.std((0, 1)) == pytest.approx(deviation, abs=1e-5)
    assert hold_colors(np.full((2, 2, 3), 0.5), mean, deviation) == pytest.approx(np.broadcast_to(mean, (2, 2, 3)))


def deviations(picture):
    return [float(band.std()) for band in split_bands(picture)[0]]


def test_detail_is_held_band_by_band():
    """What is too strong is weakened; where it is too weak, more is taken of what the dream has added."""
    rng = np.random.default_rng(0)
    before = 0.5 + 0.02 * rng.standard_normal((40, 60, 3))
    added = rng.standard_normal((40, 60, 3))
    levels = detail_levels(before, 2.0)
    assert levels == pytest.approx([2 * max(0.02, one) for one in deviations(before)])
    for strength in (0.03, 0.08):
        dreamt = before + strength * added
        held = hold_detail(dreamt, before, [levels[0], *deviations(dreamt)[1:]])
        assert deviations(held)[0] == pytest.approx(levels[0], rel=0.15)
    fine, earlier = (split_bands(one)[0][0] for one in (hold_detail(before + 1e-3 * added, before, levels), before))
    assert fine - earlier == pytest.approx(MOST * split_bands(1e-3 * added)[0][0], abs=2e-4)
    assert detail_levels(np.zeros((9, 9, 3)), 2.0) == [0.04] * 3


def test_an_edge_gets_no_halo():
    """Detail is made of what the dream has added: where it added nothing, and where it did nothing, all stays."""
    edge = np.zeros((48, 64, 3))
    edge[:, 32:] = 1.0
    blurred = 0.2 + 0.6 * np.cumsum(np.cumsum(edge, 1) > 0, 1).clip(0, 6) / 6
    levels = [1.0, 1.0, 1.0]
    assert hold_detail(blurred, blurred, levels) == pytest.approx(blurred)
    dreamt = blurred.copy()
    dreamt[:, :8] += 0.05 * (np.indices((48, 8)).sum(0)[..., None] % 2)
    held = hold_detail(dreamt, blurred, levels)
    assert held[:, 26:] == pytest.approx(blurred[:, 26:])
    assert held[:, :8].std() > 1.5 * dreamt[:, :8].std()
