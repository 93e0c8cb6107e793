"""The studio as a process of its own: connections, kills, ports and signals."""

import contextlib
import pathlib
import random
import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
import uvicorn
from PIL import Image
from serving import LONG, a_file, free_port

from kerasdream.web import serve
from kerasdream.web.views import DONE, QUEUED, RUNNING


def memory(process):
    """The most that a process has held, in MB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000


@pytest.mark.slow
def test_a_body_of_200_megabytes_is_refused_early_in_flat_memory(served):
    studio = served()
    before = memory(studio.process)
    sent, refused = 0, b""
    with socket.create_connection(("127.0.0.1", studio.port), 30) as line:
        line.sendall(f"POST /api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n".encode())
        line.sendall(b"Content-Length: 200000000\r\n\r\n")
        with contextlib.suppress(OSError):  # the studio hangs up
            for _ in range(200):
                line.sendall(b"x" * 1_000_000)
                sent += 1
        with contextlib.suppress(OSError):
            refused = line.recv(4096)
    assert b" 413 " in refused or sent < 60
    assert memory(studio.process) - before < 80
    assert studio.call("/api/jobs") == {"jobs": []}


def test_no_raw_path_leads_out(served):
    """As `curl --path-as-is` sends them: no client in between that tidies them up."""
    studio = served()
    for path in (
        "/static/../app.py",
        "/static/../../../../../../etc/passwd",
        "/../etc/passwd",
        "//etc/passwd",
        "/api/pictures/../../studio.db",
    ):
        with socket.create_connection(("127.0.0.1", studio.port), 30) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nConnection: close\r\n\r\n".encode())
            answer = line.makefile("rb").read()
        assert b" 404 " in answer.splitlines()[0], path
        assert b"root:" not in answer


def test_those_who_say_nothing_and_a_hundred_at_once_hold_up_nobody(served):
    studio = served()
    silent = [socket.create_connection(("127.0.0.1", studio.port), 30) for _ in range(430)]
    for line in silent[:200]:
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    studio.call("/api/jobs", {"picture": "noise:320x240", "settings": {"iterations": 60, "num_octave": 1}})
    answers: list[int] = []

    def ask():
        with contextlib.suppress(urllib.error.HTTPError):
            answers.append(len(studio.call("/api/schema")["looks"]))

    crowd = [threading.Thread(target=ask) for _ in range(100)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(30)
    for line in silent:
        line.close()
    assert len(answers) == 100


def test_uploads_that_drip_hold_up_no_others(served):
    studio = served()
    head = f"POST /api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nContent-Length: 90000\r\n\r\nx"
    dripping = [socket.create_connection(("127.0.0.1", studio.port), 30) for _ in range(12)]
    for line in dripping:
        line.sendall(head.encode())
    began = time.monotonic()
    ask = urllib.request.Request(f"{studio.address}/api/pictures", a_file())
    with urllib.request.urlopen(ask, timeout=60) as answer:
        assert answer.status == 201
    assert time.monotonic() - began < 5
    for line in dripping:
        line.close()


def test_a_busy_port_is_told_before_anything_else(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        line = ["studio", "--noopen", f"--port={port}", f"--data_dir={tmp_path / 'data'}"]
        assert serve.main(line) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(rf"kerasdream: Port {port} of 127.0.0.1 cannot be used: [^.]+\. Choose another .*\n", said.err)
    assert not (tmp_path / "data").exists()


def test_a_name_that_is_no_address_is_told(tmp_path, capsys):
    line = ["studio", "--noopen", "--host=studio.invalid", "--port=8765", f"--data_dir={tmp_path / 'data'}"]
    assert serve.main(line) == 1
    assert "of studio.invalid cannot be used" in capsys.readouterr().err


def test_sigterm_ends_the_studio_at_once_whoever_watches(served):
    studio = served()
    id = studio.call("/api/jobs", {"picture": "noise:320x240", "settings": LONG})["id"]
    with urllib.request.urlopen(f"{studio.address}/api/jobs/{id}/events", timeout=60) as stream:
        while b'"step": ' not in stream.readline():
            pass
        began = time.monotonic()
        studio.process.terminate()
        stream.read()  # it ends, and is not broken off
        assert studio.process.wait(30) == -signal.SIGTERM
    assert time.monotonic() - began < 4
    assert served().call(f"/api/jobs/{id}")["state"] in (QUEUED, RUNNING)  # it is dreamt again


@pytest.mark.slow
def test_a_kill_loses_no_accepted_job_and_tears_no_picture(tmp_path, served):
    """Twenty kills at random moments with jobs queued; in the end every accepted job is done."""
    moments, accepted = random.Random(3), []
    for _ in range(20):
        studio = served("--queue=100")
        for _ in range(2):
            try:
                asked = {
                    "picture": "noise:128x96",
                    "settings": {"iterations": 4, "num_octave": 2, "seed": len(accepted)},
                }
                accepted.append(studio.call("/api/jobs", asked)["id"])
            except urllib.error.HTTPError:  # ten of one client wait
                pass
        time.sleep(moments.uniform(0.0, 12.0))  # some dreams end between the kills, on slow machines too
        studio.kill()
        for path in (tmp_path / "data" / "dreams").glob("*.png"):
            Image.open(path).load()
    studio = served()
    until = time.monotonic() + 300
    while time.monotonic() < until and studio.call("/api/jobs")["jobs"]:
        time.sleep(0.5)
    states = [studio.call(f"/api/jobs/{id}")["state"] for id in accepted]
    for id in accepted:
        Image.open(tmp_path / "data" / "dreams" / f"{id}.png").load()
    assert states == [DONE] * len(accepted)
    assert len(accepted) >= 20


@pytest.mark.parametrize(("flags", "believed"), [([], False), (["--name=studio.example"], True)])
def test_only_a_named_proxy_may_say_for_whom_it_asks(monkeypatch, tmp_path, flags, believed):
    asked = []

    def run(server, sockets):
        asked.append((server.config.proxy_headers, sockets[0].getsockname()[0]))

    monkeypatch.setattr(uvicorn.Server, "run", run)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    line = ["studio", "--noopen", f"--port={free_port()}", f"--data_dir={tmp_path / 'data'}", *flags]
    assert serve.main(line) == 0
    assert asked == [(believed, "127.0.0.1")]
