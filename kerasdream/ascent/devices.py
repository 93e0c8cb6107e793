"""What the machine computes on, whatever the framework."""

import pathlib
from typing import Any

import keras
from keras import ops

from kerasdream.errors import ConfigError


def check_device(name: str, devices: list[str]) -> str:
    """The full name of a device; ConfigError for one that this machine does not have."""
    kind, _, index = name.partition(":")
    wanted = f"{kind.lower()}:{index or 0}"
    if wanted not in devices:
        raise ConfigError(f"device={name!r} was given; this machine has {', '.join(sorted(devices))}.")
    return wanted


def tensors(forms: Any, given: Any) -> Any:
    """A tree of numbers as tensors of these forms, where Keras computes."""
    return keras.tree.map_structure(lambda form, value: ops.convert_to_tensor(value, form.dtype), forms, given)


def processor_has_bfloat16() -> bool:
    """Whether the processor computes bfloat16 in hardware, as far as it says so."""
    try:
        words = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    except OSError:  # no Linux
        return False
    return bool(words & {"avx512_bf16", "amx_bf16"})
