"""What the tests of the studio share: pictures as files, and the studio as a process of its own."""

import io
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import kerasdream
from kerasdream.web.views import QUEUED, RUNNING

QUICK = {"iterations": 2, "num_octave": 1}
LONG = {"iterations": 400, "num_octave": 1, "max_loss": None}
SERVE = pathlib.Path(__file__).parents[2] / "scripts" / "serve.py"


def a_file(size=(96, 64), format="PNG", **more):
    """The bytes of a small picture."""
    file = io.BytesIO()
    kerasdream.sample().resize(size).save(file, format, **more)
    return file.getvalue()


def ended(web, id, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = web.get(f"/api/jobs/{id}").json()
        if job["state"] not in (QUEUED, RUNNING):
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Served:
    """The studio as a process of its own, on a port that is free."""

    def __init__(self, folder, *flags):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        line = [sys.executable, str(SERVE), f"--data_dir={folder}", f"--port={self.port}", "--noopen", *flags]
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while True:
            try:
                self.call("/api/schema")
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def call(self, path, value=None):
        """What an address answers; with a value, what it answers to that."""
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data), timeout=30) as answer:
            return json.load(answer)

    def kill(self):
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
