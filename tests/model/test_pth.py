"""Files of PyTorch: tensors to the last bit, and everything else refused without being run."""

import contextlib
import os
import pickle
import zipfile

import numpy as np
import pytest
from torch_files import MAGIC, archive, numbers, saved, state_dict, stream, tensor, text

from kerasdream.errors import WeightsError
from kerasdream.model import pth

VALUES = np.arange(24, dtype="f4").reshape(2, 3, 4)


def read(tmp_path, content):
    (path := tmp_path / "w.pth").write_bytes(content)
    return pth.read(path)


@pytest.mark.parametrize("form", [archive, stream])
def test_tensors_come_as_they_were(tmp_path, form):
    given = {
        "a.weight": VALUES,
        "half": VALUES.astype("f2"),
        "double": VALUES.astype("f8") / 7,
        "count": np.array(2**40, "i8"),
        "flags": np.array([True, False]),
        "empty": np.zeros((0, 3), "f4"),
    }
    got = read(tmp_path, saved(given, form))
    assert list(got) == list(given)
    for name, values in given.items():
        assert got[name].dtype == values.dtype
        np.testing.assert_array_equal(got[name], values)


@pytest.mark.parametrize("form", [archive, stream])
def test_parts_and_turned_tensors_share_their_numbers(tmp_path, form):
    opcodes = {
        "turned": tensor("0", VALUES, shape=(4, 3), strides=(1, 4)),
        "part": tensor("0", VALUES, offset=12, shape=(2, 2), strides=(4, 1)),
    }
    got = read(tmp_path, form(state_dict(opcodes), {"0": VALUES}))
    np.testing.assert_array_equal(got["turned"], VALUES[0].T)
    np.testing.assert_array_equal(got["part"], [[12, 13], [16, 17]])


@pytest.mark.parametrize("form", [archive, stream])
@pytest.mark.parametrize(
    "more",
    [
        {"offset": 1},
        {"shape": (25,), "strides": (0,)},
        {"shape": (2, 2), "strides": (1, 23)},
        {"shape": (2, 2), "strides": (-1, 1), "offset": 4},
        {"offset": -1},
        {"shape": (2, 2), "strides": (1,)},
        {"shape": (2**30, 2**30), "strides": (0, 0)},
        {"count": 25},
        {"count": 23},
        {"count": 2**31 - 1},
    ],
)
def test_a_tensor_that_lies_outside_its_numbers_is_refused(tmp_path, form, more):
    with pytest.raises(WeightsError, match=r"w.pth' is (not read|damaged or cut short)"):
        read(tmp_path, form(state_dict({"a": tensor("0", VALUES, **more)}), {"0": VALUES}))


class Call:
    def __init__(self, *what):
        self.what = what

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize("form", [archive, stream])
def test_nothing_in_the_file_is_run(tmp_path, form):
    target = tmp_path / "touched"
    for call in (Call(os.mkdir, (str(target),)), Call(eval, (f"open({str(target)!r}, 'w')",))):
        for content in (call, {"a": call}, [call]):
            with pytest.raises(WeightsError, match=r"not read: it would run \w+.(mkdir|eval), and is left alone"):
                read(tmp_path, form(pickle.dumps(content, 2), {}))
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"garbage", "it is no file of PyTorch's"),
        (b"", "it is no file of PyTorch's"),
        (MAGIC, "damaged or cut short"),
        (archive(pickle.dumps([1, 2], 2), {}), "it holds a list"),
        (archive(pickle.dumps({"epoch": 3}, 2), {}), "it holds a int under 'epoch'"),
        (archive(pickle.dumps({(1, 2): 3}, 2), {}), "names things by what is no text"),
        (archive(pickle.dumps({"a": {1}}, 4), {}), "its pickle does FRAME"),
        (archive(b"\x80\x02}.", {"0": b""}, byteorder=b"big"), "written from the large end"),
        (archive(state_dict({"a": tensor("0", VALUES)}), {"0": VALUES}, zipfile.ZIP_DEFLATED), "parts are compressed"),
        (archive(state_dict({"a": tensor("0", VALUES)}), {}), "damaged or cut short"),
        (archive(state_dict({"a": tensor("0", VALUES)}), {"0": VALUES[:1]}), "another size than it states"),
        (archive(state_dict({"a": tensor("0", VALUES, kind="BFloat16")}), {"0": VALUES}), "torch.BFloat16Storage"),
        (archive(b"\x80\x02Xx" + b"\0" * 2, {}), "damaged or cut short"),
        (archive(b"\x80\x02" + b"N" * (5 << 20) + b".", {}), "larger than that of any network"),
        (archive(b"\x80\x02" + b")" + b"\x85" * 200_000 + b"}" + b"\x86.", {}), "it holds a tuple"),
        (archive(b"\x80\x02\x85.", {}), "takes what it has not"),
        (archive(b"\x80\x02u.", {}), "damaged or cut short"),
        (archive(b"\x80\x02h\x07.", {}), "damaged or cut short"),
        (archive(b"\x80\x02ctorch\nFloatStorage\n)R.", {}), "calls FloatStorage in a way that makes no tensor"),
        (archive(b"\x80\x02}(" + text("a") + numbers([1]) + b"Qu.", {}), "refers to something that is no storage"),
    ],
)  # fmt: skip
def test_what_holds_no_tensors_is_refused(tmp_path, content, words):
    with pytest.raises(WeightsError, match=words):
        read(tmp_path, content)


@pytest.mark.parametrize("form", [archive, stream])
def test_a_file_cut_or_changed_anywhere_raises_or_gives_tensors(tmp_path, form):
    whole, rng = saved({"a": VALUES, "b": np.ones(3, "i8")}, form), np.random.default_rng(0)
    for end in range(0, len(whole), 7):
        with pytest.raises(WeightsError):
            read(tmp_path, whole[:end])
    for _ in range(400):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        with contextlib.suppress(WeightsError):
            assert all(isinstance(values, np.ndarray) for values in read(tmp_path, bytes(changed)).values())


def test_a_bomb_is_not_unpacked(tmp_path):
    """It states more numbers than the file has bytes, or packs them tightly."""
    packed = archive(state_dict({"a": tensor("0", VALUES, count=10**8)}), {"0": bytes(4 * 10**8)}, zipfile.ZIP_DEFLATED)
    assert len(packed) < 10**6
    with pytest.raises(WeightsError, match="compressed"):
        read(tmp_path, packed)
    many = state_dict({f"{i}": tensor("0", VALUES, kind=kind) for i, kind in enumerate(("Float", "Int"))})
    with pytest.raises(WeightsError, match="described in two ways"):
        read(tmp_path, archive(many, {"0": VALUES}))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"There is no weights file .*nowhere\.pth"):
        pth.read(tmp_path / "nowhere.pth")
