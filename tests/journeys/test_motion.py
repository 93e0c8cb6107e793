"""Moves of tiny pictures, worked out by hand, and what many moves leave of a picture."""

import numpy as np
import pytest

import kerasdream
from kerasdream.journeys.motion import Move, transform
from kerasdream.journeys.steadiness import band_limits, hold_colors, limit_detail, split_bands


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


def test_detail_is_limited_band_by_band_and_never_made_stronger():
    rng = np.random.default_rng(0)
    calm = 0.5 + 0.05 * rng.standard_normal((40, 60, 3))
    limits = band_limits(calm, 2.0)
    assert limit_detail(calm, limits) == pytest.approx(calm)
    harsh = 0.5 + 5 * (calm - 0.5)
    bands = split_bands(limit_detail(harsh, limits))[0]
    assert bands[0].std() == pytest.approx(limits[0], rel=0.1)
    assert harsh.std() > 2 * limit_detail(harsh, limits).std()
    assert band_limits(np.zeros((9, 9, 3)), 2.0) == [0.04] * 3
