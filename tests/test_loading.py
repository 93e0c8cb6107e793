"""What a framework is loaded with: namespaces come when they are asked for, once, whole, also for many threads."""

import importlib
import subprocess
import sys
import threading

import pytest
from conftest import BACKEND

from kerasdream import loading

needs_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras runs on another framework here")
RUN = """
import pathlib, time
here = pathlib.Path(__file__).parent
with open(here / "runs", "a") as runs:
    runs.write("x")
if (here / "broken").exists():
    raise OSError("broken")
from . import inner
time.sleep(0.2)
late = "late"
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that writes down its runs, found as TensorFlow's namespaces are; and its folder."""
    folder = tmp_path / "later_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(RUN)
    (folder / "inner.py").write_text("value = 7")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(loading, "NAMESPACES", folder.name)
    with loading.namespaces_on_demand():
        yield importlib.import_module(folder.name), folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_a_namespace_is_run_once_and_never_seen_in_half(package):
    module, folder = package
    assert type(module) is loading.Asleep
    assert not (folder / "runs").exists()
    seen, start = [], threading.Barrier(8)

    def look():
        start.wait()
        seen.append((module.late, module.inner.value))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [("late", 7)] * 8
    assert (folder / "runs").read_text() == "x"
    assert type(module) is type(sys)
    with pytest.raises(AttributeError, match="has no attribute 'never'"):
        module.never  # noqa: B018


def test_a_namespace_that_is_listed_is_whole(package):
    module, _ = package
    assert {"late", "inner"} <= set(dir(module))
    assert type(module) is type(sys)


def test_a_namespace_that_fails_can_be_asked_again(package):
    module, folder = package
    (folder / "broken").touch()
    for _ in range(2):
        with pytest.raises(OSError, match="broken"):
            module.late  # noqa: B018
    (folder / "broken").unlink()
    assert module.late == "late"
    assert (folder / "runs").read_text() == "xxx"


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


WHOLE = """
import types
import tensorflow as tf
def public(thing):
    return [name for name in dir(thing) if not name.startswith("_")]
def named(module):
    found = {name: getattr(module, name) for name in public(module)}
    return {name: named(thing) if inner(thing) else getattr(thing, "__name__", "") for name, thing in found.items()}
def inner(thing):
    name = getattr(thing, "__name__", "") if isinstance(thing, types.ModuleType) else ""
    return name.startswith("tensorflow._api.v2.") and "compat" not in name  # that one holds itself
assert len(named(tf)["distribute"]["experimental"]) > 3
assert named(tf) == named(tf)
first = {name: public(getattr(tf, name)) for name in public(tf)}
print(json.dumps([named(tf), first, tf.compat.v1.placeholder.__name__, float(tf.linalg.trace(tf.eye(3)))]))
"""


@needs_tensorflow
def test_tensorflow_is_whole_after_us():
    ours = """
import json, sys
import kerasdream
for _ in range(2):
    kerasdream.Dreamer(model="mini", iterations=1, num_octave=1).run(kerasdream.sample().resize((96, 64)))
assert sum(type(module).__name__ == "Asleep" for module in sys.modules.values()) > 20
assert not any(type(finder).__name__ == "Namespaces" for finder in sys.meta_path)
"""
    assert run(ours + WHOLE) == run("import json" + WHOLE)


@needs_tensorflow
def test_a_framework_that_is_there_already_is_left_as_it_is():
    code = """
import sys
import tensorflow
import kerasdream
kerasdream.Dreamer
print(sum(type(module).__name__ == "Asleep" for module in sys.modules.values()))
"""
    assert run(code) == ["0"]
