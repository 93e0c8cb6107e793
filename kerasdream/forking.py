"""Processes that were forked: the threads that compute are not in them."""

import os

from kerasdream.errors import DreamError

computing_process: int | None = None


def check_process() -> None:
    """Raise DreamError in a process that was forked from the one that computes: it would wait for ever."""
    global computing_process
    computing_process = computing_process or os.getpid()
    if os.getpid() != computing_process:
        raise DreamError(
            "This process was forked from one that has dreamt already, and the threads that compute were not. Start "
            "processes with multiprocessing.get_context('spawn'), or fork before the first Dreamer is made."
        )
