"""Films written frame by frame: their frames, their time, their sound and comment read back."""

import os
import signal
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import ConfigError, OutputError
from kerasdream.video import ffmpeg
from kerasdream.video.comment import read_comment
from kerasdream.video.writer import open_writer

SHADES = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (120, 130, 140)]
SIZE = (25, 31)
COMMENT = '{"layers": "mixed4 = 1; #2", "name": "a\\\\b\\nc", "ü": true}'
needs_ffmpeg = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import imageio_ffmpeg"], capture_output=True).returncode != 0,
    reason='the extra "video" is not installed',
)
ENDINGS = [".gif", ".webp", "", *(pytest.param(ending, marks=needs_ffmpeg) for ending in (".mp4", ".webm"))]


def frames(channels=3):
    shown = [np.full((*SIZE, 3), shade, np.uint8) for shade in SHADES]
    alpha = np.full((*SIZE, 1), 128, np.uint8)
    return shown if channels == 3 else [np.concatenate([frame, alpha], -1) for frame in shown]


def read(path, size=SIZE):
    """The frames of a film as RGB."""
    if path.is_dir():
        return [np.asarray(Image.open(one).convert("RGB")) for one in sorted(path.iterdir())]
    if path.suffix in (".mp4", ".webm"):
        height, width = (side + side % 2 for side in size) if path.suffix == ".mp4" else size
        done = subprocess.run(
            ffmpeg.command("-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"), capture_output=True, check=True
        )
        return list(np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)[:, : size[0], : size[1]])
    with Image.open(path) as film:
        return [np.asarray(seek(film, number).convert("RGB")) for number in range(film.n_frames)]


def seek(film, number):
    film.seek(number)
    return film


def durations(path):
    with Image.open(path) as film:
        shown = []
        for number in range(film.n_frames):
            seek(film, number).load()
            shown.append(film.info["duration"])
        return shown


def facts(path):
    """What ffmpeg says of a file."""
    return subprocess.run([ffmpeg.executable(), "-hide_banner", "-i", str(path)], capture_output=True, text=True).stderr


def tone(path, seconds=2, codec="aac"):
    """A film of one grey frame a second with a tone."""
    source = ["-f", "lavfi", "-i", f"sine=440:d={seconds}", "-f", "lavfi", "-i", f"color=gray:s=16x16:r=5:d={seconds}"]
    subprocess.run(ffmpeg.command(*source, "-c:a", codec, str(path)), check=True)
    return path


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_frame_comes_back_with_the_comment(ending, channels, tmp_path):
    path = tmp_path / f"film{ending}"
    with open_writer(path, Fraction(10), SIZE, comment=COMMENT) as film:
        for frame in frames(channels):
            film.write(frame)
        assert not path.exists()
    shown = read(path)
    assert len(shown) == len(SHADES)
    for frame, shade in zip(shown, SHADES, strict=True):
        assert np.abs(frame.astype(int) - shade).max() < 9
    assert read_comment(path) == COMMENT
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", [".webp", ""])
def test_alpha_is_kept(ending, tmp_path):
    path = tmp_path / f"film{ending}"
    with open_writer(path, Fraction(10), SIZE) as film:
        film.write(frames(4)[0])
    with Image.open(path / "000001.png" if path.is_dir() else path) as first:
        assert np.asarray(first.convert("RGBA"))[..., 3].tolist() == np.full(SIZE, 128).tolist()


@needs_ffmpeg
@pytest.mark.parametrize(("fps", "said"), [("24000/1001", "23.98 fps"), ("25", "25 fps"), ("30000/1001", "29.97 fps")])
def test_rates_are_exact(fps, said, tmp_path):
    path = tmp_path / "film.mp4"
    with open_writer(path, Fraction(fps), (16, 16)) as film:
        film.write(np.zeros((16, 16, 3), np.uint8), 3000)
    assert said in facts(path)
    command = ffmpeg.command("-i", str(path), "-c", "copy", "-f", "framecrc", "-")
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    base = next(Fraction(line.split()[-1]) for line in lines if line.startswith("#tb"))
    last = max(int(line.split(",")[2]) for line in lines if not line.startswith("#"))
    assert last * base == 2999 / Fraction(fps)


