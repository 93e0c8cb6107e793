"""Files as PyTorch writes them, put together by hand."""

import io
import struct
import zipfile
import zlib

import numpy as np

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
SYSTEM = b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."
KINDS = {"f4": "Float", "f8": "Double", "f2": "Half", "i8": "Long", "i4": "Int", "u1": "Byte", "b1": "Bool"}


def text(word):
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(key, values, *, kind=None, count=None, offset=0, shape=None, strides=None):
    """The opcodes of one tensor: as `values` are, but for what is said otherwise."""
    kind = kind or KINDS[values.dtype.str[1:]]
    storage = b"(" + text("storage") + f"ctorch\n{kind}Storage\n".encode() + text(key) + text("cpu")
    storage += number(values.size if count is None else count) + b"tQ"
    shape = values.shape if shape is None else shape
    strides = [stride // values.itemsize for stride in values.strides] if strides is None else strides
    place = number(offset) + numbers(shape) + numbers(strides)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + place + b"\x89ccollections\nOrderedDict\n)RtR"


def state_dict(opcodes):
    """The pickle of a state_dict of tensors, with the versions of its layers."""
    items = b"".join(text(name) + value for name, value in opcodes.items())
    versions = b"}" + text("_metadata") + b"ccollections\nOrderedDict\n)Rsb"
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u" + versions + b"."


def archive(pickle, storages, compression=zipfile.ZIP_STORED, **more):
    """A file of PyTorch 1.6 and later."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("net/data.pkl", pickle)
        for name, content in {**{f"data/{key}": value for key, value in storages.items()}, **more}.items():
            file.writestr(f"net/{name}", content if isinstance(content, bytes) else content.tobytes())
    return buffer.getvalue()


def stream(pickle, storages):
    """A file of PyTorch before 1.6."""
    keys = b"\x80\x02](" + b"".join(map(text, storages)) + b"e."
    parts = [struct.pack("<q", values.size) + values.tobytes() for values in storages.values()]
    return b"".join([MAGIC, b"\x80\x02M\xe9\x03.", SYSTEM, pickle, keys, *parts])


def saved(tensors, form=archive):
    """A file that holds these arrays by name."""
    keys = {name: str(i) for i, name in enumerate(tensors)}
    pickle = state_dict({name: tensor(keys[name], values) for name, values in tensors.items()})
    return form(pickle, {keys[name]: values for name, values in tensors.items()})


def drawn(name, shape):
    """Numbers for a tensor of torchvision's googlenet that depend on its name alone."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        values = rng.uniform(0.5, 1.5, shape)
    elif name.endswith("bn.weight"):
        values = rng.uniform(0.8, 1.4, shape)
    elif len(shape) == 1:
        values = rng.normal(0, 0.2, shape)
    else:
        values = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5 * (0.03 if name.startswith("fc") else 1), shape)
    return values.astype(np.float32)
