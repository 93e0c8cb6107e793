"""Saving: whole or not at all, never over what should stay, with the record inside."""

import errno
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import InputImageError, OutputError
from kerasdream.image import files, metadata

Y, X = np.mgrid[:40, :50]
PICTURE = Image.fromarray(np.stack([5 * X, 6 * Y, 2 * (X + Y)], -1).astype(np.uint8))
RECORD = {"settings": {"step": 0.02, "layers": {"mixed4": 1.0}}, "losses": [[1.5, 2.5]], "source": "ciel-bleu-é.jpg"}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".PNG"])
def test_the_record_comes_back_from_every_format(tmp_path, suffix):
    path = files.save(PICTURE, tmp_path / f"dream{suffix}", record=RECORD)
    assert metadata.record_of(path) == RECORD
    assert metadata.settings_of(path) == RECORD["settings"]
    with Image.open(path) as image:
        assert image.size == PICTURE.size
        error = np.abs(np.asarray(image.convert("RGB"), float) - np.asarray(PICTURE)).mean()
    assert error == 0 if suffix.lower() in (".png", ".tif", ".tiff") else error < 4


def test_without_a_record_there_is_none(tmp_path):
    path = files.save(PICTURE, tmp_path / "plain.png")
    with pytest.raises(InputImageError, match="holds no settings of a dream"):
        metadata.settings_of(path)


def test_a_record_too_long_for_exif_keeps_its_settings(tmp_path):
    path = files.save(PICTURE, tmp_path / "long.jpg", record=RECORD | {"losses": [[0.123456] * 10_000]})
    assert metadata.record_of(path) == {key: value for key, value in RECORD.items() if key != "losses"}


@pytest.mark.parametrize("text", ["[]", "{", '{"settings": 3}', "[" * 100_000, "null"])
def test_malformed_records_are_refused(tmp_path, text):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("kerasdream", text)
    PICTURE.save(tmp_path / "bad.png", pnginfo=info)
    with pytest.raises(InputImageError, match="holds no settings of a dream"):
        metadata.settings_of(tmp_path / "bad.png")
    with pytest.raises(InputImageError, match="holds no settings of a dream"):
        metadata.settings_of(tmp_path / "missing.png")


def test_an_existing_file_stays_unless_told(tmp_path):
    path = tmp_path / "dream.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists and is not written over"):
        files.save(PICTURE, path)
    assert path.read_bytes() == b"precious"
    files.save(PICTURE, path, overwrite=True)
    assert np.array_equal(Image.open(path), PICTURE)
    assert os.listdir(tmp_path) == ["dream.png"]


def test_the_input_is_never_written_over(tmp_path):
    path = tmp_path / "sky.png"
    PICTURE.save(path)
    before = path.read_bytes()
    (tmp_path / "link.png").symlink_to(path)
    for name in ("sky.png", "link.png"):
        with pytest.raises(OutputError, match="is the picture that is dreamt"):
            files.save(PICTURE, tmp_path / name, overwrite=True, source=str(path))
    assert path.read_bytes() == before


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "target.png").write_bytes(b"elsewhere")
    (tmp_path / "link.png").symlink_to(tmp_path / "target.png")
    files.save(PICTURE, tmp_path / "link.png", overwrite=True)
    assert (tmp_path / "target.png").read_bytes() == b"elsewhere"
    assert not (tmp_path / "link.png").is_symlink()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dream.xyz", "one of .png"),
        ("dream", "ends in ''"),
        ("nowhere/dream.png", "no folder"),
        ("folder.png", "is a folder"),
        ("n" * 300 + ".png", "cannot be written|name too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path, name, words):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match=f"(?i){words}"):
        files.save(PICTURE, tmp_path / name)
    assert os.listdir(tmp_path) == ["folder.png"]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "dream.png"
    path.write_bytes(b"the old dream")

    def full(self, file, *args, **options):
        file.write(b"half a picture")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputError, match=r"No space left on device\. What stood there before is as it was"):
        files.save(PICTURE, path, overwrite=True)
    assert path.read_bytes() == b"the old dream"
    assert os.listdir(tmp_path) == ["dream.png"]


