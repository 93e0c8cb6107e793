"""What a source names: folders, globs, lists, tars, tables, iterables; keys that lead nowhere else."""

import io
import json
import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from kerasdream.batches.samples import Failure, Sample, check_sample
from kerasdream.batches.sources import count_of, samples_of
from kerasdream.errors import ConfigError, InputImageError


def jpeg(level=100):
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (level, 0, 0)).save(file, "JPEG")
    return file.getvalue()


def put(path, content=b""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or jpeg())


def make_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_a_folder_gives_its_tree_in_order_of_names(tmp_path):
    for name in ("b/2.jpg", "b/10.png", "a.jpg", ".hidden/x.jpg", "b/.x.jpg", "notes.txt", "b/c/1.webp"):
        put(tmp_path / name)
    samples = list(samples_of(tmp_path))
    assert [sample.key for sample in samples] == ["a", "b/10", "b/2", "b/c/1"]
    assert samples[1].image == str(tmp_path / "b/10.png")
    assert count_of(tmp_path) == 4


def test_pictures_that_differ_in_their_ending_alone_keep_it(tmp_path):
    for name in ("sky.jpg", "sky.png", "sea.jpg"):
        put(tmp_path / name)
    assert [sample.key for sample in samples_of(tmp_path)] == ["sea", "sky.jpg", "sky.png"]


def test_a_glob_keeps_what_comes_after_its_fixed_part(tmp_path):
    for name in ("p/a/1.jpg", "p/b/1.jpg", "p/b/2.png"):
        put(tmp_path / name)
    assert [sample.key for sample in samples_of(str(tmp_path / "p" / "*" / "*.jpg"))] == ["a/1", "b/1"]
    with pytest.raises(ConfigError, match="names no file"):
        list(samples_of(str(tmp_path / "*.tiff")))


def test_a_list_of_paths_has_keys_below_the_folder_that_they_share(tmp_path):
    paths = [tmp_path / "a" / "1.jpg", tmp_path / "b" / "1.jpg"]
    assert [sample.key for sample in samples_of(paths)] == ["a/1", "b/1"]


def test_pictures_without_names_are_numbered():
    array, image = np.zeros((4, 5, 3), np.uint8), Image.new("L", (3, 2))
    samples = list(samples_of(iter([array, image])))
    assert [sample.key for sample in samples] == ["00000000", "00000001"]
    assert samples[0].image is array


def test_dictionaries_give_their_picture_and_pass_on_the_rest():
    image = Image.new("RGB", (3, 2))
    rows = [
        {"label": 3, "image": image, "note": "a cat"},
        {"image": {"bytes": jpeg(), "path": "x.jpg"}, "__key__": "train/7", "cls": b"3"},
        {"image": np.zeros((4, 5)), "key": "k", "box": [1, 2]},
        {"label": 3},
    ]
    first, second, third, none = samples_of(rows)
    assert first == Sample("00000000", image, columns={"label": 3, "note": "a cat"})
    assert (second.key, second.image, second.files) == ("train/7", jpeg(), {"cls": b"3"})
    assert (third.key, third.columns) == ("k", {})
    assert none == Failure("00000003", "None of its columns label is a picture.")


def test_a_tar_is_read_as_samples_with_what_lies_beside(tmp_path):
    members = [("./a/1.jpg", jpeg(1)), ("./a/1.cls", b"3"), ("./a/1.mask.png", b"m"), ("b.txt", b"no"), ("c.png", b"x")]
    make_tar(tmp_path / "s.tar", members)
    one, none, other = samples_of(tmp_path / "s.tar")
    assert one == Sample("a/1", jpeg(1), files={"cls": b"3", "mask.png": b"m"})
    assert none == Failure("b", "None of its files (txt) is a picture.")
    assert (other.key, other.image) == ("c", b"x")


def test_of_a_torn_tar_the_whole_samples_come(tmp_path):
    make_tar(tmp_path / "s.tar", [("1.jpg", jpeg()), ("2.jpg", jpeg()), ("3.jpg", os.urandom(5000))])
    whole = (tmp_path / "s.tar").read_bytes()
    (tmp_path / "s.tar").write_bytes(whole[:6000])
    *samples, failure = samples_of(tmp_path / "s.tar")
    assert [sample.key for sample in samples] == ["1", "2"]
    assert isinstance(failure, Failure)
    assert "cannot be read as a tar to its end" in failure.reason


def test_links_in_tars_are_not_followed(tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        member = tarfile.TarInfo("a.jpg")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    assert list(samples_of(tmp_path / "s.tar")) == []


@pytest.mark.parametrize("key", ["../a", "/etc/a", "a/../../b", "", ".", "a\nb", "a\\b", "x" * 2000])
def test_keys_that_lead_out_of_the_output_are_refused(key):
    with pytest.raises(InputImageError, match="no path inside the output"):
        check_sample(Sample(key, b""))


def test_a_table_gives_each_row_its_settings(tmp_path):
    text = "picture,key,step,layers,max_loss,label\nsky.jpg,one,0.02,mixed4:150,none,7\n../x/sea.jpg,,,,,8\n"
    (tmp_path / "t.csv").write_text(text)
    one, other = samples_of(tmp_path / "t.csv")
    settings = {"step": 0.02, "layers": "mixed4:150", "max_loss": None}
    assert one == Sample("one", str(tmp_path / "sky.jpg"), settings, {"label": "7"})
    assert other == Sample("x/sea", str(tmp_path / "../x/sea.jpg"), {}, {"label": "8"})
    lines = [{"picture": "sky.jpg", "iterations": [1, 2], "label": 7}, "no row"]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n{")
    row, text, torn = samples_of(str(tmp_path / "t.jsonl"))
    assert row == Sample("sky", str(tmp_path / "sky.jpg"), {"iterations": [1, 2]}, {"label": 7})
    assert text.reason.endswith("is no JSON object.")
    assert "is no JSON:" in torn.reason


def test_a_table_with_a_misspelt_setting_or_no_picture_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("picture,stepp\nsky.jpg,0.02\n")
    with pytest.raises(ConfigError, match="'stepp', which is nearly the setting 'step'"):
        list(samples_of(tmp_path / "t.csv"))
    (tmp_path / "t.csv").write_text("file\nsky.jpg\n")
    with pytest.raises(ConfigError, match="Row 1 of .* names no picture"):
        list(samples_of(tmp_path / "t.csv"))


@pytest.mark.parametrize("source", [3, None, b"bytes", {"a": 1}])
def test_what_is_no_source_is_told(source):
    with pytest.raises(ConfigError, match="was given as source"):
        list(samples_of(source))
