"""Mean spectra: what they measure, at which size they come back, and what is no spectrum."""

import numpy as np
import pytest
from PIL import Image

import kerasdream
from kerasdream.errors import ConfigError
from kerasdream.image.spectra import ANGLES, FREQUENCIES, RINGS, SHIPPED, Spectrum


def falling(power, rng, side=256):
    """A grey picture whose magnitudes fall with that power of the frequency, faint enough for the sigmoid's middle."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    waves = np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) * np.maximum(frequency, 1 / side) ** -power).real
    grey = 127.5 + 8 * waves / waves.std()
    return np.repeat(grey[..., None], 3, -1).astype(np.float32) / 255


@pytest.mark.parametrize("power", [0.5, 1.0, 1.5])
def test_a_known_slope_is_measured(power):
    rng = np.random.default_rng(0)
    table = kerasdream.spectrum([falling(power, rng) for _ in range(4)]).table
    rings = slice(RINGS // 3, RINGS - 3)
    slope = np.polyfit(np.log(FREQUENCIES[rings]), table[0].mean(1)[rings], 1)[0]
    assert slope == pytest.approx(-power, abs=0.1)


def test_stripes_have_a_direction_and_a_frequency():
    columns = np.arange(256)
    stripes = np.tile((127.5 + 60 * np.sin(2 * np.pi * columns / 16))[None, :, None], (256, 1, 3)).astype(np.uint8)
    table = kerasdream.spectrum([stripes]).table[0]
    ring, angle = np.unravel_index(table.argmax(), table.shape)
    assert angle == 0
    assert FREQUENCIES[ring] == pytest.approx(1 / 16, rel=0.15)
    assert table[ring, 0] > table[ring, ANGLES // 2] + 3
    turned = kerasdream.spectrum([stripes.swapaxes(0, 1)]).table[0]
    assert np.unravel_index(turned.argmax(), turned.shape) == (ring, ANGLES // 2)


@pytest.mark.parametrize("size", [32, 101])
def test_it_gives_magnitudes_of_any_size(size):
    table = np.tile(-1.5 * np.log(FREQUENCIES)[None, :, None], (3, 1, ANGLES))
    magnitude = Spectrum(table).magnitude(size)
    assert magnitude.shape == (3, size, size)
    np.testing.assert_allclose(magnitude[1, 0, 3], (3 / size) ** -1.5, rtol=1e-4)
    np.testing.assert_allclose(magnitude[2, 4, 3], (5 / size) ** -1.5, rtol=1e-4)


def test_the_shipped_one_is_that_of_photographs():
    table = Spectrum.load(SHIPPED).table
    slopes = [np.polyfit(np.log(FREQUENCIES[4:-4]), one.mean(1)[4:-4], 1)[0] for one in table]
    assert all(-1.6 < slope < -0.8 for slope in slopes)
    assert (table[0, 8:16, 0] > table[0, 8:16, ANGLES // 4]).all()  # more upright and level edges than slanted ones
    assert SHIPPED.stat().st_size < 4096


def test_what_is_kept_is_what_is_read_and_other_files_are_refused(tmp_path):
    found = kerasdream.spectrum([falling(1.0, np.random.default_rng(1))])
    path = found.save(tmp_path / "mine.npz")
    np.testing.assert_allclose(Spectrum.load(path).table, found.table, atol=0.01)
    with pytest.raises(ConfigError, match="There is no file .*none.npz'; a file that Spectrum.save wrote was expected"):
        Spectrum.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no spectrum")
    with pytest.raises(ConfigError, match="holds no spectrum"):
        Spectrum.load(tmp_path / "text.npz")
    np.savez(tmp_path / "small.npz", table=np.zeros((3, 2)))
    with pytest.raises(
        ConfigError, match=r"is float64 of shape \(3, 2\); finite numbers of shape \(3, 24, 12\) were expected"
    ):
        Spectrum.load(tmp_path / "small.npz")
    np.savez(tmp_path / "words.npz", table=np.full((3, 24, 12), "loud"))
    with pytest.raises(ConfigError, match="is <U4 of shape"):
        Spectrum.load(tmp_path / "words.npz")


def test_plain_pictures_have_none():
    with pytest.raises(ConfigError, match="No picture with anything in it"):
        kerasdream.spectrum([Image.new("RGB", (64, 64), "red")])


def test_only_maco_has_one():
    with pytest.raises(ConfigError, match="only method='maco' has one"):
        kerasdream.visualize("mixed0:3", model="mini", spectrum="mine.npz")
