"""Tensors out of a file that PyTorch saved (.pth), without PyTorch.

Such a file is a pickle, which can call any function. Here its opcodes are read as data: dictionaries, tuples, numbers,
and two calls that make a tensor of numbers in the same file. Nothing is imported or run; all else is refused.
"""

import dataclasses
import io
import math
import os
import pathlib
import pickletools
import struct
import zipfile
from collections.abc import Callable
from typing import IO, TypeAlias

import numpy as np

from kerasdream.errors import WeightsError
from kerasdream.types import Array

MAGIC = 0x1950A86A20F9469CFC6C  # with which PyTorch began its files until version 1.6
MOST_PICKLE = 4 << 20  # bytes of a pickle; that of a network of a thousand layers has a tenth
DTYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1", "BoolStorage": "<?",
}  # fmt: skip
GLOBALS = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    *(f"torch {name}" for name in DTYPES),
}


@dataclasses.dataclass(frozen=True)
class Global:
    """A function or class that the pickle names; it is never looked up."""

    name: str


@dataclasses.dataclass(frozen=True)
class Storage:
    """A run of numbers, by its key in the file."""

    key: str
    dtype: np.dtype
    count: int


@dataclasses.dataclass(frozen=True)
class TensorRecord:
    """A tensor as the pickle describes it: where in a storage its numbers are."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


Value: TypeAlias = (
    "Global | Storage | TensorRecord | dict[str, Value] | list[Value] | tuple[Value, ...] "
    "| str | bytes | int | float | bool | None"
)


class Refused(ValueError):
    """The file holds something else than tensors, or does not hold what it says."""


def read(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Return the tensors of a .pth file by name, as numpy arrays.

    The file holds one dictionary of tensors, a `state_dict`. Raises WeightsError where it is missing, damaged, or holds
    anything else.

    >>> read("googlenet-1378be20.pth")["conv1.conv.weight"].shape  # doctest: +SKIP
    (64, 3, 7, 7)
    """
    file = pathlib.Path(path)
    try:
        with open(file, "rb") as stream:
            return read_archive(stream) if zipfile.is_zipfile(stream) else read_stream(stream)
    except FileNotFoundError:
        raise WeightsError(f"There is no weights file {str(file)!r}.") from None
    except Refused as fault:
        raise WeightsError(
            f"{str(file)!r} is not read: {fault} A state_dict that PyTorch saved was expected."
        ) from None
    except Exception as fault:  # zipfile, struct and pickletools raise a dozen kinds between them
        raise WeightsError(f"{str(file)!r} is damaged or cut short ({fault}). Fetch it again.") from fault


def read_archive(stream: IO[bytes]) -> dict[str, Array]:
    """Return the tensors of a file as PyTorch has written it since version 1.6: a zip of stored members."""
    with zipfile.ZipFile(stream) as archive:
        members = {name.partition("/")[2]: member for name, member in archive.NameToInfo.items()}
        size = stream.seek(0, os.SEEK_END)
        if any(m.compress_type != zipfile.ZIP_STORED or m.file_size > size for m in members.values()):
            raise Refused("its parts are compressed, which PyTorch does not do.")
        if members["data.pkl"].file_size > MOST_PICKLE:
            raise Refused("its pickle is larger than that of any network.")
        if "byteorder" in members and archive.read(members["byteorder"]) != b"little":
            raise Refused("its numbers are written from the large end.")
        with archive.open(members["data.pkl"]) as pickle:
            records = tensor_records(unpickle(pickle))
        numbers = {}
        for storage in storages_of(records, size):
            member = members[f"data/{storage.key}"]
            if member.file_size != storage.count * storage.dtype.itemsize:
                raise Refused(f"the part {storage.key} has another size than it states.")
            numbers[storage.key] = np.frombuffer(archive.read(member), storage.dtype)
    return {name: tensor_of(record, numbers) for name, record in records.items()}


