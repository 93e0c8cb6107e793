"""Ray itself: imported where it is installed, joined or started, and let go."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator

from kerasdream.errors import ConfigError

try:
    import ray
except ModuleNotFoundError as fault:
    advice = 'Many machines need the extra "ray": pip install "kerasdream[ray]".'
    raise ModuleNotFoundError(advice, name=fault.name) from fault

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}  # unless the environment says otherwise


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Join a cluster inside, by its address; without one, that of this machine, or a new one on all of its cores.

    One that is joined already is left as it is. Raises ConfigError where there is none at the address.
    """
    if ray.is_initialized():
        yield
        return
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    with own_signals():
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError) as fault:
            raise ConfigError(f"No Ray cluster was found at {address!r}: {fault}") from fault
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def own_signals() -> Iterator[None]:
    """Keep what SIGTERM does, which Ray changes when it begins."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
