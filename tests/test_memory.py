"""What a process keeps after many dreams: nothing that grows with their number."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest

import kerasdream

WARM, CALLS, GROWTH = 20, 200, 1.05
STATM = pathlib.Path("/proc/self/statm")
PAGE = 4096


def resident_bytes():
    """The memory of this process in RAM, as it is."""
    return int(STATM.read_text().split()[1]) * PAGE


def dream_many_times():
    """The memory after WARM and after all calls of dream() with the same settings, each with a model of its own."""
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    for call in range(1, CALLS + 1):
        kerasdream.dream(picture, "mixed4", model="mini", iterations=1, num_octave=1, verbose=False)
        if call in (WARM, CALLS):
            print(resident_bytes())


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="the memory of a process is read as Linux tells it")
def test_two_hundred_dreams_leave_no_more_behind_than_twenty():
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    warm, last = map(int, done.stdout.split())
    assert last < GROWTH * warm


if __name__ == "__main__":
    dream_many_times()