def test_a_real_limit_on_file_size_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "dream.png"
    path.write_bytes(b"the old dream")
    code = (
        "import resource, signal, sys, numpy as np; from PIL import Image; from kerasdream.image import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), 'uint8'))\n"
        "try: files.save(picture, sys.argv[1], overwrite=True)\n"
        "except files.OutputError as fault: print(fault)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert "File too large" in done.stdout, done.stderr
    assert path.read_bytes() == b"the old dream"
    assert os.listdir(tmp_path) == ["dream.png"]


def test_of_many_writers_one_wins_and_no_reader_sees_half(tmp_path):
    path, outcomes = tmp_path / "dream.png", []

    def write(level):
        try:
            files.save(Image.new("L", (64, 64), level), path)
            outcomes.append(level)
        except OutputError:
            outcomes.append(None)

    threads = [threading.Thread(target=write, args=(level,)) for level in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [level for level in outcomes if level is not None]
    assert np.asarray(Image.open(path)).tolist() == [[winner] * 64] * 64
    assert os.listdir(tmp_path) == ["dream.png"]


def test_a_file_system_without_hard_links_keeps_the_same_promises(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = files.save(PICTURE, tmp_path / "dream.png")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists and is not written over"):
        files.save(Image.new("L", (4, 4)), path)
    with pytest.raises(OutputError, match="exists and is not written over"):
        files.write_whole(path, lambda file: file.write(b"late"), overwrite=False)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["dream.png"]


def test_modes_fit_the_format(tmp_path):
    ramp = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    sixteen = Image.fromarray(ramp)
    with Image.open(files.save(sixteen, tmp_path / "a.png")) as image:
        assert np.array_equal(image, ramp)
    with Image.open(files.save(sixteen, tmp_path / "a.webp")) as image:
        assert np.abs(np.asarray(image.convert("L"), float) - ramp / 257).mean() < 3
    see_through = PICTURE.copy()
    see_through.putalpha(99)
    with pytest.raises(OutputError, match="JPEG holds no transparency"):
        files.save(see_through, tmp_path / "b.jpg")
    with Image.open(files.save(PICTURE.convert("HSV"), tmp_path / "c.png")) as image:
        assert image.mode == "RGB"


def test_a_side_too_long_for_the_format_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        files.save(Image.new("RGB", (17_000, 2)), tmp_path / "wide.webp")
    assert os.listdir(tmp_path) == []


def test_position_and_camera_stay_behind_but_colours_keep_their_profile(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[1] = "N"
    PICTURE.save(tmp_path / "in.jpg", exif=exif, icc_profile=profile)
    image = files.decode(tmp_path / "in.jpg", None)
    for suffix in (".jpg", ".png", ".webp"):
        with Image.open(files.save(image, tmp_path / f"out{suffix}", record=RECORD)) as saved:
            assert 0x010F not in saved.getexif()
            assert not saved.getexif().get_ifd(0x8825)
            assert saved.info["icc_profile"] == profile


def test_records_are_plain_json(tmp_path):
    files.save(PICTURE, tmp_path / "a.png", record=RECORD)
    with Image.open(tmp_path / "a.png") as image:
        assert json.loads(image.info["kerasdream"]) == RECORD


def test_a_larger_max_pixels_goes_before_pillows_own_limit(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    Image.new("1", (1000, 500)).save(path)
    monkeypatch.setattr(files, "PILLOW_LIMIT", 200_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200_000)  # more than twice as much is an error
    assert files.decode(str(path), 500_000).size == (1000, 500)
    assert Image.MAX_IMAGE_PIXELS == 200_000
    with pytest.raises(InputImageError, match="larger than Pillow decodes"):
        files.decode(str(path), 100_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)  # set by the user, and so obeyed
    with pytest.raises(InputImageError, match="larger than Pillow decodes"):
        files.decode(str(path), 500_000)
