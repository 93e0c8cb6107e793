"""A program loads its framework with the garbage collector at rest; `import kerasdream` leaves a process as it is."""

import gc
import subprocess
import sys

import pytest

from kerasdream.loading import fast_loading


@pytest.fixture(autouse=True)
def thawed():
    """What a test freezes, the collector sees again afterwards."""
    yield
    gc.unfreeze()


def test_the_collector_rests_inside_and_never_looks_at_what_came():
    frozen = gc.get_freeze_count()
    with fast_loading():
        assert not gc.isenabled()
        came = [[] for _ in range(10_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen + len(came)


def test_what_fails_to_load_leaves_the_collector_at_work():
    with pytest.raises(ModuleNotFoundError), fast_loading():
        import kerasdream.there_is_none  # noqa: F401
    assert gc.isenabled()


def test_an_import_leaves_the_import_system_as_it_is():
    code = """
import sys
before = list(sys.meta_path)
import keras
after = len(sys.meta_path)
import kerasdream
kerasdream.Dreamer
print(len(sys.meta_path) - after, [name for name in before if name not in sys.meta_path])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "0 []\n", done.stderr
