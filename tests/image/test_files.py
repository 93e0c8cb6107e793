"""Saving: whole or not at all, never over what should stay, with the record inside."""

import contextlib
import errno
import io
import json
import os
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import InputImageError, OutputError
from kerasdream.image import files, limits, metadata

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


def with_record(path, record):
    """A picture that holds a record, whatever that is."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("kerasdream", record if isinstance(record, str) else json.dumps(record))
    PICTURE.save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    "more",
    [
        {"losses": 3},
        {"losses": [3]},
        {"losses": [["x"]]},
        {"losses": [[[{}]]]},
        {"seconds": "long"},
        {"source": ["sky.jpg"]},
        {"picture": None},
        {"versions": []},
    ],
)
def test_a_record_of_other_kinds_is_refused(tmp_path, more):
    with pytest.raises(InputImageError, match="holds no settings of a dream"):
        metadata.record_of(with_record(tmp_path / "bad.png", RECORD | more))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image": "/etc/passwd"}, "a dream has no setting 'image'"),
        ({"verbose": True}, "no setting 'verbose'"),
        ({"preprocess": "abc"}, "no setting 'preprocess'"),
        ({"step": "0.02"}, "step='0.02' was given"),
        ({"step": float("nan")}, "step=nan"),
        ({"layers": {"mixed4": []}}, "was given"),
        ({"layers": 7}, "layers=7"),
        ({"model": {}}, "model={}"),
        ({"num_octave": 10**400}, "out of range"),
        ({"mask": 3}, "mask"),
        ({"weights": "a.h5"}, "name files: a.h5"),
    ],
)
def test_settings_that_no_dream_has_are_refused(tmp_path, settings, words):
    with pytest.raises(InputImageError, match=words):
        metadata.settings_of(with_record(tmp_path / "bad.png", {"settings": settings}))


def test_a_mask_that_was_given_as_pixels_does_not_hide_the_other_settings(tmp_path):
    settings = {"step": 0.02, "mask": "<pixels 1234abcd>"}
    assert metadata.settings_of(with_record(tmp_path / "a.png", {"settings": settings})) == settings


@pytest.mark.parametrize("path", [3, None, b"a.png", ["a.png"]])
def test_what_is_no_path_holds_no_record(path):
    with pytest.raises(InputImageError, match="the path of a dreamt picture was expected"):
        metadata.record_of(path)


def test_a_pipe_holds_no_record_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputImageError, match="there is no such file"):
        metadata.record_of(tmp_path / "pipe.png")


def test_the_record_of_a_picture_beyond_pillows_limit_is_read(tmp_path, monkeypatch):
    path = files.save(Image.new("1", (1000, 500)), tmp_path / "large.png", record=RECORD)
    monkeypatch.setattr(limits, "PILLOW_LIMIT", 2000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    assert metadata.record_of(path) == RECORD
    assert Image.MAX_IMAGE_PIXELS == 2000


def test_damaged_files_give_no_other_error(tmp_path):
    rng = np.random.default_rng(0)
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        whole = files.save(PICTURE, tmp_path / f"whole{suffix}", record=RECORD).read_bytes()
        for _ in range(150):
            damaged = bytearray(whole)
            for place in rng.integers(0, len(whole), 6):
                damaged[place] = rng.integers(256)
            (tmp_path / f"damaged{suffix}").write_bytes(damaged[: rng.integers(1, len(damaged))])
            with contextlib.suppress(InputImageError):
                metadata.settings_of(tmp_path / f"damaged{suffix}")


def test_decoders_that_fail_in_other_ways_give_no_other_error(tmp_path, monkeypatch):
    path = files.save(PICTURE, tmp_path / "a.png", record=RECORD)
    for fault in (struct.error("short"), KeyError(3), MemoryError(), Image.DecompressionBombError("bomb")):

        def fail(*_, fault=fault, **__):
            raise fault

        monkeypatch.setattr(Image, "open", fail)
        with pytest.raises(InputImageError, match="holds no settings of a dream"):
            metadata.record_of(path)


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


def test_what_is_written_over_stays_a_link_and_keeps_its_permissions(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.png", tmp_path / "link.png"
    target.write_bytes(b"before")
    target.chmod(0o640)
    link.symlink_to(target)
    files.save(PICTURE, link, overwrite=True)
    assert link.is_symlink()
    assert np.array_equal(Image.open(target), PICTURE)
    assert target.stat().st_mode & 0o777 == 0o640
    with pytest.raises(OutputError, match="exists and is not written over"):
        files.save(PICTURE, link)
    assert os.listdir(tmp_path / "folder") == ["target.png"]


def test_a_free_name_is_the_next_one(tmp_path):
    path = tmp_path / "dream.png"
    assert files.free_path(path) == path
    path.touch()
    (tmp_path / "dream-2.png").symlink_to("nowhere")
    assert files.free_path(path) == tmp_path / "dream-3.png"
    assert files.free_path(path, {path}.__contains__) == tmp_path / "dream-2.png"


def test_a_name_that_another_process_takes_meanwhile_is_left_to_it(tmp_path):
    path = tmp_path / "dream.png"

    def save(target):
        if target == path:
            target.write_bytes(b"theirs")
        return files.save(PICTURE, target)

    assert files.save_free(path, save) == tmp_path / "dream-2.png"
    assert path.read_bytes() == b"theirs"
    with pytest.raises(OutputError, match="one of .png"):
        files.save_free(tmp_path / "dream.xyz", lambda target: files.save(PICTURE, target))


def test_a_folder_that_cannot_be_written_is_told_before(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file' cannot be made or written into: there is a file of that name"):
        files.make_folder(tmp_path / "file")
    with pytest.raises(OutputError, match="Not a directory"):
        files.make_folder(tmp_path / "file" / "inside")

    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="cannot be made or written into: Permission denied"):
        files.make_folder(tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("noise:0x0", "noise:WIDTHxHEIGHT, such as noise:640x480"),
        ("https://example.com/sky.jpg", "Addresses are not fetched: download the picture"),
        ("sky.jpg", "The path of a picture was expected"),
    ],
)
def test_a_name_that_is_no_file_says_what_to_give(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputImageError, match=words):
        files.decode(name, None)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_picture_of_a_telephone_says_what_to_install(tmp_path, monkeypatch, brand):
    monkeypatch.setattr(files, "READS", ("PNG",))  # as where neither pillow-heif nor Pillow's own AVIF is there
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + bytes(100)
    (tmp_path / "picture.heic").write_bytes(content)
    words = "without AVIF: pip install" if brand == b"avif" else r'pip install "kerasdream\[heif\]"'
    for file in (tmp_path / "picture.heic", io.BytesIO(content)):
        with pytest.raises(InputImageError, match=words):
            files.decode(file, None)
    (tmp_path / "picture.heic").write_bytes(b"no picture at all")
    with pytest.raises(InputImageError, match="it is of no known kind"):
        files.decode(tmp_path / "picture.heic", None)


def test_heic_pictures_are_read_where_their_package_is_there(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(PICTURE).save(tmp_path / "a.heic", quality=95)
    image = files.decode(tmp_path / "a.heic", None)
    assert (image.size, image.mode) == (PICTURE.size, "RGB")
    assert np.abs(np.asarray(image, float) - np.asarray(PICTURE)).mean() < 4


def test_an_icon_is_read_at_its_largest(tmp_path):
    Image.new("RGBA", (64, 64), (9, 200, 40, 128)).save(tmp_path / "a.ico", sizes=[(16, 16), (64, 64)])
    image = files.decode(tmp_path / "a.ico", None)
    assert (image.size, image.getpixel((5, 5))) == ((64, 64), (9, 200, 40, 128))


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
    monkeypatch.setattr(limits, "PILLOW_LIMIT", 200_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200_000)  # more than twice as much is an error
    assert files.decode(str(path), 500_000).size == (1000, 500)
    assert Image.MAX_IMAGE_PIXELS == 200_000
    with pytest.raises(InputImageError, match="larger than Pillow decodes"):
        files.decode(str(path), 100_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)  # set by the user, and so obeyed
    with pytest.raises(InputImageError, match="larger than Pillow decodes"):
        files.decode(str(path), 500_000)