def read_stream(stream: io.BufferedReader) -> dict[str, Array]:
    """Return the tensors of a file as PyTorch wrote it until version 1.6: pickles, then the numbers."""
    size = os.fstat(stream.fileno()).st_size
    stream.seek(0)
    if not stream.peek(1).startswith(b"\x80") or unpickle(stream) != MAGIC:
        raise Refused("it is no file of PyTorch's.")
    unpickle(stream)  # the version, 1001
    system = unpickle(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refused("its numbers are written from the large end.")
    records = tensor_records(unpickle(stream))
    storages = {storage.key: storage for storage in storages_of(records, size)}
    keys, numbers = unpickle(stream), {}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Refused("it does not say which numbers it holds.")
    if sorted(map(str, keys)) != sorted(storages):
        raise Refused("it holds other numbers than its tensors name.")
    for key in map(str, keys):
        storage = storages[key]
        if struct.unpack("<q", stream.read(8)) != (storage.count,):
            raise Refused(f"the part {key} has another size than it states.")
        numbers[key] = np.frombuffer(stream.read(storage.count * storage.dtype.itemsize), storage.dtype)
        if len(numbers[key]) != storage.count:
            raise EOFError(f"the part {key} ends early")
    return {name: tensor_of(record, numbers) for name, record in records.items()}


def tensor_records(content: Value) -> dict[str, TensorRecord]:
    """Return the records of a state_dict; Refused where anything else is among them."""
    if not isinstance(content, dict):
        raise Refused(f"it holds a {type(content).__name__}.")
    records: dict[str, TensorRecord] = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, TensorRecord):
            raise Refused(f"it holds a {type(value).__name__} under {name!r}.")
        records[name] = value
    return records


def storages_of(records: dict[str, TensorRecord], size: int) -> list[Storage]:
    """Return the storages that tensors lie in; Refused where they state more bytes than a file of `size` has."""
    storages: dict[str, Storage] = {}
    for record in records.values():
        if storages.setdefault(record.storage.key, record.storage) != record.storage:
            raise Refused(f"the part {record.storage.key} is described in two ways.")
    if sum(storage.count * storage.dtype.itemsize for storage in storages.values()) > size:
        raise EOFError("it states more numbers than it has")
    return list(storages.values())


def tensor_of(record: TensorRecord, numbers: dict[str, Array]) -> Array:
    """Return a tensor; Refused where it reaches beyond its storage, or is larger than that."""
    storage, shape, strides = record.storage, record.shape, record.strides
    count = math.prod(shape)
    last = record.offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if count > storage.count or (count and last >= storage.count):
        raise Refused(f"a tensor of shape {shape} lies outside its {storage.count} numbers.")
    if not count:
        return np.zeros(shape, storage.dtype)
    strides = tuple(stride * storage.dtype.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(numbers[storage.key][record.offset :], shape, strides, writeable=False)


# The pickle


def unpickle(stream: IO[bytes]) -> Value:
    """Return what the pickle at a stream's place describes, without running it; Refused for what is no tensor."""
    stack: list[Value] = []
    marks: list[int] = []
    memo: dict[int, Value] = {}
    began = stream.tell()
    for opcode, argument, _ in pickletools.genops(stream):
        name = opcode.name
        if stream.tell() - began > MOST_PICKLE:
            raise Refused("its pickle is larger than that of any network.")
        if name == "STOP":
            return stack.pop()
        if name == "MARK":
            marks.append(len(stack))
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if argument is None else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[int(argument or 0)])
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name]())
        elif name in LITERALS:
            stack.append(argument)
        elif name == "GLOBAL":
            stack.append(global_of(str(argument)))
        elif name in FROM_MARK:
            start = marks.pop()
            items = stack[start:]
            del stack[start:]
            FROM_MARK[name](stack, items)
        elif name in FROM_TOP:
            count, make = FROM_TOP[name]
            if len(stack) < count:
                raise IndexError("the pickle takes what it has not")
            items = stack[-count:]
            del stack[-count:]
            stack.append(make(*items))
        elif name != "PROTO":
            raise Refused(f"its pickle does {name}, which no tensor needs.")
    raise EOFError("the pickle ends early")


