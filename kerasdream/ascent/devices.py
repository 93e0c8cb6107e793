"""What the machine computes on, whatever the framework."""

import pathlib
from typing import Any

import keras
from keras import ops

from kerasdream.errors import ConfigError


def check_device(name: str, devices: list[str]) -> str:
    """Return the full name of a device; ConfigError for one that this machine does not have."""
    kind, _, index = name.partition(":")
    wanted = f"{kind.lower()}:{index or 0}"
    if wanted not in devices:
        raise ConfigError(f"device={name!r} was given; this machine has {', '.join(sorted(devices))}.")
    return wanted


def convert_arguments(specs: Any, arguments: Any) -> Any:
    """Return a tree of numbers as tensors of the dtypes of `specs`, where Keras computes."""
    return keras.tree.map_structure(lambda spec, value: ops.convert_to_tensor(value, spec.dtype), specs, arguments)


def processor_has_bfloat16() -> bool:
    """Return whether the processor computes bfloat16 in hardware, as far as it says so."""
    try:
        flags = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    except OSError:  # no Linux
        return False
    return bool(flags & {"avx512_bf16", "amx_bf16"})
