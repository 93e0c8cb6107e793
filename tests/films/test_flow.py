"""Motion found between drawn frames: how far it goes, and where it is trusted."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from kerasdream.films.flow import find_motion, warp


def texture(height, width, seed=0):
    """A smooth random picture with shapes of several sizes."""
    rng = np.random.default_rng(seed)
    scales = [cv2.GaussianBlur(rng.normal(0, sigma * 60, (height, width, 3)), (0, 0), sigma) for sigma in (1.5, 4, 9)]
    return np.clip(sum(scales) + 127, 0, 255).astype(np.float32)


@pytest.mark.parametrize(("x", "y"), [(3.0, 0.0), (-2.5, 1.5), (9.0, -6.0)])
def test_the_flow_of_a_pan_is_its_speed_and_is_trusted(x, y):
    picture = texture(200, 240)
    grid_y, grid_x = np.mgrid[:128, :160].astype(np.float32)
    before, now = (cv2.remap(picture, grid_x + 30 + x * t, grid_y + 30 + y * t, cv2.INTER_LANCZOS4) for t in range(2))
    motion = find_motion(before, now)
    inner = (slice(16, -16), slice(16, -16))
    assert np.abs(motion.flow[inner] - [x, y]).mean() < 0.1
    assert motion.trust[inner].mean() > 0.95
    assert motion.lost < 0.2


def test_a_still_with_noise_has_no_flow_at_all():
    picture, rng = texture(96, 128), np.random.default_rng(1)
    before, now = (np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255) for _ in range(2))
    motion = find_motion(before, now)
    assert (motion.flow == 0).mean() > 0.95
    assert motion.trust.mean() > 0.97


def test_ground_that_an_object_has_uncovered_is_not_trusted():
    ground, thing = texture(128, 160, 2), texture(128, 160, 3)
    frames = []
    for left in (40, 48):
        frame = ground.copy()
        frame[40:90, left : left + 40] = thing[40:90, :40]
        frames.append(frame)
    motion = find_motion(*frames)
    assert motion.trust[46:84, 41:46].mean() < 0.1  # uncovered
    assert motion.trust[50:80, 58:78].mean() > 0.9  # the object itself
    assert np.abs(motion.flow[50:80, 58:78] - [-8, 0]).mean() < 0.2
    assert motion.trust[:30].mean() > 0.95  # the ground far from it


def test_a_cut_has_lost_most_of_the_frame():
    assert find_motion(texture(96, 128, 4), texture(96, 128, 5)).lost > 0.5


def test_large_and_odd_and_tiny_frames_have_a_flow_in_their_own_pixels():
    picture = texture(420, 1000)
    motion = find_motion(picture[:, 12:912], picture[:, :900])  # moved to the right by 12
    assert motion.flow.shape == (420, 900, 2)
    assert motion.trust.shape == (420, 900)
    assert np.abs(np.median(motion.flow[100:300, 100:800], (0, 1)) - [-12, 0]).max() < 0.5
    assert find_motion(picture[:3, :5], picture[:3, :5]).flow.shape == (3, 5, 2)
    assert (find_motion(picture[:1, :1], picture[:1, :1]).trust == 1).all()


def test_warping_fetches_from_where_the_flow_leads():
    values = np.arange(40, dtype=np.float32).reshape(5, 8)
    assert warp(values, np.full((5, 8, 2), [2, 1], np.float32))[2, 3] == pytest.approx(values[3, 5])
    halfway = warp(values, np.full((5, 8, 2), [0.5, 0], np.float32), sharp=False)
    assert halfway[2, 3] == pytest.approx(values[2, 3] + 0.5)


def warped(values, times):
    """Values after so many warps by half a pixel there and back, where sampling is worst."""
    for step in range(times):
        values = warp(values, np.full((*values.shape, 2), 0.5 * (-1) ** step, np.float32))
    return values


@pytest.mark.parametrize(("wave", "least"), [(16, 0.9), (8, 0.65), (4, 0.65)])  # pixels; linear keeps 0.00 of the last
def test_waves_warped_twenty_times_stay_clear(wave, least):
    waves = np.sin(2 * np.pi / wave * np.mgrid[:96, :96][1]).astype(np.float32)
    inner = (slice(30, -30), slice(30, -30))
    assert least < np.abs(warped(waves, 20)[inner]).mean() / np.abs(waves[inner]).mean() < 1


def test_no_frequency_grows_however_often_it_is_warped():
    dot = np.zeros((128, 128), np.float32)
    dot[64, 64] = 1  # all frequencies alike
    assert np.abs(np.fft.rfft2(warped(dot, 200))).max() < 1.001


def test_the_flow_does_not_follow_the_noise_of_a_camera():
    picture, rng = texture(200, 240), np.random.default_rng(6)
    before, now = (picture[30:158, 30 + 2 * t : 190 + 2 * t] + rng.normal(0, 5, (128, 160, 3)) for t in range(2))
    motion = find_motion(before, now)
    inner = (slice(16, -16), slice(16, -16))
    assert np.abs(motion.flow[inner] - [2, 0]).mean() < 0.025
    assert motion.trust[inner].mean() > 0.99
