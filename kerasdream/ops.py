"""Keras's operations, imported with the first of them: to read text and flags takes no framework."""

from typing import Any


def __getattr__(name: str) -> Any:
    from keras import ops

    return getattr(ops, name)