@pytest.mark.parametrize(("ending", "unit"), [(".gif", 10), (".webp", 1)])
def test_times_in_whole_units_add_up(ending, unit, tmp_path):
    path = tmp_path / f"film{ending}"
    with open_writer(path, Fraction(30000, 1001), SIZE) as film:
        for number in range(60):
            film.write(np.full((*SIZE, 3), 4 * number, np.uint8), 2 if number == 59 else 1)
    shown = durations(path)
    assert len(shown) == 60
    assert abs(sum(shown) - 61 * 1001 / 30) <= unit / 2
    assert max(abs(time - 1001 / 30) for time in shown[:-1]) < unit


def test_a_gif_has_one_palette_for_all_frames(tmp_path):
    path = tmp_path / "film.gif"
    with open_writer(path, Fraction(10), (64, 64)) as film:
        for number in range(100):
            film.write(np.full((64, 64, 3), (2 * number, 255 - 2 * number, 60), np.uint8))
    shown = read(path)
    assert len(shown) == 100
    for number, frame in enumerate(shown):
        assert np.abs(frame.mean((0, 1)) - (2 * number, 255 - 2 * number, 60)).max() < 8  # some are sampled
    assert path.read_bytes().count(b"\x21\xf9\x04") == 100
    assert len(path.read_bytes()) < 100_000  # a palette each would take 77 kB more


@needs_ffmpeg
@pytest.mark.parametrize(("source", "codec", "target", "copied"), [
    ("in.mp4", "aac", ".mp4", "aac"), ("in.mkv", "libopus", ".webm", "opus"),
    ("in.mp4", "aac", ".webm", "opus"), ("in.mov", "pcm_s16le", ".mp4", "pcm_s16le"),
])  # fmt: skip
def test_sound_is_copied_and_as_long_as_the_film(source, codec, target, copied, tmp_path):
    path, sound = tmp_path / f"film{target}", tone(tmp_path / source, codec=codec)
    with open_writer(path, Fraction(10), SIZE, audio_from=sound, comment="kept") as film:
        for frame in frames() * 3:
            film.write(frame)
    said = facts(path)
    assert f"Audio: {copied}" in said
    assert len(read(path)) == 12
    assert "Duration: 00:00:01.2" in said
    assert read_comment(path) == "kept"


@needs_ffmpeg
def test_a_film_longer_than_its_sound_keeps_every_frame(tmp_path):
    path, sound = tmp_path / "film.mp4", tone(tmp_path / "in.mp4", seconds=1)
    with open_writer(path, Fraction(10), SIZE, audio_from=sound) as film:
        film.write(frames()[0], 40)
    assert len(read(path)) == 40
    silent = tmp_path / "silent.mp4"
    with open_writer(silent, Fraction(10), SIZE, audio_from=path.with_name("in.mp4")) as film:
        film.write(frames()[0])
    with open_writer(tmp_path / "none.mp4", Fraction(10), SIZE, audio_from=silent_film(tmp_path)) as film:
        film.write(frames()[0], 4)
    assert "Audio" not in facts(tmp_path / "none.mp4")


def silent_film(folder):
    with open_writer(folder / "no-sound.mp4", Fraction(5), SIZE) as film:
        film.write(frames()[0], 5)
    return folder / "no-sound.mp4"


@needs_ffmpeg
def test_sound_comes_from_no_playlist(tmp_path):
    tone(tmp_path / "in.mp4")
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'in.mp4'}'\n")
    with pytest.raises(OutputError, match="ffmpeg could not write the film"):
        film_of_one_frame(tmp_path / "film.mp4", audio_from=playlist)
    assert sorted(os.listdir(tmp_path)) == ["in.mp4", "list.mp4"]


