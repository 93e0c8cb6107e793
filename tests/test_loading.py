"""A program loads its framework fast, and works with all of it; `import kerasdream` leaves a process as it is."""

import subprocess
import sys

import pytest
from conftest import BACKEND

needs_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras runs on another framework here")
LAZY = "sum(type(module).__name__ == '_LazyModule' for module in list(sys.modules.values()))"


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@needs_tensorflow
def test_a_program_runs_namespaces_of_tensorflow_when_they_are_asked_for():
    code = f"""
import sys
from kerasdream.loading import fast_loading
with fast_loading():
    import kerasdream
    kerasdream.Dreamer
assert not any(type(finder).__name__ == "LazyNamespaces" for finder in sys.meta_path)
few = dict(model="mini", iterations=1, num_octave=1)
image = kerasdream.dream(kerasdream.sample().resize((96, 64)), **few)
put_off = {LAZY}
import tensorflow as tf
wave = tf.audio.encode_wav(tf.zeros((4, 1)), 8000)
print(image.size, put_off > 20, {LAZY} < put_off, len(wave.numpy()), float(tf.linalg.trace(tf.eye(3))))
print(tf.distribute.has_strategy(), tf.compat.v1.placeholder.__name__)
"""
    assert run(code) == ["(96,", "64)", "True", "True", "52", "3.0", "False", "placeholder"]


@needs_tensorflow
def test_an_import_puts_nothing_off():
    assert run(f"import sys, kerasdream; kerasdream.Dreamer; print({LAZY}, len(sys.meta_path))")[0] == "0"


def test_what_fails_to_load_leaves_the_process_as_it_was():
    code = """
import gc, sys
from kerasdream.loading import fast_loading
before = list(sys.meta_path)
try:
    with fast_loading():
        import kerasdream.there_is_none
except ModuleNotFoundError:
    print(gc.isenabled(), sys.meta_path == before)
"""
    assert run(code) == ["True", "True"]