def global_of(name: str) -> Global:
    """Return the record of a function or class that tensors need; Refused for any other."""
    if name not in GLOBALS:
        raise Refused(f"it would run {name.replace(' ', '.')}, and is left alone.")
    return Global(name)


def call(function: Value, arguments: Value) -> Value:
    """Return what a call in the pickle describes."""
    if not isinstance(function, Global) or not isinstance(arguments, tuple):
        raise Refused("it calls what is no function.")
    kind = function.name.split(" ")[1]
    if kind == "OrderedDict" and not arguments:
        return {}
    if kind == "_rebuild_parameter" and arguments and isinstance(arguments[0], TensorRecord):
        return arguments[0]
    if kind == "_rebuild_tensor_v2" and len(arguments) >= 4 and isinstance(arguments[0], Storage):
        (offset,), shape, strides = whole((arguments[1],)), whole(arguments[2]), whole(arguments[3])
        if len(shape) != len(strides):
            raise Refused(f"a tensor has {len(shape)} sides and {len(strides)} strides.")
        return TensorRecord(arguments[0], offset, shape, strides)
    raise Refused(f"it calls {kind} in a way that makes no tensor.")


def storage_of(description: Value) -> Storage:
    """Return the storage that a reference into the file describes: ("storage", type, key, device, count)."""
    if not isinstance(description, tuple) or len(description) not in (5, 6) or description[0] != "storage":
        raise Refused("it refers to something that is no storage of numbers.")
    kind, key = description[1], description[2]
    if description[5:] not in ((), (None,)) or not isinstance(key, str) or not isinstance(kind, Global):
        raise Refused("it refers to a part of a storage.")
    if (name := kind.name.split(" ")[1]) not in DTYPES:
        raise Refused(f"it holds numbers as {name}.")
    return Storage(key, np.dtype(DTYPES[name]), *whole((description[4],)))


def whole(values: Value) -> tuple[int, ...]:
    """Return a tuple of numbers from 0 on; Refused for anything else.

    >>> whole((64, 3, 7, 7))
    (64, 3, 7, 7)
    """
    if not isinstance(values, tuple):
        raise Refused("a tensor has a shape that is no tuple.")
    numbers = tuple(value for value in values if type(value) is int and value >= 0)
    if len(numbers) != len(values):
        raise Refused("a tensor has a shape, stride or offset that is no number from 0 on.")
    return numbers


def with_items(container: Value, items: list[Value]) -> None:
    """Put the keys and values that follow each other in a list into a dictionary."""
    if not isinstance(container, dict) or len(items) % 2:
        raise Refused("it puts items into what is no dictionary.")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str):  # nested tuples would be hashed on the machine's stack
            raise Refused("it names things by what is no text.")
        container[key] = value


def append(stack: list[Value], items: list[Value]) -> None:
    """Append items to the list on top of the stack."""
    if not isinstance(stack[-1], list):
        raise Refused("it appends to what is no list.")
    stack[-1].extend(items)


def set_item(container: Value, key: Value, value: Value) -> Value:
    """Put one item into a dictionary."""
    with_items(container, [key, value])
    return container


CONSTANTS: dict[str, Callable[[], Value]] = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple,
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
}  # fmt: skip
LITERALS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE"}
FROM_MARK: dict[str, Callable[[list[Value], list[Value]], None]] = {
    "TUPLE": lambda stack, items: stack.append(tuple(items)),
    "SETITEMS": lambda stack, items: with_items(stack[-1], items),
    "APPENDS": append,
}
FROM_TOP: dict[str, tuple[int, Callable[..., Value]]] = {
    "TUPLE1": (1, lambda *items: items),
    "TUPLE2": (2, lambda *items: items),
    "TUPLE3": (3, lambda *items: items),
    "SETITEM": (3, set_item),
    "REDUCE": (2, call),
    "BINPERSID": (1, storage_of),
    "BUILD": (2, lambda thing, state: thing),  # the versions of the layers, which no tensor needs
}