def film_of_one_frame(path, **options):
    with open_writer(path, Fraction(10), SIZE, **options) as film:
        film.write(frames()[0])


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_error_leaves_nothing_and_ctrl_c_a_whole_film(ending, tmp_path):
    path = tmp_path / f"film{ending}"

    def film_that_ends_in(fault):
        with open_writer(path, Fraction(10), SIZE) as film:
            for frame in frames():
                film.write(frame)
            raise fault

    for fault in (ValueError, KeyboardInterrupt):
        with pytest.raises(fault):
            film_that_ends_in(fault)
        assert os.listdir(tmp_path) == ([] if fault is ValueError else [path.name])
    assert len(read(path)) == len(SHADES)


@needs_ffmpeg
def test_ctrl_c_of_a_terminal_does_not_reach_ffmpeg(tmp_path):
    code = (
        "import sys, os, signal, numpy as np; from fractions import Fraction\n"
        "from kerasdream.video.writer import open_writer\n"
        "with open_writer(sys.argv[1], Fraction(10), (64, 64)) as film:\n"
        "    film.write(np.zeros((64, 64, 3), np.uint8), 20)\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    film.write(np.zeros((64, 64, 3), np.uint8), 20)\n"
    )
    path = tmp_path / "film.mp4"
    done = subprocess.run([sys.executable, "-c", code, str(path)], start_new_session=True, capture_output=True)
    assert done.returncode in (-signal.SIGINT, 130, 1)
    assert len(read(path, (64, 64))) in (20, 40)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_existing_film_is_replaced_only_where_that_was_said(ending, tmp_path):
    path = tmp_path / f"film{ending}"
    film_of_one_frame(path)
    with pytest.raises(OutputError, match="exists and is not written over"):
        film_of_one_frame(path)
    with open_writer(path, Fraction(10), SIZE, overwrite=True) as film:
        for frame in frames():
            film.write(frame)
    assert len(read(path)) == len(SHADES)
    assert os.listdir(tmp_path) == [path.name]


def test_a_folder_of_other_files_is_never_replaced(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"other files than frames, such as 'letter.txt'"):
        film_of_one_frame(home, overwrite=True)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is no folder"):
        film_of_one_frame(tmp_path / "file", overwrite=True)
    assert (home / "letter.txt").read_text() == (tmp_path / "file").read_text() == "mine"


def test_impossible_films_are_told_before_a_frame_is_made(tmp_path):
    for path, fps, size, fault, said in [
        ("a.avi", 10, SIZE, OutputError, "'.avi'; one of .gif, .webp, .mp4, .webm"),
        ("a.gif", 60, SIZE, ConfigError, "60 frames a second .* 50 at most"),
        ("a.webp", 0, SIZE, ConfigError, "0 frames a second"),
        ("a.webp", 10, (20_000, 4), ConfigError, "20000 x 4 pixels .* 1 to 16384"),
        ("no/a.webp", 10, SIZE, OutputError, "There is no folder"),
    ]:
        with pytest.raises(fault, match=said):
            open_writer(tmp_path / path, Fraction(fps), size)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_frames_of_another_kind_are_told_and_lose_nothing(ending, tmp_path):
    path = tmp_path / f"film{ending}"
    with open_writer(path, Fraction(10), SIZE) as film:
        for frame in frames():
            film.write(frame)
        for wrong in (frames()[0][:-1], frames()[0] / 255.0, frames(4)[0], "frame", None):
            with pytest.raises(ConfigError, match=r"\(25, 31, 3\) of uint8 was expected"):
                film.write(wrong)
    assert len(read(path)) == len(SHADES)
    with pytest.raises(OutputError, match="is closed"):
        film.write(frames()[0])
    with (
        pytest.raises(OutputError, match="has no frames"),
        open_writer(tmp_path / f"empty{ending}", Fraction(10), SIZE),
    ):
        pass
    assert os.listdir(tmp_path) == [path.name]
