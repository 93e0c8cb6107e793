"""Films as they are read: rate, times, turns, alpha, and what is no film."""

import subprocess
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("imageio_ffmpeg")

from kerasdream.errors import ConfigError, DreamWarning, InputImageError
from kerasdream.video import ffmpeg
from kerasdream.video.reader import open_reader
from kerasdream.video.timing import timing
from kerasdream.video.writer import open_writer


def encode(path, *arguments, rate="25", seconds=1, size="66x50"):
    """A drawn film, encoded by ffmpeg."""
    drawn = ("-f", "lavfi", "-i", f"testsrc=size={size}:rate={rate}:duration={seconds}")
    subprocess.run(
        [ffmpeg.executable(), "-v", "error", "-y", *(arguments if "-i" in arguments else (*drawn, *arguments)), path],
        check=True,
    )
    return path


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm"])
@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "12"])
def test_the_rate_is_read_as_the_fraction_that_it_is(tmp_path, rate, ending):
    reader = open_reader(encode(tmp_path / f"a.{ending}", rate=rate, seconds=3))
    assert reader.fps == Fraction(rate)
    assert len(reader) == round(3 * Fraction(rate))
    assert set(reader.counts) == {1}
    assert sum(1 for _ in reader) == len(reader)
    assert not reader.has_audio


def test_a_variable_rate_is_put_on_a_grid_that_lasts_as_long(tmp_path):
    film = encode(tmp_path / "a.mp4", "-vf", "select='not(between(n,10,14))'", "-fps_mode", "vfr", seconds=2)
    reader = open_reader(film)
    assert reader.fps == 25
    assert len(reader) == 45
    assert sum(reader.counts) == 50
    assert reader.counts[9] == 6


def test_times_of_five_minutes_end_within_one_frame():
    for rate in (Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)):
        times = [round(1000 * number / rate) for number in range(round(300 * rate))]
        found, counts = timing(times, round(1000 / rate), Fraction(1, 1000))
        assert found == rate
        assert sum(counts) == len(times)
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([33, 34, 67, 100], 5000, p=[0.5, 0.3, 0.1, 0.1])).tolist()
    rate, counts = timing(times, 33, Fraction(1, 1000))
    assert abs(sum(counts) / rate - Fraction(times[-1] + 33, 1000)) < 1 / rate


def test_a_picture_that_begins_after_the_sound_is_shown_from_the_beginning():
    assert timing([500, 540, 580], 40, Fraction(1, 1000)) == (25, [13, 1, 1])


def test_a_turned_film_is_read_upright(tmp_path):
    flat = encode(tmp_path / "flat.mp4")
    turned = encode(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", flat, "-c", "copy")
    reader = open_reader(turned)
    assert reader.size == (66, 50)
    first, upright = next(iter(reader)), np.rot90(next(iter(open_reader(flat))))
    assert np.abs(first.astype(int) - upright).mean() < 1


def test_ten_bits_odd_sides_and_one_frame(tmp_path):
    ten = next(iter(open_reader(encode(tmp_path / "ten.mp4", "-pix_fmt", "yuv420p10le"))))
    eight = next(iter(open_reader(encode(tmp_path / "eight.mp4", "-pix_fmt", "yuv420p"))))
    assert ten.dtype == np.uint8
    assert np.abs(ten.astype(int) - eight).mean() < 2
    odd = open_reader(encode(tmp_path / "odd.mkv", "-c:v", "ffv1", size="67x49", seconds=0.04))
    assert (odd.size, len(odd), odd.fps) == ((49, 67), 1, 25)


@pytest.mark.parametrize("ending", [".webm", ".webp", ""])
def test_what_was_written_is_read_with_its_alpha_and_rate(tmp_path, ending):
    frames = [np.zeros((32, 48, 4), np.uint8) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame[..., number] = 200
        frame[..., 3] = np.where(np.arange(48) < 24, 255, 90)
    with open_writer(tmp_path / f"film{ending}", Fraction(25), (32, 48)) as film:
        for frame in frames:
            film.write(frame)
    reader = open_reader(tmp_path / f"film{ending}", fps=None if ending else 25)
    assert (reader.fps, reader.size, len(reader)) == (25, (32, 48), 3)
    for read, frame in zip(reader, frames, strict=True):
        assert read.shape == (32, 48, 4)
        assert np.abs(read.astype(int) - frame)[:, 2:20].max() < 40
        assert np.abs(read.astype(int) - frame)[:, 28:46, 3].max() < 20


def test_a_gif_has_the_rate_of_its_frames(tmp_path):
    shades = [Image.new("RGB", (8, 6), (60 * number, 0, 0)) for number in range(4)]
    shades[0].save(tmp_path / "a.gif", save_all=True, append_images=shades[1:], duration=[40, 40, 200, 40])
    reader = open_reader(tmp_path / "a.gif")
    assert (reader.fps, reader.counts) == (25, [1, 1, 5, 1])
    assert [int(frame[0, 0, 0]) for frame in reader] == [0, 60, 120, 180]


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1):
        Image.new("RGB", (8, 6), (number, 0, 0)).save(tmp_path / f"f{number}.png")
    assert [int(frame[0, 0, 0]) for frame in open_reader(tmp_path)] == [1, 9, 10]
    assert open_reader(tmp_path).fps == 24
    Image.new("RGB", (9, 6)).save(tmp_path / "f11.png")
    with pytest.raises(InputImageError, match="frames of one size"):
        list(open_reader(tmp_path))


def test_what_is_no_film_is_told(tmp_path):
    (tmp_path / "text.mp4").write_text("no film at all\n" * 100)
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{encode(tmp_path / 'real.mp4')}'\n")
    (tmp_path / "empty").mkdir()
    for name in ("text.mp4", "list.mp4"):
        with pytest.raises(InputImageError, match="cannot be read as a film"):
            open_reader(tmp_path / name)
    with pytest.raises(InputImageError, match="not fetched"):
        open_reader("http://localhost/film.mp4")
    with pytest.raises(InputImageError, match="no pictures"):
        open_reader(tmp_path / "empty")
    with pytest.raises(ConfigError, match="folder of pictures"):
        open_reader(tmp_path / "real.mp4", fps=25)
    with pytest.raises(InputImageError, match="megapixels"):
        open_reader(tmp_path / "real.mp4", max_pixels=1000)


def test_of_a_truncated_film_what_can_be_read_is_read(tmp_path):
    whole = encode(tmp_path / "whole.mkv", "-g", "5").read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(DreamWarning, match="damaged"):
        reader = open_reader(tmp_path / "half.mkv")
    assert 0 < len(reader) < 25
    assert sum(1 for _ in reader) == len(reader)
